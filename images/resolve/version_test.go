package resolve

import (
	"cmp"
	"strings"
	"testing"
)

// ascending are versions each of which is older than the next.
var ascending = strings.Fields(`
	0_rc1 0 0-r0 0.0_alpha 0.0 0.0.1
	0.02 0.09 0.1.0_alpha 0.1.0_alpha1 0.1.0_alpha2 0.1.0_alpha10 0.1.0_beta 0.1.0_pre 0.1.0_rc1 0.1.0_rc2-r3
	0.1.0 0.1.0-r0 0.1.0-r1 0.1.0-r10 0.1.0~12ab 0.1.0~12ab-r1 0.1.0~9
	0.1.0_cvs 0.1.0_svn7 0.1.0_git20240101 0.1.0_git20250101 0.1.0_git20250101_p1 0.1.0_hg
	0.1.0_p 0.1.0_p1_alpha 0.1.0_p1 0.1.0_p1-r1 0.1.0_p1_p1 0.1.0_p2 0.1.0a_rc1 0.1.0a 0.1.0b 0.1.0z_p1 0.1.0.1
	0.1.00 0.1.01 0.1.010 0.1.02 0.1.1 0.1.2 0.1.9 0.1.10 0.9 0.12
	1_rc1 1 1-r0 1_p1 1a 1.0 1.0.1 1.00 1.01 1.02 1.1 1.2 1.2.3 1.2.3-r1 1.2.3_git1-r0 1.2.3a 1.2.3b 1.10
	2 2.34 2.44.0 6.0 6.0c 10 20240101 99999999999999999999 100000000000000000000
`)

func TestCompare(t *testing.T) {
	t.Parallel()
	for i, a := range ascending {
		for j, b := range ascending {
			got, err := Compare(a, b)
			if err != nil {
				t.Fatal(err)
			}
			if got != cmp.Compare(i, j) {
				t.Errorf("Compare(%s, %s) is %d", a, b, got)
			}
		}
	}
}

func TestCompareEqual(t *testing.T) {
	t.Parallel()
	for a, b := range map[string]string{
		"007":       "7",
		"1.2_p01":   "1.2_p1",
		"1.2-r01":   "1.2-r1",
		"1.2_p":     "1.2_p",
		"0001-r000": "1-r0",
	} {
		if got, err := Compare(a, b); got != 0 || err != nil {
			t.Errorf("Compare(%s, %s) is %d, %v", a, b, got, err)
		}
	}
}

func TestCompareRefuses(t *testing.T) {
	t.Parallel()
	for _, v := range []string{
		"", "a", ".1", "1.", "1..2", "1.a", "-r1", "1-r", "1-1", "1-r1-r2", "1-r1_p1", "1r1", "1ab", "1a2", "1a.2",
		"1_", "1_foo", "1_rcx", "1_RC1", "1_rc1.2", "1_rc1a", "6.0_c", "1~", "1~g", "1~AB", "1~ab~cd", "1~ab_p1", "1~ab.2", "1A", " 1", "1 ", "1\x00", "1:2", "1+2", "v1",
	} {
		for _, pair := range [][2]string{{v, "1"}, {"1", v}} {
			if _, err := Compare(pair[0], pair[1]); err == nil || !strings.Contains(err.Error(), "is not a version") {
				t.Errorf("Compare(%q, %q): %v", pair[0], pair[1], err)
			}
		}
	}
}

func FuzzCompare(f *testing.F) {
	for i := range len(ascending) - 2 {
		f.Add(ascending[i], ascending[i+1], ascending[i+2])
	}
	f.Add("1.0_foo", "1.0a2", "")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		same, err := Compare(a, a)
		if err == nil != valid(a) || same != 0 {
			t.Fatalf("Compare(%q, itself) is %d, %v", a, same, err)
		}
		if order(a, a, false) != 0 || order(a, b, false) != -order(b, a, false) {
			t.Errorf("%q and %q have no order", a, b)
		}
		if !valid(a) || !valid(b) || !valid(c) {
			return
		}
		ab, bc, ac := order(a, b, false), order(b, c, false), order(a, c, false)
		if ab <= 0 && bc <= 0 && (ac > 0 || ac == 0 && ab+bc < 0) {
			t.Errorf("%q <= %q <= %q, but the first and last compare %d", a, b, c, ac)
		}
		if order(a, b, true) == 0 && order(a, c, true) == 0 && order(b, c, true) != 0 && order(c, b, true) != 0 {
			t.Errorf("%q begins with %q and %q, of which none begins with the other", a, b, c)
		}
	})
}
