package recipe_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/recipe"
)

// entryFiles writes the source of nginx-entry and returns the names of its C files,
// without those that are not wanted.
func entryFiles(t *testing.T, dir string, without ...string) []string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("there is no gcc")
	}
	components := plan(t, "amd64", toolchain)
	entry := components[slices.IndexFunc(components, func(c recipe.Component) bool { return c.Name == recipe.Entry })]
	var names []string
	for name, text := range entry.Files {
		write(t, filepath.Join(dir, name), text)
		if strings.HasSuffix(name, ".c") && !slices.Contains(without, name) {
			names = append(names, name)
		}
	}
	return names
}

// The sanitizers end a program that does more than C allows.
var sanitized = []string{"gcc", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"}

// container is nginx-entry on this machine: what it becomes is a program that prints its
// arguments, and it starts in the one folder that has all others.
type container struct {
	t       *testing.T
	dir     string
	program string
}

// compiled is the program for all tests: with the sanitizers that takes seconds.
var compiled struct {
	sync.Once

	dir string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if err := os.RemoveAll(compiled.dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func newContainer(t *testing.T) container {
	t.Helper()
	compiled.Do(func() {
		dir, err := os.MkdirTemp("", "nginx-entry-") //nolint:usetesting // it outlives this test
		if err != nil {
			t.Fatal(err)
		}
		compiled.dir = dir
		names := entryFiles(t, dir, "relro.c")
		gcc(t, dir, slices.Concat(sanitized, []string{
			`-DENTRY_PLACE="shm/nginx"`, `-DENTRY_PROGRAM="/bin/echo"`, `-DENTRY_RESOLV="resolv.conf"`, "-o", recipe.Entry,
		}, names))
	})
	c := container{t: t, dir: t.TempDir(), program: filepath.Join(compiled.dir, recipe.Entry)}
	for _, name := range []string{"shm", "templates", "bin"} {
		if err := os.Mkdir(c.path(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func (c container) path(name string) string { return filepath.Join(c.dir, filepath.FromSlash(name)) }

func (c container) write(name, text string) {
	c.t.Helper()
	if err := os.MkdirAll(filepath.Dir(c.path(name)), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(c.path(name), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c container) read(name string) string {
	c.t.Helper()
	text, err := os.ReadFile(c.path(name))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

// run starts it as an engine would; output is stdout and stderr.
func (c container) run(env []string, argv ...string) (code int, output string) {
	c.t.Helper()
	cmd := exec.Command(c.program, argv...)
	cmd.Dir = c.dir
	cmd.Env = append([]string{"NGINX_ENVSUBST_TEMPLATE_DIR=" + c.path("templates")}, env...)
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), string(out)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return 0, string(out)
}

// Values go where ${NAME} stands; all else stays as it is, nginx's variables first.
func TestEntryExpands(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	env := []string{"HOST=example.com", "EMPTY=", "A=$HOST ${HOST}", "uri=/evil", "LINES=a;\nb;", "_1=one", "HOSTS=many", "Mixed=yes", "X-Y=no"}
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":            {"", ""},
		"braces":             {"server_name ${HOST};", "server_name example.com;"},
		"capitals":           {"server_name $HOST;", "server_name example.com;"},
		"empty":              {"[${EMPTY}]", "[]"},
		"undefined":          {"${NOTHING} $NOTHING", "${NOTHING} $NOTHING"},
		"nginx's own":        {"try_files $uri $uri/ =404;", "try_files $uri $uri/ =404;"},
		"mixed case":         {"$Mixed ${Mixed}", "$Mixed yes"},
		"once":               {"${A}", "$HOST ${HOST}"},
		"several lines":      {"${LINES}", "a;\nb;"},
		"longest name":       {"$HOSTS $HOST_ ${HOST}S", "many $HOST_ example.comS"},
		"underscore, digit":  {"$_1 ${_1} $1", "one one $1"},
		"two dollars":        {"$$HOST $${HOST}$", "$example.com $example.com$"},
		"not closed":         {"${HOST", "${HOST"},
		"not closed, again":  {"${HOST ${HOST}", "${HOST example.com"},
		"no name":            {"${} ${1A} ${-} $", "${} ${1A} ${-} $"},
		"shell's own syntax": {"${HOST:-x} ${HOST%.com}", "${HOST:-x} ${HOST%.com}"},
		"no identifier":      {"${X-Y}", "${X-Y}"},
		"bytes":              {"\x00\xff$HOST\x00", "\x00\xffexample.com\x00"},
		"over a buffer":      {strings.Repeat("x", 4090) + "${HOST}" + strings.Repeat("y", 9000), strings.Repeat("x", 4090) + "example.com" + strings.Repeat("y", 9000)},
	} {
		c.write("templates/t.conf.template", tt.text)
		if code, output := c.run(env, "nginx", "-t"); code != 0 || output != "-t\n" {
			t.Fatalf("%s: ended with %d, %q", name, code, output)
		}
		if got := c.read("shm/nginx/conf.d/t.conf"); got != tt.want {
			t.Errorf("%s: got %.200q, want %.200q", name, got, tt.want)
		}
	}
}

// Whatever a template and its filter are, the program ends as it should: the sanitizers
// watch, and the text is what a few lines of Go make of it.
func TestEntryExpandsAnything(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	random := rand.New(rand.NewPCG(3, 4))
	values := map[string]string{"A": "$B", "B": "${A}", "AB": "", "LONG": strings.Repeat("v", 5000)}
	var env []string
	for name, value := range values {
		env = append(env, name+"="+value)
	}
	pieces := []string{"$", "{", "}", "A", "B", "AB", "LONG", "a", "1", "_", " ", "\n", "\x00", "\xff", "${A}", "$B", strings.Repeat("x", 4093)}
	reference := regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$([A-Za-z_][A-Za-z0-9_]*)`)
	for range 60 {
		var text bytes.Buffer
		for range random.IntN(60) {
			text.WriteString(pieces[random.IntN(len(pieces))])
		}
		want := reference.ReplaceAllFunc(text.Bytes(), func(found []byte) []byte {
			name := strings.Trim(string(found), "${}")
			value, defined := values[name]
			if !defined || found[1] != '{' && strings.ToUpper(name) != name {
				return found
			}
			return []byte(value)
		})
		c.write("templates/t.conf.template", text.String())
		if code, output := c.run(env, "nginx"); code != 0 {
			t.Fatalf("%q: ended with %d, %q", text.String(), code, output)
		}
		if got := c.read("shm/nginx/conf.d/t.conf"); got != string(want) {
			t.Fatalf("%.300q becomes %.300q, want %.300q", text.String(), got, want)
		}
	}
}

func TestEntryFilter(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	c.write("templates/t.conf.template", "${APP_A} ${APP_B} ${OTHER}")
	for filter, want := range map[string]string{
		"":              "a b o",
		"^APP_":         "a b ${OTHER}",
		"APP_[A]$":      "a ${APP_B} ${OTHER}",
		"^(OTHER|.*B)$": "${APP_A} b o",
		"^$":            "${APP_A} ${APP_B} ${OTHER}",
	} {
		code, output := c.run([]string{"APP_A=a", "APP_B=b", "OTHER=o", "NGINX_ENVSUBST_FILTER=" + filter}, "nginx")
		if code != 0 {
			t.Fatalf("%s: ended with %d, %q", filter, code, output)
		}
		if got := c.read("shm/nginx/conf.d/t.conf"); got != want {
			t.Errorf("%s: got %q, want %q", filter, got, want)
		}
	}
}

// Patterns mean what they mean to Go's engine, wherever both know the words.
func TestEntryPatterns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	entryFiles(t, dir)
	driver, err := os.ReadFile("testdata/pattern.c")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "driver.c"), driver, 0o600); err != nil {
		t.Fatal(err)
	}
	gcc(t, dir, slices.Concat(sanitized, []string{"-o", "pattern", "driver.c", "pattern.c", "say.c", "memory.c"}))
	program := filepath.Join(dir, "pattern")

	random := rand.New(rand.NewPCG(5, 6))
	names := []string{""}
	for range 40 {
		var name strings.Builder
		for range random.IntN(8) {
			name.WriteByte("AB_1a"[random.IntN(5)])
		}
		names = append(names, name.String())
	}
	pieces := []string{"A", "B", "_", "1", "a", ".", "*", "+", "?", "|", "(", ")", "^", "$", "[AB]", "[^A]", "[A-Z]", "[[:digit:]]", "[]a]", "{2}", "{1,2}", "{0,}", `\.`, "(A|B)", "()"}
	compared := 0
	for range 400 {
		var pattern strings.Builder
		for range 1 + random.IntN(7) {
			pattern.WriteString(pieces[random.IntN(len(pieces))])
		}
		output, err := exec.Command(program, append([]string{pattern.String()}, names...)...).CombinedOutput()
		meaning, unknown := regexp.Compile("(?s)" + pattern.String())
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			if exit.ExitCode() != 1 || !strings.HasPrefix(string(output), "nginx-entry: NGINX_ENVSUBST_FILTER is "+pattern.String()+": ") {
				t.Fatalf("%s: %v\n%s", pattern.String(), err, output)
			}
			if unknown == nil && !strings.Contains(string(output), "there is nothing to repeat") {
				t.Errorf("%s is refused: %s", pattern.String(), output)
			}
			continue
		}
		// "A**" and "A+?" are repeats of repeats in an ERE, and something else to Go.
		if unknown != nil || regexp.MustCompile(`[*+?}][*+?{]`).MatchString(pattern.String()) {
			continue
		}
		compared++
		for i, line := range strings.Fields(string(output)) {
			if want := meaning.MatchString(names[i]); (line == "1") != want {
				t.Errorf("%s finds %q: %s, want %v", pattern.String(), names[i], line, want)
			}
		}
	}
	if compared < 100 {
		t.Errorf("only %d patterns were compared", compared)
	}
}

func TestEntryRefusesPatterns(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	c.write("templates/t.conf.template", "${A}")
	for pattern, want := range map[string]string{
		"(":                         "a parenthesis is not closed",
		"a)":                        "a parenthesis is not opened",
		"[a":                        "a bracket is not closed",
		"[":                         "a bracket is not closed",
		"[b-a]":                     "a range is the wrong way round",
		"[[:blank:]]":               "it has a class that names are not made of",
		"*":                         "there is nothing to repeat",
		"a{":                        "a number of repeats is missing",
		"a{2,1}":                    "a number of repeats makes no sense",
		"a{1":                       "a number of repeats makes no sense",
		"a{256}":                    "it repeats more than 255 times",
		`a\`:                        "it ends in a backslash",
		"((((a{99}){99}){99}){99})": "it is too long",
		strings.Repeat("a", 5000):   "it is too long",
		strings.Repeat("[a]", 300):  "it has too many brackets",
		strings.Repeat("(", 300):    "its parentheses are too deep",
	} {
		code, output := c.run([]string{"A=a", "NGINX_ENVSUBST_FILTER=" + pattern}, "nginx")
		if want := "nginx-entry: NGINX_ENVSUBST_FILTER is " + pattern + ": " + want + "\n"; code != 1 || output != want {
			t.Errorf("%.50s: ended with %d, %q, want 1, %q", pattern, code, output, want)
		}
	}
}
