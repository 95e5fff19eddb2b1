package recipe_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
)

// The steps make a library that has a member of each source file, compiled with the
// flags of the component and, if it is hot, with those of hot files after them. The
// sources here say which: two of one name in two folders would be one member.
func TestArchive(t *testing.T) {
	t.Parallel()
	for name, hot := range map[string][]string{"libisal": nil, "brotli": {"c/enc/encode.c", "c/common"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, program := range []string{"gcc", "make"} {
				if _, err := exec.LookPath(program); err != nil {
					t.Skip("there is no " + program)
				}
			}
			d, l := committed(t)
			changed(name, func(c *images.Component) {
				c.Edits, c.Flags, c.Hot = nil, []string{"-DWARM=1"}, images.Hot{}
				if hot != nil {
					c.Hot = images.Hot{Flags: []string{"-UWARM", "-DWARM=2"}, Files: hot}
				}
			})(&d, &l)
			d.Flags.Compile, d.Flags.Since, d.Flags.Arch = []string{"-fno-lto"}, nil, nil
			p, err := recipe.Plan(d, l, runtime.GOARCH, toolchain)
			if err != nil {
				t.Fatal(err)
			}
			c := component(t, p, name)
			sources, members := archived(t, c)
			var want []string
			for i, source := range sources {
				folder := filepath.Dir(source)
				warm := 1
				if slices.Contains(hot, source) || slices.Contains(hot, folder) {
					warm = 2
				}
				want = append(want, fmt.Sprintf("source_%d_%d", i, warm))
			}
			slices.Sort(want)
			if !slices.Equal(members, want) {
				t.Errorf("the library has %q, not %q", members, want)
			}
		})
	}
}

// archived runs the steps up to make on files that define one name each, and returns
// the files, and the names that the library defines.
func archived(t *testing.T, c recipe.Component) (sources, names []string) {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"archive.mk": c.Files["archive.mk"]}
	var library string
	command := step(t, c, "make")
	for i, word := range command.Argv {
		switch name, value, _ := strings.Cut(word, "="); name {
		case "library":
			library = value
		case "sources":
			sources = strings.Fields(value)
		case "CC":
			command.Argv[i] = "CC=gcc" // with the machine's C library
		}
	}
	for i, source := range sources {
		files[source] = fmt.Sprintf("#define NAME(warm) NAME_(warm)\n#define NAME_(warm) source_%d_##warm\nint NAME(WARM);\n", i)
	}
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, file, text)
	}
	var out []byte
	for _, argv := range [][]string{hotStep(t, c).Argv, command.Argv, {"nm", "-g", library}} {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = dir
		var err error
		if out, err = cmd.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", argv, err, out)
		}
	}
	for word := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(word, "source_") {
			names = append(names, word)
		}
	}
	slices.Sort(names)
	return sources, names
}
