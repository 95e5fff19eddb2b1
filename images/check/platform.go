package check

import (
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// An abi is what the machine code of an ELF file is made for. The machine alone
// is not enough: RISC-V has one number for two word sizes, PowerPC for two orders
// of bytes.
type abi struct {
	machine elf.Machine
	class   elf.Class
	data    elf.Data
}

func (a abi) String() string { return fmt.Sprintf("%v, %v, %v", a.machine, a.class, a.data) }

// abis are what an architecture of the OCI image spec (a GOARCH) means.
var abis = map[string]abi{
	"386":     {elf.EM_386, elf.ELFCLASS32, elf.ELFDATA2LSB},
	"amd64":   {elf.EM_X86_64, elf.ELFCLASS64, elf.ELFDATA2LSB},
	"arm":     {elf.EM_ARM, elf.ELFCLASS32, elf.ELFDATA2LSB},
	"arm64":   {elf.EM_AARCH64, elf.ELFCLASS64, elf.ELFDATA2LSB},
	"loong64": {elf.EM_LOONGARCH, elf.ELFCLASS64, elf.ELFDATA2LSB},
	"ppc64le": {elf.EM_PPC64, elf.ELFCLASS64, elf.ELFDATA2LSB},
	"riscv64": {elf.EM_RISCV, elf.ELFCLASS64, elf.ELFDATA2LSB},
	"s390x":   {elf.EM_S390, elf.ELFCLASS64, elf.ELFDATA2MSB},
}

// platform is the only check of foreign programs that needs no way to run them.
// It reads no more than their first bytes, so it is good for whatever ELF files a
// Debug image may hold, objects that were not linked among them.
func platform(ctx context.Context, s Subject) error {
	config, err := s.Image.ConfigFile()
	if err != nil {
		return fmt.Errorf("reading the image config: %w", err)
	}
	want, ok := abis[config.Architecture]
	if config.OS != "linux" || !ok {
		return fmt.Errorf("the image is for %q on %q, which is not known here", config.OS, config.Architecture)
	}
	return everyFile(func(s Subject, f tree.File) error {
		if f.Path != s.Binary && !isELF(f.Data) {
			return nil
		}
		got, err := readABI(f.Data)
		if err != nil {
			return fmt.Errorf("reading %s as an ELF file: %w", f.Path, err)
		}
		if got != want {
			return fmt.Errorf("%s is for %v, but the image is for %s (%v)", f.Path, got, config.Architecture, want)
		}
		return nil
	})(ctx, s)
}

func readABI(data []byte) (abi, error) {
	const machine = 18 // offset of e_machine, the same in both classes
	if !isELF(data) || len(data) < machine+2 {
		return abi{}, errors.New("it is no ELF file, or only the start of one")
	}
	a := abi{class: elf.Class(data[elf.EI_CLASS]), data: elf.Data(data[elf.EI_DATA])}
	switch a.data {
	case elf.ELFDATA2LSB:
		a.machine = elf.Machine(binary.LittleEndian.Uint16(data[machine:]))
	case elf.ELFDATA2MSB:
		a.machine = elf.Machine(binary.BigEndian.Uint16(data[machine:]))
	default:
		return abi{}, fmt.Errorf("its order of bytes, %d, is none", data[elf.EI_DATA])
	}
	return a, nil
}
