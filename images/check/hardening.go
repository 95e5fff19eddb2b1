package check

import (
	"debug/elf"
	"errors"
	"fmt"
)

func elfChecks() []Check {
	return []Check{{
		Name:    "static-pie",
		Explain: "Programs are static and position-independent: no loader, no shared library, a random address at each start.",
		Remedy:  "Link with -static-pie, and compile every object and library with -fPIE.",
		Run:     everyELF(staticPIE),
	}, {
		Name:    "relro",
		Explain: "Tables that are only written while starting are marked to be read-only afterwards; obeying is up to the C library.",
		Remedy:  "Link with -Wl,-z,relro.",
		Run:     everyELF(relro),
	}, {
		Name:    "bind-now",
		Explain: "All symbols are bound at start, so that relro covers the whole offset table.",
		Remedy:  "Link with -Wl,-z,now.",
		Run:     everyELF(bindNow),
	}, {
		Name:    "nx-stack",
		Explain: "The stack cannot be executed.",
		Remedy:  "Link with -Wl,-z,noexecstack, and give every assembly file a .note.GNU-stack section.",
		Run:     everyELF(nxStack),
	}, {
		Name:    "no-rwx-segment",
		Explain: "No memory is writable and executable, neither for good nor while relocating.",
		Remedy:  "Link with -Wl,-z,text -Wl,-z,separate-code, without -N or --omagic, and compile every object with -fPIE.",
		Run:     everyELF(noRWX),
	}, {
		Name:    "no-rpath",
		Explain: "No path to look for libraries is built in.",
		Remedy:  "Link without -rpath and -R.",
		Run:     everyELF(noRpath),
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
	if !o.starts() {
		errs = append(errs, fmt.Errorf("its entry point %#x is not in executable memory", o.entry))
	}
	return errors.Join(errs...)
}

// starts reports whether the entry point is code from the file.
func (o *object) starts() bool {
	for _, l := range o.byType(elf.PT_LOAD) {
		if l.Flags&elf.PF_X != 0 && o.entry >= l.Vaddr && o.entry-l.Vaddr < l.Filesz {
			return true
		}
	}
	return false
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
	stacks := o.byType(elf.PT_GNU_STACK)
	if len(stacks) == 0 {
		return errors.New("it does not say that the stack is not executable (PT_GNU_STACK)")
	}
	for _, p := range stacks {
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
