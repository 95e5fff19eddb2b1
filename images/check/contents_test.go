package check

import "testing"

// What looks like a bad case and is none.
func TestAllowedContents(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		add  func(*fixture)
	}{
		{"deep file", func(f *fixture) { f.put("etc/nginx/a/b/c", 0o644, "") }},
		{"empty directory below **", dir("etc/nginx/modules", 0o755)},
		{"directory on the way", dir("usr/share", 0o755)},
		{"directory that a pattern names", func(f *fixture) {
			f.subject.Paths = append(f.subject.Paths, "var/empty")
			dir("var/empty", 0o555)(f)
		}},
		{"character class", func(f *fixture) {
			f.subject.Paths = append(f.subject.Paths, "etc/[gs]roup")
			f.put("etc/group", 0o444, "")
		}},
		{"shell as part of a name", func(f *fixture) { f.put("etc/nginx/php.conf", 0o644, "") }},
		{"directory with the name of a shell", func(f *fixture) { f.put("etc/nginx/apk/db", 0o644, "") }},
		{"comment that is no script", func(f *fixture) { f.put("etc/nginx/x.conf", 0o644, "# !/bin/sh\n") }},
		{"links to what a runtime provides", func(f *fixture) {
			f.link("etc/nginx/tmp", "/dev/shm")
			f.link("etc/nginx/error.log", "../../dev/stderr")
		}},
		{"link through a link", func(f *fixture) { f.link("etc/nginx/first", "html/./index.html") }},
		{"link through an absolute link", func(f *fixture) {
			f.link("etc/nginx/site", "/usr/share/nginx//html/")
			f.link("etc/nginx/conf.d/index", "../site/../html/index.html")
		}},
		{"link to the root", func(f *fixture) { f.link("etc/nginx/root", "/./") }},
	}
	for _, p := range every {
		for _, c := range cases {
			t.Run(p.String()+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				f := goodFixture(p)
				c.add(f)
				if failures := runAll(t, f.build(t)); len(failures) > 0 {
					t.Errorf("refused: %v", failures)
				}
			})
		}
	}
}
