package digest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/renameio/v2"
)

// settled is how long a file must have been left alone before what it hashes to is
// remembered: a change within one tick of the file system's clock leaves no trace.
const settled = 2 * time.Second

// A Memory hashes files, and remembers what they hash to, from one run to the next, as
// git's index does: while a file's status (stat(2)) is the same it is not read again.
// Whatever changes a file changes the time in its status, which only those can set who
// can set the machine's clock. Its methods may be called at once.
type Memory struct {
	path string
	now  func() time.Time

	mu      sync.Mutex
	known   map[string]remembered
	changed bool
}

// remembered is one file's digest, and its status by then.
type remembered struct {
	Status status `json:"status"`
	SHA256 string `json:"sha256"`
}

// status tells a file from what it was. Times are nanoseconds since 1970.
type status struct {
	Device   uint64 `json:"device"`
	Inode    uint64 `json:"inode"`
	Size     int64  `json:"size"`
	Modified int64  `json:"modified"`
	Changed  int64  `json:"changed"`
}

// Remember returns what an earlier run has saved at path. Whatever is wrong with that, it
// is as if there were nothing.
func Remember(path string, now func() time.Time) *Memory {
	m := &Memory{path: path, now: now}
	if data, err := os.ReadFile(path); err != nil || json.Unmarshal(data, &m.known) != nil || m.known == nil {
		m.known = map[string]remembered{}
	}
	return m
}

// File is the function File, but for files that have not changed since.
func (m *Memory) File(path string) (sum string, err error) {
	before, ok := statusOf(path)
	if !ok {
		return File(path)
	}
	m.mu.Lock()
	r, known := m.known[path]
	m.mu.Unlock()
	if known && r.Status == before && len(r.SHA256) == hexLength {
		return r.SHA256, nil
	}
	old := m.now().Add(-settled).UnixNano()
	if sum, err = File(path); err != nil {
		return "", err
	}
	if after, ok := statusOf(path); ok && after == before && before.Changed < old {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.known[path], m.changed = remembered{before, sum}, true
	}
	return sum, nil
}

// Save writes what is remembered for the next run, in one piece, if there is anything new.
func (m *Memory) Save() (err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.changed {
		return nil
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("remembering digests: %w", err)
		}
	}()
	data, err := json.Marshal(m.known)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(m.path), 0o755); err != nil {
		return err
	}
	return renameio.WriteFile(m.path, data, 0o644, renameio.WithTempDir(filepath.Dir(m.path)))
}
