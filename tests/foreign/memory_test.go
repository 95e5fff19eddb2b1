package foreign

import (
	"debug/elf"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// program is nginx as the emulator maps it.
const program = "/usr/sbin/nginx.foreign"

// assertProtected wants the relocated data of the nginx that runs as a process to be
// read-only: our start-up code has seen to that, for musl does not.
func assertProtected(t *testing.T, pid string) {
	t.Helper()
	file, err := elf.Open(path.Join("/proc", pid, "root", program))
	if os.IsNotExist(err) || os.IsPermission(err) {
		t.Log("the processes of the engine cannot be looked at from here")
		return
	}
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	found := slices.IndexFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_GNU_RELRO })
	require.GreaterOrEqual(t, found, 0)
	relro := file.Progs[found]

	text, err := os.ReadFile(path.Join("/proc", pid, "maps"))
	require.NoError(t, err)
	var base, covered uint64
	for line := range strings.Lines(string(text)) {
		var from, to uint64
		var access string
		_, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &access)
		require.NoError(t, err)
		if base == 0 && strings.HasSuffix(strings.TrimSpace(line), program) {
			base = from
		}
		start, end := max(from, base+relro.Vaddr), min(to, base+relro.Vaddr+relro.Memsz)
		if base == 0 || start >= end {
			continue
		}
		covered += end - start
		assert.Equal(t, "r--p", access, "%s holds relocations", line)
	}
	assert.Equal(t, relro.Memsz, covered, "%s", text)
}
