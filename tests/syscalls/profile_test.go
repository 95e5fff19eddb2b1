package syscalls

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/profiles/seccomp"
)

// small is a profile with a rule of every kind.
const small = `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
	{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW", "comment": "Traced: all."},
	{"names": ["pause"], "action": "SCMP_ACT_ALLOW", "comment": "Not traced: it has a reason."},
	{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]},
	{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]},
	{"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
	{"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}
]}`

func load(t *testing.T, text string) (*seccomp.Seccomp, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "profile.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path)
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                         "EOF",
		"[]":                       "cannot unmarshal array",
		`{"syscals": []}`:          `unknown field "syscals"`,
		`{"syscalls": [{"n": 1}]}`: `unknown field "n"`,
	} {
		if _, err := load(t, text); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "profile.json") {
			t.Errorf("%s: error %v, want one with the file and %q", text, err, want)
		}
	}
	if _, err := Load("absent.json"); err == nil {
		t.Error("there is no such file")
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	p, err := load(t, small)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Allowed(p), []string{"clone", "pause", "read", "socket", "write"}; !slices.Equal(got, want) {
		t.Errorf("allowed are %q, want %q", got, want)
	}
	seen := Observed{
		{Name: "read"}: {Image: 1}, {Name: "bpf"}: {Runtime: 2}, {Name: "clone3"}: {Image: 1},
		{Name: "socket", Args: [2]uint64{2}}: {Image: 1}, {Name: "socket", Args: [2]uint64{16}}: {Image: 3},
		{Name: "clone"}: {Image: 1}, {Name: "clone", Args: [2]uint64{0x10000000}}: {Image: 1},
	}
	want := []string{
		"bpf, by the runtime 2 times and by the image 0 times,",
		"clone(0x10000000, 0x0), by the runtime 0 times and by the image 1 times,",
		"socket(0x10, 0x0), by the runtime 0 times and by the image 3 times,",
	}
	if got := Missing(p, seen); !slices.Equal(got, want) {
		t.Errorf("missing are %q, want %q", got, want)
	}
	if got, want := Unseen(p, seen), []string{"write"}; !slices.Equal(got, want) {
		t.Errorf("unseen are %q, want %q", got, want)
	}
}
