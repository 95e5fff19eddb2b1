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
		first := slices.IndexFunc(all, func(m mapping) bool { return m.file == "/usr/sbin/nginx" })
		require.GreaterOrEqual(t, first, 0)
		base := all[first].from
		bases = append(bases, base)
		assertReadOnlyRelocations(t, pid, all, base)
	}
	assert.NotEqual(t, bases[0], bases[1], "nginx is not at another address at each start")
}

// assertReadOnlyRelocations wants every page of RELRO to be read-only.
func assertReadOnlyRelocations(t *testing.T, pid string, all []mapping, base uint64) {
	t.Helper()
	file, err := elf.Open(path.Join("/proc", pid, "exe"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	found := slices.IndexFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_GNU_RELRO })
	require.GreaterOrEqual(t, found, 0)
	relro := file.Progs[found]
	from, to := base+relro.Vaddr, base+relro.Vaddr+relro.Memsz
	covered := false
	for _, m := range all {
		if m.to > from && m.from < to {
			covered = true
			assert.Equal(t, "r--p", m.access, "%+v holds relocations", m)
		}
	}
	assert.True(t, covered)
}
