package pipeline

import (
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images"
)

const upstream, snapshot = "https://upstream.example/download?file=a.tar.gz", "https://snapshot.example/file/0123"

func TestExpand(t *testing.T) {
	t.Parallel()
	in := images.Input{
		File: "a_1+b~1.tar.gz", SHA256: "00ff", Size: 5,
		Places: []string{upstream, "debian:pool/main/a/a/a_1%2Bb~1.tar.gz", snapshot},
	}
	const pool = "/pool/main/a/a/a_1%2Bb~1.tar.gz"
	for _, c := range []struct {
		name string
		m    mirrors
		want []string
	}{
		{"nothing", mirrors{}, []string{upstream, snapshot}},
		{"own", mirrors{own: "https://own.example/files"}, []string{"https://own.example/files/a_1+b~1.tar.gz", upstream, snapshot}},
		{"own folder", mirrors{own: "file:///srv/files//"}, []string{"file:///srv/files/a_1+b~1.tar.gz", upstream, snapshot}},
		{"Debian", mirrors{debian: []string{"http://one.example/debian/", "http://two.example"}}, []string{
			upstream, "http://one.example/debian" + pool, "http://two.example" + pool, snapshot,
		}},
		{"all", mirrors{own: "http://own.example/", debian: []string{"http://one.example/debian"}}, []string{
			"http://own.example/a_1+b~1.tar.gz", upstream, "http://one.example/debian" + pool, snapshot,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := c.m.expand(in)
			if got.Name != in.File || got.SHA256 != in.SHA256 || got.Size != in.Size {
				t.Errorf("it is another input: %+v", got)
			}
			if !slices.Equal(got.Places, c.want) {
				t.Errorf("got  %q\nwant %q", got.Places, c.want)
			}
		})
	}
}

// A name with characters that addresses use for themselves stays one name.
func TestExpandEscapes(t *testing.T) {
	t.Parallel()
	got := mirrors{own: "https://own.example"}.expand(images.Input{File: "a b?c#d%e"})
	if want := []string{"https://own.example/a%20b%3Fc%23d%25e"}; !slices.Equal(got.Places, want) {
		t.Errorf("got %q, not %q", got.Places, want)
	}
}

func TestFindMirrors(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"http://mirror.example", "https://mirror.example:8443/debian/", "https://me:secret@mirror.example/",
		"HTTPS://mirror.example", "http://[::1]:80/x", "file:///srv/mirror", "file://localhost/srv/mirror",
	} {
		m, err := findMirrors(t.Context(), environment(map[string]string{sourceVariable: good, debianVariable: good}))
		if err != nil || m.own != good || !slices.Equal(m.debian, []string{good}) {
			t.Errorf("%s gives %+v, %v", good, m, err)
		}
	}
	for _, bad := range []string{
		"mirror.example", "/srv/mirror", "ftp://mirror.example", "https:mirror.example", "https://", "https:///debian",
		"http://:80", "file:srv/mirror", "file:", "file://server/srv/mirror", "https://mirror.example/?a=b",
		"https://mirror.example/#a", "http://mirror.example/%zz", "http://mirror.example\n", " http://mirror.example", "\x00",
	} {
		for _, variable := range []string{sourceVariable, debianVariable} {
			env := map[string]string{sourceVariable: "http://good.example", debianVariable: "http://good.example"}
			env[variable] = bad
			_, err := findMirrors(t.Context(), environment(env))
			if err == nil || !strings.HasPrefix(err.Error(), variable+" is ") || strings.ContainsAny(err.Error(), "\n\x00") {
				t.Errorf("%s %q gives %v", variable, bad, err)
			}
		}
	}
}

func TestFindMirrorsHidesPasswords(t *testing.T) {
	t.Parallel()
	_, err := findMirrors(t.Context(), environment(map[string]string{sourceVariable: "ftp://me:secret@mirror.example"}))
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

// Without a variable the mirrors are apt's; a machine without apt has none.
func TestFindMirrorsAsksApt(t *testing.T) {
	m, err := findMirrors(t.Context(), environment(nil))
	if err != nil || m.own != "" {
		t.Errorf("got %+v, %v", m, err)
	}
	for _, address := range m.debian {
		if !isBase(address) {
			t.Errorf("apt has the mirror %q", address)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if m, err := findMirrors(t.Context(), environment(nil)); err != nil || m.debian != nil {
		t.Errorf("without apt: %+v, %v", m, err)
	}
}

func TestParseTargets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, out string
		want      []string
	}{
		{"nothing", "", nil},
		{"empty lines", "\n\n \n\t\n", nil},
		{"one", "http://one.example/debian/\n", []string{"http://one.example/debian"}},
		{"no line break at the end", "http://one.example", []string{"http://one.example"}},
		{"the same", "http://one.example/\nhttp://one.example\n http://one.example//\r\n", []string{"http://one.example"}},
		{"security last", "http://security.example/\nhttp://one.example/debian-security\nhttps://two.example/debian\nhttp://security.example\n", []string{
			"https://two.example/debian", "http://security.example", "http://one.example/debian-security",
		}},
		{"folder", "file:///srv/mirror\nfile:/srv/other/\n", []string{"file:///srv/mirror", "file:/srv/other"}},
		{"other kinds", "cdrom://disk/\nmirror+file:/etc/list\ncopy:/x\ntor+http://a.example\nftp://a.example\nhttpx://a.example\n", nil},
		{"no addresses", "E: Unable to parse\nhttp\nhttp:\nhttp://\nhttp:///x\nusage: apt-get\n$(REPO_URI)\n", nil},
		{"control characters", "http://a.example/\x1b[2J\nhttp://a.example/\x00\nhttp://b.example/\x7f\n", nil},
		{"query", "http://a.example/?x\nhttp://a.example/#y\n", nil},
		{"binary", "\xff\xfe\x00\n\x80http://a.example\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := parseTargets([]byte(c.out)); !slices.Equal(got, c.want) {
				t.Errorf("got %q, not %q", got, c.want)
			}
		})
	}
}

func FuzzTargets(f *testing.F) {
	f.Add("http://security.example/\nhttps://one.example/debian/\nfile:/srv\n")
	f.Fuzz(func(t *testing.T, out string) {
		found := parseTargets([]byte(out))
		for i, address := range found {
			if !isBase(address) || strings.ContainsAny(address, "\n\r\x00?#") || slices.Contains(found[:i], address) {
				t.Errorf("mirror %q", address)
			}
		}
	})
}
