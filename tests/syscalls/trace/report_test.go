//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/tests/syscalls"
)

// The report of a folder of traces is what decides, so it is tested from end to end.
func TestReport(t *testing.T) {
	t.Parallel()
	const begin = "10 prctl(0x16, 0x2, 0xc0, 0, 0) = 0\n10 execve(\"/usr/sbin/nginx\", [...], 0xc0) = 0\n"
	dir := t.TempDir()
	profile := filepath.Join(dir, "profile.json")
	err := os.WriteFile(profile, []byte(`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
		{"names": ["execve", "read"], "action": "SCMP_ACT_ALLOW", "comment": "Traced: all."},
		{"names": ["kill"], "action": "SCMP_ACT_ALLOW", "comment": "Not traced: seldom."}]}`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	p, err := syscalls.Load(profile)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		traces map[string]string
		want   string // in the error; none if it is empty
	}{
		"as it is":              {map[string]string{"1.10": begin + "10 read(3, \"\"..., 1) = 1\n"}, ""},
		"in two containers":     {map[string]string{"1.10": begin, "2.11": "11 prctl(0x16, 0x2, 0xc0) = 0\n11 read(3) = 1\n"}, ""},
		"one that is missing":   {map[string]string{"1.10": begin + "10 read(3) = 1\n10 bpf(1) = 0\n"}, "bpf, by the runtime 0 times and by the image 1 times, is made and not allowed"},
		"one that was not made": {map[string]string{"1.10": begin}, "read is allowed and was not made"},
		"nothing seen":          {map[string]string{"1.10": "10 read(3) = 1\n"}, "was strace attached?"},
		"a foreign file":        {map[string]string{"notes.txt": ""}, "its name does not end in a process"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			traces := t.TempDir()
			for file, text := range tt.traces {
				if err := os.WriteFile(filepath.Join(traces, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var out strings.Builder
			seen, err := observe(traces)
			if err == nil {
				err = report(&out, p, seen)
			}
			if tt.want == "" && (err != nil || !strings.Contains(out.String(), "execve") || !strings.Contains(out.String(), "3 system calls allowed")) {
				t.Errorf("error %v\n%s", err, &out)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
