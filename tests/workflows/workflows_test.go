package workflows

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

// files are the workflows of the project.
func files(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(found) < 2 {
		t.Fatalf("%d workflows, %v", len(found), err)
	}
	return found
}

func lint(t *testing.T, name string, text []byte) []string {
	t.Helper()
	// Without the programs that it would run if this machine happened to have them.
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{Shellcheck: "", Pyflakes: ""})
	if err != nil {
		t.Fatal(err)
	}
	problems, err := linter.Lint(name, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.Error())
	}
	return lines
}

func parse(t *testing.T, text []byte) *actionlint.Workflow {
	t.Helper()
	w, problems := actionlint.Parse(text)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return w
}

func TestWorkflows(t *testing.T) {
	t.Parallel()
	for _, file := range files(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range slices.Concat(lint(t, file, text), broken(parse(t, text), string(text))) {
			t.Errorf("%s: %s", filepath.Base(file), problem)
		}
	}
}

// The rules find what they are for: each change to a good workflow is one that
// they refuse.
func TestRules(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("testdata/good.yml")
	if err != nil {
		t.Fatal(err)
	}
	if problems := slices.Concat(lint(t, "good.yml", good), broken(parse(t, good), string(good))); len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range []struct{ name, old, replacement, want string }{
		{"a tag", "@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "@v5", "is not pinned by its commit"},
		{"a short commit", "@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "@08c6903", "is not pinned by its commit"},
		{"no release", " # v5.0.0", "", "does not end in the release"},
		{"a branch for a release", "# v5.0.0", "# main", "does not end in the release"},
		{"credentials", "persist-credentials: false", "persist-credentials: true", "leaves its credentials behind"},
		{"permissions for all", "permissions: {}", "permissions: read-all", "its permissions must be {}"},
		{"some permissions for all", "permissions: {}", "permissions: {contents: write}", "its permissions must be {}"},
		{"no permissions", "permissions: {}\n", "", "its permissions must be {}"},
		{"a job without permissions", "    permissions:\n      contents: read\n      id-token: write\n", "", "does not list its permissions"},
		{"an identity for nothing", "-keyless", "", "signs nothing"},
		{"no timeout", "    timeout-minutes: 5\n", "", "no timeout-minutes"},
		{"no group", "concurrency: {group: good}\n", "", "no concurrency group"},
		{"an expression in a script", `"$REF"`, `"${{ github.ref }}"`, "hand it over in env"},
		{"a job that is not there", "runs-on: ubuntu-24.04", "runs-on: ubuntu-24.04\n    needs: nobody", "nobody"},
		{"a runner that is not there", "runs-on: ubuntu-24.04", "runs-on: ubuntu-1.0", "ubuntu-1.0"},
		{"an unknown context", "github.ref ", "github.reff ", "reff"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := bytes.Replace(good, []byte(c.old), []byte(c.replacement), 1)
			if bytes.Equal(text, good) {
				t.Fatal("nothing has changed")
			}
			problems := slices.Concat(lint(t, "good.yml", text), broken(parse(t, text), string(text)))
			if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, c.want) }) {
				t.Errorf("got %q, want %s", problems, c.want)
			}
		})
	}
}
