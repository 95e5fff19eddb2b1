package images_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images"
)

// committed is what the repository ships.
func committed(t *testing.T) (images.Definition, images.Lock) {
	t.Helper()
	d, err := images.LoadDefinition(os.DirFS("."), "static.yaml")
	if err != nil {
		t.Fatal(err)
	}
	l, err := images.LoadLock(os.DirFS("."), "static.lock.json", d)
	if err != nil {
		t.Fatal(err)
	}
	return d, l
}

// What is left out of a series is listed here a second time, so that leaving
// out one more is a decision that two places show.
func TestSkippedPatches(t *testing.T) {
	t.Parallel()
	skipped := map[string][]string{
		"musl": {"renameat2.patch"},
		"openssl": {
			"debian-targets.patch", "man-section.patch", "no-symbolic.patch", "c_rehash-compat.patch",
			"Add-test-for-CVE-2026-63072.patch", "Add-test-for-CVE-2026-63076.patch", "Add-test-for-CVE-2026-63073.patch",
			"Add-a-test-for-restricting-growth-in-cmp-cert-cache.patch",
		},
		"nginx": {
			"0003-define_gnu_source-on-other-glibc-based-platforms.patch",
			"nginx-fix-pidfile.patch", "nginx-ssl_cert_cb_yield.patch",
		},
	}
	d, l := committed(t)
	fixes := 0
	for _, locked := range l.Components {
		c, _ := d.Component(locked.Name)
		applied := locked.Applied(c)
		var left []string
		if locked.Patches != nil {
			for _, p := range locked.Patches.Patches {
				if !slices.Contains(applied, p) {
					left = append(left, p.File)
				}
			}
		}
		if want := skipped[c.Name]; !slices.Equal(left, want) {
			t.Errorf("%s skips %q, not %q", c.Name, left, want)
		}
		for _, name := range left {
			if strings.HasPrefix(name, "CVE-") || strings.TrimSpace(c.SkipPatches[name]) == "" {
				t.Errorf("%s skips %s, because %q", c.Name, name, c.SkipPatches[name])
			}
		}
		for _, p := range applied {
			if strings.HasPrefix(p.File, "CVE-") {
				fixes++
			}
		}
	}
	if fixes < 20 {
		t.Errorf("only %d security fixes are applied: nginx 1.26.3 alone needs more", fixes)
	}
}

// The label of the image names the licenses of what is in it.
func TestLicenses(t *testing.T) {
	t.Parallel()
	d, _ := committed(t)
	licenses := []string{"Apache-2.0"} // this repository's own
	for _, c := range d.Components {
		licenses = append(licenses, c.License)
	}
	slices.Sort(licenses)
	if want := strings.Join(slices.Compact(licenses), " AND "); d.Image.Licenses != want {
		t.Errorf("image.licenses is %q, not %q", d.Image.Licenses, want)
	}
}

// Every input can be had over https from a place that keeps what it has, and
// from the mirror that a Debian machine uses anyway.
func TestPlaces(t *testing.T) {
	t.Parallel()
	_, l := committed(t)
	for _, c := range l.Components {
		for _, in := range c.Inputs() {
			last := in.Places[len(in.Places)-1]
			if !strings.HasPrefix(last, "https://snapshot.debian.org/file/") {
				t.Errorf("the last place of %s is %s", in.File, last)
			}
			if !slices.ContainsFunc(in.Places, func(p string) bool { return strings.HasPrefix(p, "debian:pool/main/") }) {
				t.Errorf("%s is not looked for on Debian's mirrors", in.File)
			}
			if i := slices.IndexFunc(in.Places, func(p string) bool { return strings.HasPrefix(p, "http://") }); i >= 0 {
				t.Errorf("%s is looked for at %s", in.File, in.Places[i])
			}
		}
	}
}
