package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

var written = []Finding{
	{"conf.d/a b.conf", 3, Error, "ssrf", `the client chooses the host by "$arg_a" <&>`},
	{"nginx.conf", 1, Info, "limits_missing", "limit_conn bounds no client"},
}

func TestWrite(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		write    func(io.Writer, []Finding) error
		findings []Finding
	}{
		"findings.txt":   {WriteText, written},
		"findings.json":  {WriteJSON, written},
		"none.json":      {WriteJSON, nil},
		"findings.sarif": {WriteSARIF, written},
		"none.sarif":     {WriteSARIF, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := tt.write(&out, tt.findings); err != nil {
				t.Fatal(err)
			}
			got := out.String()
			if filepath.Ext(name) == ".sarif" {
				got = withoutRules(t, out.Bytes())
			}
			golden := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s\nis it meant? then run go test ./conf/lint -update", diff)
			}
			if err := tt.write(full{}, written); !errors.Is(err, io.ErrShortWrite) {
				t.Errorf("a full disk gives %v", err)
			}
		})
	}
}

// withoutRules checks that a log names all rules, in the order that results count on,
// and leaves two of them for the golden file.
func withoutRules(t *testing.T, log []byte) string {
	t.Helper()
	var read sarifLog
	decoder := json.NewDecoder(bytes.NewReader(log))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&read); err != nil {
		t.Fatal(err)
	}
	driver := &read.Runs[0].Tool.Driver
	if len(driver.Rules) != len(Rules()) {
		t.Errorf("%d rules, want %d", len(driver.Rules), len(Rules()))
	}
	for _, r := range read.Runs[0].Results {
		if driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("%s has the index of %s", r.RuleID, driver.Rules[r.RuleIndex].ID)
		}
	}
	for i := range read.Runs[0].Results {
		read.Runs[0].Results[i].RuleIndex = 0 // changes with each new rule
	}
	driver.Rules = driver.Rules[:2]
	var out bytes.Buffer
	if err := encode(&out, read); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
