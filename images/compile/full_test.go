package compile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const big = 300_000 // bytes: more than fits on the small disk

// full are kits that need more than the disk has, at different moments.
var full = map[string]struct {
	change func(*kit)
	want   string // what the error says of the moment
}{
	"unpacking": {
		func(k *kit) { k.files["app"] = map[string]string{"big": strings.Repeat("a", big)} },
		`app-1.tar.gz: unpacking /dir/inputs/app-1.tar.gz: entry "app-1/big": write /dir/cache/` + `work/app-`,
	},
	"patching": {
		func(k *kit) {
			text := strings.Repeat("a\n", big/2)
			patch := "--- /dev/null\n+++ b/big\n@@ -0,0 +1," + strconv.Itoa(big/2) + " @@\n+" + strings.ReplaceAll(text[:big-1], "\n", "\n+") + "\n"
			k.series["app"]["greet.patch"] = []byte(patch + greetPatch)
			k.patches["app"][0].SHA256 = sum(k.series["app"]["greet.patch"])
		},
		"applying greet.patch: ",
	},
	"logging": {func(k *kit) { k.steps["app"] = append(k.steps["app"], []string{"count", "40000"}) }, "writing the log: write "},
	"installing": {func(k *kit) {
		k.steps["app"] = append(k.steps["app"], []string{"fill", "big", strconv.Itoa(big)})
	}, `running "fill": write /dir/cache/` + `work/app-`},
}

// fullProgram compiles on a disk of its own that has little room, then makes
// room and compiles again.
func fullProgram(moment, dir string) error {
	cache := filepath.Join(dir, "cache")
	k := newKit(program{}, dir, full[moment].change)
	if err := os.Mkdir(cache, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", cache, "tmpfs", 0, "size=1M"); err != nil {
		return fmt.Errorf("mounting: %w", err)
	}
	other := filepath.Join(cache, "other")
	if err := write(other, string(make([]byte, 800<<10))); err != nil {
		return err
	}
	_, err := k.Component(program{}.Context(), "app")
	fmt.Fprintln(os.Stdout, "full:", strings.ReplaceAll(fmt.Sprint(err), dir, "/dir"))
	if got := strings.Join(k.compiled(program{}), " "); got != "lib" {
		return fmt.Errorf("compiled %q", got)
	}
	k.clean(program{})
	if err := os.Remove(other); err != nil {
		return err
	}
	newKit(program{}, dir, full[moment].change).component(program{})
	return nil
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	for moment, test := range full {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			cmd := command(t, "full", moment, t.TempDir())
			cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
			if os.Getuid() != 0 {
				cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
				cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
				cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
			}
			out, err := cmd.StdoutPipe()
			if err == nil {
				err = cmd.Start()
			}
			if errors.Is(err, os.ErrPermission) {
				t.Skipf("a small disk needs a mount namespace: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			var printed bytes.Buffer
			_, err = io.Copy(&printed, out)
			if err := errors.Join(err, cmd.Wait()); err != nil {
				if strings.Contains(printed.String(), "error: mounting: ") {
					t.Skipf("a small disk needs the right to mount: %s", &printed)
				}
				t.Fatalf("%v: %s", err, &printed)
			}
			want := "full: compiling app 1: the disk of /dir/cache is full, free some and run again: " + test.want
			if !strings.HasPrefix(printed.String(), want) || !strings.Contains(printed.String(), ": no space left on device\n") {
				t.Errorf("printed %q\nwant %q", &printed, want)
			}
		})
	}
}
