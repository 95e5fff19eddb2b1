package apk_test

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// seal corrects the checksum of the tar header that data begins with.
func seal(data []byte) []byte {
	copy(data[148:], "        ")
	sum := 0
	for _, b := range data[:512] {
		sum += int(b)
	}
	copy(data[148:], fmt.Sprintf("%06o\x00", sum))
	return data
}

// sealAll corrects every header of an archive, so that fuzzing gets past them.
func sealAll(data []byte) []byte {
	data = slices.Concat(data, make([]byte, -len(data)&511))
	for at := 0; at < len(data); {
		if data[at] == 0 { // the end of the archive
			at += 512
			continue
		}
		seal(data[at:])
		size, err := strconv.ParseUint(string(data[at+124:at+135]), 8, 32)
		if err != nil {
			size = 0
		}
		at += 512 + int(size+511)&^511
	}
	return data
}

// paxHeader is an extended header with these records, of whatever entry follows.
func paxHeader(records ...string) []byte {
	out := archive(regular("x", strings.Join(records, "")))
	out[156] = 'x'
	return seal(out)
}

// These are archives that Go's writer does not make.
func TestDataRefusesRaw(t *testing.T) {
	t.Parallel()
	good := archive(regular("a", "content"))
	edit := func(at int, value string) []byte {
		out := bytes.Clone(good)
		copy(out[at:], value)
		return seal(out)
	}
	unsealed := bytes.Clone(good)
	unsealed[0] = 'b'
	for name, tc := range map[string]struct {
		data []byte
		want string
	}{
		"no whole blocks":         {good[:700], "no whole blocks"},
		"content is missing":      {good[:512], "archive ends after 0 bytes"},
		"enormous size":           {edit(124, "\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff"), "archive ends after 512 bytes"},
		"negative size":           {edit(124, strings.Repeat("\xff", 12)), "invalid tar header"},
		"negative mode":           {edit(100, strings.Repeat("\xff", 8)), "permission bits"},
		"directory with content":  {edit(156, "5"), "only regular files have content"},
		"hard link with content":  {edit(156, "1"), "only regular files have content"},
		"device with content":     {edit(156, "3"), "only regular files have content"},
		"unknown type":            {edit(156, "Z"), "only regular files have content"},
		"old sparse file":         {edit(156, "S"), "reading tar entry 1"},
		"wrong header checksum":   {unsealed, "invalid tar header"},
		"hidden behind the end":   {slices.Concat(good, make([]byte, 1024), good), "something follows the end"},
		"hidden behind one block": {slices.Concat(good, make([]byte, 512), good), "reading tar entry 2"},
		"header without entry":    {slices.Concat(good, paxHeader("10 path=b\n")), "something follows the end"},
		"pax sparse file":         {slices.Concat(paxHeader("21 GNU.sparse.size=7\n", "26 GNU.sparse.numblocks=1\n", "22 GNU.sparse.map=0,7\n"), good), "sparse file"},
		"pax sparse name":         {slices.Concat(paxHeader("24 GNU.sparse.name=abcd\n"), good), "sparse file"},
		"pax size":                {slices.Concat(paxHeader("13 size=9999\n"), good), "archive ends after 512 bytes"},
		"pax size, negative":      {slices.Concat(paxHeader("11 size=-1\n"), good), "invalid tar header"},
		"pax path":                {slices.Concat(paxHeader("18 path=../../abc\n"), good), `".." element`},
		"pax path with NUL":       {slices.Concat(paxHeader("12 path=a\x00b\n"), good), "reading tar entry 1"},
		"pax owner":               {slices.Concat(paxHeader("18 uid=4294967295\n"), good), "owner 4294967295"},
		"pax link":                {slices.Concat(paxHeader("22 linkpath=../../etc\n"), archive(symlink("a", "b"))), "outside the root"},
		"malformed pax":           {slices.Concat(paxHeader("99 path=b\n"), good), "reading tar entry 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readData(tc.data)
			refused(t, err, tc.want, "member 2 (data): ")
		})
	}
}
