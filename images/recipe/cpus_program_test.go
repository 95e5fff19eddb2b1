package recipe_test

import (
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Whatever the files say, there is an answer between one and the CPUs of the machine:
// the sanitizers end the program where it does more than read.
func TestCPUsOfRandomMachines(t *testing.T) {
	t.Parallel()
	program := asker(t)
	random := rand.New(rand.NewPCG(1, 2))
	var roots []string
	var machines []machine
	for range 500 {
		m := maps.Clone(cpuTests[random.IntN(len(cpuTests))].machine)
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if !strings.HasSuffix(name, "->") {
				m[name] = spoil(random, m[name])
			}
		}
		machines, roots = append(machines, m), append(roots, m.write(t))
	}
	for i, got := range ask(t, program, 64, roots...) {
		if got < 1 || got > 64 {
			t.Errorf("%d CPUs for %q", got, machines[i])
		}
	}
}

// spoil makes a few random changes of the kind that a parser trips over.
func spoil(random *rand.Rand, text string) string {
	pieces := []string{"", "\x00", "\n", " ", "/", ":", "-", ",", "..", "/..", "cpu", " - cgroup2 ", " - cgroup ", "max", "-1", "9223372036854775808", "\xff", strings.Repeat("/x", 5000)}
	for range random.IntN(5) {
		at := random.IntN(len(text) + 1)
		end := at + random.IntN(min(len(text)-at, 20)+1)
		text = text[:at] + pieces[random.IntN(len(pieces))] + text[end:]
	}
	if random.IntN(4) == 0 {
		text = text[:random.IntN(len(text)+1)]
	}
	return text
}

// What nginx is linked with reaches its calls, through link-time optimization and into
// a static program; the same program without the option shows the difference.
func TestCPUsOfALinkedProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	command := startup(t, dir)
	nginx := component(t, plan(t, runtime.GOARCH, toolchain), "nginx")
	words := strings.Join(step(t, nginx, "./configure").Argv, " ")
	const wrap = "-Wl,--wrap=sysconf"
	if !strings.Contains(words, "/cpus.o ") || !strings.Contains(words, " "+wrap+" ") {
		t.Fatalf("nginx is not linked with %s: %s", wrap, words)
	}
	gcc(t, dir, slices.Concat(command, []string{`-DCPUS_ROOT="."`, "-c", "cpus.c"}))
	source := "#include <stdio.h>\n#include <unistd.h>\nint main(void) { printf(\"%ld\\n\", sysconf(_SC_NPROCESSORS_ONLN)); }\n"
	write(t, filepath.Join(dir, "main.c"), source)
	// As nginx's own files are, and not as its start-up code is.
	command = slices.DeleteFunc(command, func(word string) bool { return word == "-fno-lto" })
	gcc(t, dir, slices.Concat(command, []string{"-o", "without", "relro.o", "main.c"}))
	gcc(t, dir, slices.Concat(command, []string{"-o", "with", "relro.o", "cpus.o", wrap, "-Wl,--gc-sections", "main.c"}))

	half, none := limit("50000 100000\n").write(t), machine{}.write(t)
	all := ask(t, filepath.Join(dir, "without"), 0, half)[0]
	if got := ask(t, filepath.Join(dir, "with"), 0, none)[0]; got != all {
		t.Errorf("without a quota, %d CPUs may be used, not %d", got, all)
	}
	if all == 1 {
		t.Skip("with one CPU, a quota makes no difference")
	}
	if got := ask(t, filepath.Join(dir, "with"), 0, half)[0]; got != 1 {
		t.Errorf("with a quota of a half, %d CPUs may be used", got)
	}
}

// asker compiles cpus.c with what prints its answers, and with sanitizers where the
// compiler has them.
func asker(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("there is no gcc")
	}
	argv := []string{"gcc", "-g", "-O1", "-Wall", "-Wextra", "-Werror", `-DCPUS_ROOT="."`, "-o", filepath.Join(t.TempDir(), "asker"), "startup/cpus.c", "testdata/cpus.c"}
	sanitized := slices.Concat(argv, []string{"-fsanitize=address,undefined", "-fno-sanitize-recover=all"})
	out, err := exec.Command(sanitized[0], sanitized[1:]...).CombinedOutput()
	if strings.Contains(string(out), "cannot find") { // the sanitizers' libraries
		t.Logf("without sanitizers: %s", out)
		gcc(t, ".", argv)
	} else if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return argv[8]
}

// ask runs a program in the place of nginx: in the first folder, and told of all.
func ask(t *testing.T, program string, cpus int, roots ...string) []int {
	t.Helper()
	cmd := exec.Command(program, append([]string{strconv.Itoa(cpus)}, roots...)...)
	cmd.Dir, cmd.Env = roots[0], []string{"ASAN_OPTIONS=detect_leaks=0"} // of which there is none to begin with
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var answers []int
	for word := range strings.FieldsSeq(string(out)) {
		n, err := strconv.Atoi(word)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		answers = append(answers, n)
	}
	return answers
}
