package check

import (
	"debug/elf"
	"encoding/binary"
	"maps"
	"slices"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// Every program is for just the architecture that it was made for.
func TestPlatformOfEveryArchitecture(t *testing.T) {
	t.Parallel()
	for _, made := range slices.Sorted(maps.Keys(abis)) {
		for _, said := range slices.Sorted(maps.Keys(abis)) {
			if err := judgePlatform(t, said, start(abis[made])); (err == nil) != (made == said) {
				t.Errorf("a program for %s in an image for %s: %v", made, said, err)
			}
		}
	}
}

// One machine can have several word sizes and orders of bytes.
func TestPlatformIsMoreThanTheMachine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		architecture string
		data         []byte
	}{
		"x32":                  {"amd64", start(abi{elf.EM_X86_64, elf.ELFCLASS32, elf.ELFDATA2LSB})},
		"32-bit RISC-V":        {"riscv64", start(abi{elf.EM_RISCV, elf.ELFCLASS32, elf.ELFDATA2LSB})},
		"big-endian PowerPC":   {"ppc64le", start(abi{elf.EM_PPC64, elf.ELFCLASS64, elf.ELFDATA2MSB})},
		"big-endian ARM":       {"arm", start(abi{elf.EM_ARM, elf.ELFCLASS32, elf.ELFDATA2MSB})},
		"31-bit mainframe":     {"s390x", start(abi{elf.EM_S390, elf.ELFCLASS32, elf.ELFDATA2MSB})},
		"no order of bytes":    {"amd64", start(abi{elf.EM_X86_64, elf.ELFCLASS64, 0})},
		"cut before machine":   {"amd64", start(abis["amd64"])[:18]},
		"cut inside machine":   {"amd64", start(abis["amd64"])[:19]},
		"machine, other order": {"amd64", start(abi{elf.EM_X86_64 << 8, elf.ELFCLASS64, elf.ELFDATA2MSB})},
	} {
		if err := judgePlatform(t, c.architecture, c.data); err == nil {
			t.Errorf("%s: it passes for %s", name, c.architecture)
		}
	}
}

// start is the beginning of an ELF file, up to its machine.
func start(a abi) []byte {
	data := make([]byte, 20)
	copy(data, elf.ELFMAG)
	data[elf.EI_CLASS], data[elf.EI_DATA] = byte(a.class), byte(a.data)
	if a.data == elf.ELFDATA2MSB {
		binary.BigEndian.PutUint16(data[18:], uint16(a.machine))
	} else {
		binary.LittleEndian.PutUint16(data[18:], uint16(a.machine))
	}
	return data
}

func judgePlatform(t *testing.T, architecture string, program []byte) error {
	t.Helper()
	f := goodFixture(Static)
	f.program, f.crafts = nil, nil
	f.config.Architecture = architecture
	f.files["usr/sbin/nginx"] = tree.File{Path: "usr/sbin/nginx", Mode: 0o755, Data: program}
	return platform(t.Context(), f.build(t))
}
