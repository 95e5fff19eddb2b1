package site

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestScanNotes(t *testing.T) {
	t.Parallel()
	f := scan(t, put(t, map[string]string{
		"index.html": "x", "a/.hidden": "", ".git/config": "", ".git/objects/aa": "", ".env": "SECRET=1",
		".well-known/security.txt": "", ".well-known/.secret": "", "index.html~": "", "old/site.bak": "",
		"key.pem":   "-----BEGIN EC PRIVATE KEY-----\nMHc\n",
		"cert.pem":  "-----BEGIN CERTIFICATE-----\n",
		"p -> gone": "", "b -> index.html": "", "q -> p": "", "d -> old": "", "old/up -> ../index.html": "",
	}))
	want := []string{
		".env: hidden files are rarely meant for the world",
		".git: hidden files are rarely meant for the world",
		".well-known/.secret: hidden files are rarely meant for the world",
		"a/.hidden: hidden files are rarely meant for the world",
		"index.html~: looks like a leftover",
		"key.pem: a private key: whoever pulls the image has it",
		"old/site.bak: looks like a leftover",
		"p: a link to gone, where nothing is",
		"q: a link to p, where nothing is",
	}
	got := slices.Sorted(slices.Values(f.Notes))
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if f.Size != int64(len("x")+len("SECRET=1")+len("-----BEGIN EC PRIVATE KEY-----\nMHc\n-----BEGIN CERTIFICATE-----\n")) {
		t.Errorf("it has %d bytes", f.Size)
	}
	if !f.Has("index.html") || !f.Has("b") || f.Has("old") || f.Has("html") {
		t.Error("Has does not know what is there")
	}
}

func TestScanRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		make func(dir string) error
		want string
	}{
		"link to outside":        {link("../../etc/passwd"), `"x" is a link to "../../etc/passwd", which leaves the folder`},
		"absolute link":          {link("/etc/passwd"), `"x" is a link to "/etc/passwd", which leaves the folder`},
		"link to nothing there":  {link("../nothing"), `"x" is a link to "../nothing", which leaves the folder`},
		"link in circles":        {link("x"), `"x" is a link to "x", which leaves the folder or leads nowhere`},
		"link with control":      {link("a\nb"), `"x" is a link to "a\nb", which is not printable UTF-8`},
		"link out by way of one": {links("sub/deep", "in", "in/../../../secret", "x"), `"x" is a link to "in/../../../secret"`},
		"device":                 {func(dir string) error { return syscall.Mknod(dir+"/null", syscall.S_IFCHR|0o666, 1<<8|3) }, `"null" is no file, folder or link but Dc`},
		"pipe":                   {func(dir string) error { return syscall.Mkfifo(dir+"/pipe", 0o666) }, `"pipe" is no file, folder or link but p`},
		"socket":                 {func(dir string) error { return socket(dir + "/s") }, `"s" is no file, folder or link but S`},
		"newline":                {write("a\nb"), `"a\nb": the name has control characters`},
		"escape":                 {write("a\x1b[2J"), `"a\x1b[2J": the name has control characters`},
		"C1 control":             {write("a\u0085b"), `the name has control characters`},
		"not UTF-8":              {write("a\xff"), `"a\xff": the name is not UTF-8`},
		"folder not UTF-8":       {func(dir string) error { return os.Mkdir(dir+"/d\xc3", 0o755) }, `the name is not UTF-8`},
		"whiteout":               {write(".wh.index.html"), `".wh.index.html": a name with ".wh." means a deleted file`},
		"opaque":                 {write(".wh..wh..opq"), `a name with ".wh." means a deleted file`},
		"missing folder":         {os.RemoveAll, "reading the folder"},
		"a file":                 {func(dir string) error { return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o644)) }, "not a directory"},
		"many": {func(dir string) (err error) {
			for i := range 30 {
				err = errors.Join(err, os.WriteFile(dir+"/"+strings.Repeat("\t", i+1), nil, 0o644))
			}
			return err
		}, "and more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "a", "b")
			if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Dir(dir)+"/secret", nil, 0o644)); err != nil {
				t.Fatal(err)
			}
			if err := tt.make(dir); errors.Is(err, syscall.EPERM) {
				t.Skip("only root makes devices")
			} else if err != nil {
				t.Fatal(err)
			}
			f, err := Scan(t.Context(), dir, html, true)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %+v, %v\nwant %s", f, err, tt.want)
			}
		})
	}
}

func write(name string) func(string) error {
	return func(dir string) error { return os.WriteFile(dir+"/"+name, nil, 0o644) }
}

func link(target string) func(string) error {
	return func(dir string) error { return os.Symlink(target, dir+"/x") }
}

// links makes one link in, and another that goes through it: by the letters of its
// name the latter stays inside.
func links(target, in, through, name string) func(string) error {
	return func(dir string) error {
		return errors.Join(os.MkdirAll(filepath.Join(dir, target), 0o755), os.Symlink(target, filepath.Join(dir, in)), os.Symlink(through, filepath.Join(dir, name)))
	}
}

func socket(path string) error {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	here, err := os.Open(filepath.Dir(path)) // the path itself may be too long for an address
	if err != nil {
		return err
	}
	defer here.Close()
	return errors.Join(syscall.Bind(fd, &syscall.SockaddrUnix{Name: "/proc/self/fd/" + strconv.Itoa(int(here.Fd())) + "/" + filepath.Base(path)}), syscall.Close(fd))
}

func TestScanStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Scan(ctx, put(t, map[string]string{"a": ""}), html, true); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Root reads everything: what cannot be read shows as another user.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("SITE_TEST_UNREADABLE")
	if dir == "" {
		dir = put(t, map[string]string{"index.html": "", "locked": "secret", "closed/inside": ""})
		if err := errors.Join(os.Chmod(dir+"/locked", 0), os.Chmod(dir+"/closed", 0), os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(dir+"/closed", 0o755) })
		if os.Geteuid() == 0 {
			cmd := exec.Command("/proc/self/exe", "-test.run", "^TestUnreadable$", "-test.v")
			cmd.Env = append(os.Environ(), "SITE_TEST_UNREADABLE="+dir)
			cmd.Dir = "/"
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestUnreadable") {
				t.Errorf("as an ordinary user: %v\n%s", err, out)
			}
			return
		}
	}
	_, err := Scan(t.Context(), dir, html, true)
	for _, want := range []string{`"locked" cannot be read`, "closed: permission denied"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}
