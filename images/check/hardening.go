package check

import (
	"debug/elf"
	"errors"
	"fmt"
)

// elfChecks ask of a static image that whatever is ELF is hardened. In the other
// profiles the libraries come as a distribution made them. A library bound lazily
// is no weaker there: musl's loader knows no lazy binding, so it binds all symbols
// at load and then applies relro, where a library has it. What would still do harm
// is code that can be written, a stack that can be executed and a search path of
// the library's own; those are refused of a Dynamic image's libraries too.
func elfChecks() []Check {
	return []Check{{
		Name:     "static-pie",
		Explain:  "Programs are static and position-independent: no loader, no shared library, a random address at each start.",
		Remedy:   "Link with -static-pie, and compile every object and library with -fPIE.",
		Profiles: []Profile{Static},
		Run:      everyELF(staticPIE, others{Static: staticPIE}),
	}, {
		Name:     "pie",
		Explain:  "The program is position-independent: a random address at each start.",
		Remedy:   "Link with -pie and compile every object with -fPIE, or take a package whose program is.",
		Profiles: []Profile{Dynamic, Debug},
		Run:      everyELF(pie, nil),
	}, {
		Name:     "relro",
		Explain:  "Tables that are only written while starting are marked to be read-only afterwards; obeying is up to the C library.",
		Remedy:   "Link with -Wl,-z,relro, or take a package whose program is.",
		Profiles: every,
		Run:      everyELF(relro, others{Static: relro}),
	}, {
		Name:     "bind-now",
		Explain:  "All symbols are bound at start, so that relro covers the whole offset table.",
		Remedy:   "Link with -Wl,-z,now, or take a package whose program is.",
		Profiles: every,
		Run:      everyELF(bindNow, others{Static: bindNow}),
	}, {
		Name:     "nx-stack",
		Explain:  "The stack cannot be executed.",
		Remedy:   "Link with -Wl,-z,noexecstack, and give every assembly file a .note.GNU-stack section.",
		Profiles: every,
		Run:      everyELF(nxStack, others{Static: nxStack, Dynamic: noExecStack}),
	}, {
		Name:     "no-rwx-segment",
		Explain:  "No memory is writable and executable, neither for good nor while relocating.",
		Remedy:   "Link with -Wl,-z,text -Wl,-z,separate-code, without -N or --omagic, and compile every object with -fPIE or -fPIC.",
		Profiles: every,
		Run:      everyELF(noRWX, others{Static: noRWX, Dynamic: noRWX}),
	}, {
		Name:     "no-rpath",
		Explain:  "No path to look for libraries is built in.",
		Remedy:   "Link without -rpath and -R.",
		Profiles: every,
		Run:      everyELF(noRpath, others{Static: noRpath, Dynamic: noRpath}),
	}}
}

func staticPIE(o *object) error {
	var errs []error
	if o.kind != elf.ET_DYN || !o.hasFlag(elf.DT_FLAGS_1, uint64(elf.DF_1_PIE)) {
		errs = append(errs, fmt.Errorf("it is not a position-independent program (type %v)", o.kind))
	}
	if len(o.byType(elf.PT_INTERP)) > 0 {
		errs = append(errs, errors.New("it asks for an interpreter"))
	}
	if n := len(o.dynamic[elf.DT_NEEDED]); n > 0 {
		errs = append(errs, fmt.Errorf("it needs %d shared libraries", n))
	}
	return errors.Join(append(errs, starts(o))...)
}

// pie tells a program from a library by DF_1_PIE. Old linkers do not write that;
// then it is told by its interpreter, which libraries do not ask for.
func pie(o *object) error {
	var errs []error
	program := o.hasFlag(elf.DT_FLAGS_1, uint64(elf.DF_1_PIE)) || len(o.byType(elf.PT_INTERP)) > 0
	if o.kind != elf.ET_DYN || !program {
		errs = append(errs, fmt.Errorf("it is not a position-independent program (type %v)", o.kind))
	}
	return errors.Join(append(errs, starts(o))...)
}

// starts wants the entry point to be code from the file.
func starts(o *object) error {
	for _, l := range o.byType(elf.PT_LOAD) {
		if l.Flags&elf.PF_X != 0 && o.entry >= l.Vaddr && o.entry-l.Vaddr < l.Filesz {
			return nil
		}
	}
	return fmt.Errorf("its entry point %#x is not in executable memory", o.entry)
}

// relro wants a region that covers something: one outside writable memory, or
// an empty one, protects nothing. The file cannot show whether start-up code
// acts on it: musl 1.2.5 by itself does so in its dynamic loader only, never in
// a static program.
func relro(o *object) error {
	for _, r := range o.byType(elf.PT_GNU_RELRO) {
		for _, l := range o.byType(elf.PT_LOAD) {
			if r.Memsz > 0 && l.Flags&elf.PF_W != 0 && r.Vaddr >= l.Vaddr && r.Vaddr-l.Vaddr < l.Memsz {
				return nil
			}
		}
	}
	return errors.New("no writable memory becomes read-only after relocation (PT_GNU_RELRO)")
}

func bindNow(o *object) error {
	if o.has(elf.DT_BIND_NOW) || o.hasFlag(elf.DT_FLAGS, uint64(elf.DF_BIND_NOW)) ||
		o.hasFlag(elf.DT_FLAGS_1, uint64(elf.DF_1_NOW)) {
		return nil
	}
	return errors.New("symbols are bound lazily (neither DF_BIND_NOW nor DF_1_NOW)")
}

// nxStack wants the header to be there: without it Linux falls back to the
// architecture's default, which may be executable.
func nxStack(o *object) error {
	if len(o.byType(elf.PT_GNU_STACK)) == 0 {
		return errors.New("it does not say that the stack is not executable (PT_GNU_STACK)")
	}
	return noExecStack(o)
}

// noExecStack is for libraries: Linux takes the stack's protection from the
// program alone, and musl only its size from a library's header, so a missing one
// changes nothing. One that asks for an executable stack is code that counts on
// it, and there are loaders that would obey.
func noExecStack(o *object) error {
	for _, p := range o.byType(elf.PT_GNU_STACK) {
		if p.Flags&elf.PF_X != 0 {
			return errors.New("its stack is executable")
		}
	}
	return nil
}

func noRWX(o *object) error {
	var errs []error
	for _, l := range o.byType(elf.PT_LOAD) {
		if l.Flags&elf.PF_W != 0 && l.Flags&elf.PF_X != 0 {
			errs = append(errs, fmt.Errorf("the memory at %#x is writable and executable", l.Vaddr))
		}
	}
	if o.has(elf.DT_TEXTREL) || o.hasFlag(elf.DT_FLAGS, uint64(elf.DF_TEXTREL)) {
		errs = append(errs, errors.New("it writes to its code while relocating (DT_TEXTREL)"))
	}
	return errors.Join(errs...)
}

func noRpath(o *object) error {
	if o.has(elf.DT_RPATH) || o.has(elf.DT_RUNPATH) {
		return errors.New("it has a built-in library path (DT_RPATH or DT_RUNPATH)")
	}
	return nil
}
