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
	f := goodFixture(Static)
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
	golden(t, "report.golden", got.Bytes())
}

// golden compares what was written with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("it differs from %s (-update writes it):\n%s", file, got)
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
	f := goodFixture(Static)
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
	f := goodFixture(Static)
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
