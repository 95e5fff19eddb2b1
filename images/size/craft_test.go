package size

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// small is a program with one page of code, constants and a table, a table of
// relocations, symbols, and space that is in no section; laid out by hand.
func small() []byte {
	type section struct {
		name       string
		kind       elf.SectionType
		flags      elf.SectionFlag
		addr, size uint64
		link       uint32
		entry      uint64
		data       []byte
	}
	text := bytes.Repeat([]byte{0x90}, 64)
	copy(text, []byte{0x48, 0x8d, 0x05}) // lea constants+16(%rip), %rax
	binary.LittleEndian.PutUint32(text[3:], 0x1000+16-7)
	constants := append(make([]byte, 16), "only code\x00only a table\x00\x01\x02\x03\x04\x05\x06"...)
	table := binary.LittleEndian.AppendUint64(nil, 0x2000+26)
	relr := binary.LittleEndian.AppendUint64(nil, 0x3000)
	names := []byte("\x00f\x00table\x00")
	symbol := func(name uint32, info byte, section uint16, addr, size uint64) []byte {
		b := binary.LittleEndian.AppendUint32(nil, name)
		b = append(b, info, 0)
		b = binary.LittleEndian.AppendUint16(b, section)
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, addr), size)
	}
	symbols := bytes.Join([][]byte{
		make([]byte, symbolSize), symbol(1, elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC), 1, 0x1000, 20),
		symbol(3, elf.ST_INFO(elf.STB_GLOBAL, elf.STT_OBJECT), 3, 0x3000, 8),
	}, nil)
	sections := []section{
		{},
		{".text", elf.SHT_PROGBITS, elf.SHF_ALLOC | elf.SHF_EXECINSTR, 0x1000, 64, 0, 0, text},
		{".rodata", elf.SHT_PROGBITS, elf.SHF_ALLOC, 0x2000, uint64(len(constants)), 0, 0, constants},
		{".data.rel.ro", elf.SHT_PROGBITS, elf.SHF_ALLOC | elf.SHF_WRITE, 0x3000, 8, 0, 0, table},
		{".relr.dyn", elf.SectionType(19), elf.SHF_ALLOC, 0x4000, 8, 0, 8, relr},
		{".symtab", elf.SHT_SYMTAB, 0, 0, uint64(len(symbols)), 6, symbolSize, symbols},
		{".strtab", elf.SHT_STRTAB, 0, 0, uint64(len(names)), 0, 0, names},
		{".shstrtab", elf.SHT_STRTAB, 0, 0, 0, 0, 0, nil},
	}
	texts := []byte{0}
	var heads, body bytes.Buffer
	offset := uint64(elfHeaderSize)
	write := func(data []byte) uint64 {
		at := offset
		body.Write(data)
		body.Write(make([]byte, 5)) // in no section
		offset += uint64(len(data)) + 5
		return at
	}
	for i, s := range sections {
		name := uint32(0)
		if s.name != "" {
			name = uint32(len(texts))
			texts = append(append(texts, s.name...), 0)
		}
		if i == len(sections)-1 {
			s.data, s.size = texts, uint64(len(texts))
		}
		at := write(s.data)
		heads.Write(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, name), uint32(s.kind)))
		for _, n := range []uint64{uint64(s.flags), s.addr, at, s.size} {
			heads.Write(binary.LittleEndian.AppendUint64(nil, n))
		}
		heads.Write(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, s.link), 0))
		heads.Write(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, 1), s.entry))
	}
	head := make([]byte, elfHeaderSize)
	copy(head, "\x7fELF\x02\x01\x01")
	o := binary.LittleEndian
	o.PutUint16(head[16:], uint16(elf.ET_DYN))
	o.PutUint16(head[18:], uint16(elf.EM_X86_64))
	o.PutUint32(head[20:], 1)
	o.PutUint64(head[40:], offset)
	o.PutUint16(head[52:], elfHeaderSize)
	o.PutUint16(head[54:], 56)
	o.PutUint16(head[58:], sectionHeaderSize)
	o.PutUint16(head[60:], uint16(len(sections)))
	o.PutUint16(head[62:], uint16(len(sections)-1))
	return bytes.Join([][]byte{head, body.Bytes(), heads.Bytes()}, nil)
}
