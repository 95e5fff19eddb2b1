package debian_test

import (
	"os/exec"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/debian"
)

// versions are in an order that dpkg has to agree with, the oldest first.
var versions = []string{
	"0~~", "0~~a", "0~", "0", "0.0-0~1", "0.1~rc1-1", "0.1-1~deb13u1", "0.1-1", "0.1-1+b1", "0.1-1.1", "0.1+dfsg-1",
	"1.0~beta", "1.0", "1.0a", "1.0+", "1.0.1", "1.2.5-3", "1.2.5-3.1~deb13u1", "1.2.5-3.1",
	"1.26.3-2", "1.26.3-3", "1.26.3-3+deb13u2", "1.26.3-3+deb13u9", "1.26.3-3+deb13u10", "1.26.3-3+deb13u11",
	"3.5.7-1~deb13u2", "3.5.7-1~deb13u3", "3.5.7-1", "3.5.9-1~deb13u1", "3.5.10~a-1", "3.5.10-1", "10.46-1~deb13u3",
	"1:0", "1:1.3.dfsg+really1.3.1-1", "1:1.3.dfsg+really1.3.1-1+deb13u1", "2:0~",
}

// All pairs are compared, and dpkg is asked of them where it is there.
func TestCompare(t *testing.T) {
	t.Parallel()
	dpkg, err := exec.LookPath("dpkg")
	for i, a := range versions {
		for j, b := range versions {
			got, err := debian.Compare(a, b)
			if err != nil || (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%s and %s: got %d, %v", a, b, got, err)
			}
			// Neighbours are enough for dpkg: the order is a total one.
			if dpkg == "" || j != i+1 {
				continue
			}
			if out, err := exec.Command(dpkg, "--compare-versions", a, "lt", b).CombinedOutput(); err != nil {
				t.Errorf("dpkg does not find %s older than %s: %v: %s", a, b, err, out)
			}
		}
	}
	if err != nil {
		t.Logf("dpkg was not asked: %v", err)
	}
	for _, bad := range []string{"", "a", "1 2", "1:", "-1:1", "1-"} {
		if _, err := debian.Compare(bad, "1"); err == nil {
			t.Errorf("%q is taken for a version", bad)
		}
		if _, err := debian.Compare("1", bad); err == nil {
			t.Errorf("%q is taken for a version", bad)
		}
	}
}

// FuzzCompare asks dpkg what it thinks of two versions.
func FuzzCompare(f *testing.F) {
	dpkg, err := exec.LookPath("dpkg")
	if err != nil {
		f.Skip("there is no dpkg to ask")
	}
	for i := range len(versions) - 1 {
		f.Add(versions[i], versions[i+1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		got, err := debian.Compare(a, b)
		if err != nil {
			return
		}
		reverse, err := debian.Compare(b, a)
		if err != nil || (got < 0) != (reverse > 0) || (got == 0) != (reverse == 0) {
			t.Errorf("%q and %q: %d, and the other way %d, %v", a, b, got, reverse, err)
		}
		for operator, want := range map[string]bool{"lt": got < 0, "eq": got == 0, "gt": got > 0} {
			if err := exec.Command(dpkg, "--compare-versions", "--", a, operator, b).Run(); (err == nil) != want {
				t.Errorf("dpkg --compare-versions %q %s %q: %v, and we have %d", a, operator, b, err, got)
			}
		}
	})
}

func TestUpstream(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1.26.3-3+deb13u9": "1.26.3", "3.5.7-1~deb13u2": "3.5.7", "10.46-1~deb13u3": "10.46", "1.2.5-3.1": "1.2.5",
		"1:1.3.dfsg+really1.3.1-1+deb13u1": "1.3.1", "1:1.3.dfsg-1": "1.3", "2.0+ds1-1": "2.0",
		"3.6.0~beta1-1": "", "1.27.0+git20260101-1": "", "1.1.1w-0": "", "rubbish": "",
	} {
		got, ok := debian.Upstream(text)
		if got != want || ok != (want != "") {
			t.Errorf("%s is of %q, %v; want %q", text, got, ok, want)
		}
	}
}

func TestSameBranch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"3.5.7", "3.5.9", true}, {"3.5", "3.5.1", true}, {"10.46", "10.46", true}, {"1.26.3", "1.26.10", true},
		{"3.5.7", "3.6.0", false}, {"10.46", "10.47", false}, {"1.2", "11.2", false}, {"3", "3", false}, {"", "", false},
	} {
		if got := debian.SameBranch(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: got %v", c.a, c.b, got)
		}
	}
}
