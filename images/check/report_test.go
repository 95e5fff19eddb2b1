package check

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

func TestWriteReport(t *testing.T) {
	t.Parallel()
	f := goodFixture()
	f.put("etc/nginx/a", 0o646, "")
	f.put("etc/nginx/b\nok   forged", 0o646, "")
	f.subject.Budgets.Disk = 1000
	f.subject.Try = nil
	results, err := Run(t.Context(), f.build(t))
	if err == nil {
		t.Fatal("the subject passes")
	}
	var got bytes.Buffer
	if err := WriteReport(&got, results); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "report.golden")
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the report differs from %s (-update writes it):\n%s", golden, got.Bytes())
	}
}

func TestWriteReportSaysWhenItCannot(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left")
	err := WriteReport(writer(func([]byte) (int, error) { return 0, full }), []Result{{Check: All()[0]}})
	if !errors.Is(err, full) {
		t.Errorf("error is %v", err)
	}
}

// A foreign platform is neither good nor bad: the skip shows, and Run accepts.
func TestForeignPlatformIsSkippedVisibly(t *testing.T) {
	t.Parallel()
	f := goodFixture()
	f.subject.Try = nil
	results, err := Run(t.Context(), f.build(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if want := r.Check.Name == "config-test"; r.Skipped() != want || (r.Err != nil) != want {
			t.Errorf("%s: skipped %v, error %v", r.Check.Name, r.Skipped(), r.Err)
		}
	}
}

func TestConfigTestRunsTheShippedProgram(t *testing.T) {
	t.Parallel()
	f := goodFixture()
	var got []string
	f.subject.Try = func(_ context.Context, argv ...string) (string, error) {
		got = argv
		return "test is successful", nil
	}
	if err := configTest(t.Context(), f.build(t)); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0] != "/usr/sbin/nginx" || got[1] != "-t" {
		t.Errorf("ran %q", got)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
