package tests

import (
	"debug/elf"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A mapping is one line of /proc/PID/maps.
type mapping struct {
	from, to uint64
	access   string // such as "r-xp"
	file     string
}

func mappings(t *testing.T, pid string) []mapping {
	t.Helper()
	text, err := os.ReadFile(path.Join("/proc", pid, "maps"))
	require.NoError(t, err)
	var all []mapping
	for line := range strings.Lines(string(text)) {
		var m mapping
		_, err := fmt.Sscanf(line, "%x-%x %s", &m.from, &m.to, &m.access)
		require.NoError(t, err)
		if fields := strings.Fields(line); len(fields) > 5 {
			m.file = fields[5]
		}
		all = append(all, m)
	}
	return all
}

// What the file asks for is one thing, and checked when the image is made. This is
// what start-up code and kernel made of it.
func TestMemoryOfTheRunningNginxIsProtected(t *testing.T) {
	t.Parallel()
	if !engineIsLocal() {
		t.Log("the engine is on another machine: its processes cannot be looked at from here")
		return
	}
	var bases []uint64
	for range 2 {
		s := start(t)
		s.get(t, "/")
		pid := strconv.Itoa(s.state(t).Pid)
		all := mappings(t, pid)
		for _, m := range all {
			assert.False(t, strings.Contains(m.access, "w") && strings.Contains(m.access, "x"), "%+v", m)
			assert.False(t, m.file == "[stack]" && strings.Contains(m.access, "x"), "%+v", m)
		}
		bases = append(bases, base(t, all, "/"+definition(t).Image.Binary))
		for _, m := range all {
			if path.IsAbs(m.file) && strings.Contains(m.access, "x") { // the program, and what it loads
				assertReadOnlyRelocations(t, pid, all, m.file)
			}
		}
	}
	assert.NotEqual(t, bases[0], bases[1], "nginx is not at another address at each start")
}

// base is where the mappings of a file begin.
func base(t *testing.T, all []mapping, file string) uint64 {
	t.Helper()
	first := slices.IndexFunc(all, func(m mapping) bool { return m.file == file })
	require.GreaterOrEqual(t, first, 0, file)
	return all[first].from
}

// assertReadOnlyRelocations wants every page of a file's RELRO to be read-only.
func assertReadOnlyRelocations(t *testing.T, pid string, all []mapping, name string) {
	t.Helper()
	file, err := elf.Open(path.Join("/proc", pid, "root", name))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	found := slices.IndexFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_GNU_RELRO })
	require.GreaterOrEqual(t, found, 0, name)
	relro := file.Progs[found]
	from := base(t, all, name) + relro.Vaddr
	to := from + relro.Memsz
	covered := false
	for _, m := range all {
		if m.to > from && m.from < to {
			covered = true
			assert.Equal(t, "r--p", m.access, "%+v holds relocations", m)
		}
	}
	assert.True(t, covered, name)
}
