package tests

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// resident is how many kB of a process are in memory, all of it and what is of files.
func resident(t *testing.T, pid string) (all, files int) {
	t.Helper()
	text, err := os.ReadFile(path.Join("/proc", pid, "status"))
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		_, _ = fmt.Sscanf(line, "VmRSS: %d kB", &all)
		_, _ = fmt.Sscanf(line, "RssFile: %d kB", &files)
	}
	require.Positive(t, all)
	return all, files
}

// A master and a worker that nobody asks for anything are small, and so is the master
// again after it has read another configuration.
func TestWhoWaitsIsSmall(t *testing.T) {
	t.Parallel()
	needs(t, staticProgram)
	if !engineIsLocal() {
		t.Log("the engine is on another machine: its processes cannot be looked at from here")
		return
	}
	conf := directory(t, map[string]string{"site.conf": reloaded(t, 0)})
	s := start(t, files(conf, "/etc/nginx/conf.d"))
	master := strconv.Itoa(s.state(t).Pid)
	rests := func() bool {
		_, files := resident(t, master)
		return files < 512
	}
	eventually(t, "a master that rests", rests)
	all, _ := resident(t, master)
	worker, _ := resident(t, s.workers(t)[0])
	t.Logf("master %d kB, worker %d kB", all, worker)
	assert.Less(t, all+worker, 4<<10, "kB of master and one worker")
	for n := range 3 {
		if n > 0 {
			s.reload(t, conf, map[string]string{"site.conf": reloaded(t, n)})
		}
		s.answersAs(t, n)
		eventually(t, "a master that rests", rests)
	}
}
