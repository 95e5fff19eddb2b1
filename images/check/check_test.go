package check

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

// A badCase spoils one thing in a good subject.
type badCase struct {
	name  string
	spoil func(*fixture)
	// fails are all checks that must refuse it; the others must not.
	fails []string
	// want is in what the first of them says.
	want string
}

func badCases() []badCase {
	return slices.Concat(elfCases(), linkCases(), dynamicCases(), fileCases(), contentCases(), symlinkCases(), sizeCases(), layerCases(), configCases())
}

func TestGoodImagePasses(t *testing.T) {
	t.Parallel()
	results, err := Run(t.Context(), goodFixture().build(t))
	if err != nil {
		t.Error(err)
	}
	if len(results) != len(All()) {
		t.Errorf("%d results of %d checks", len(results), len(All()))
	}
	for _, r := range results {
		if r.Err != nil {
			t.Errorf("%s: %v", r.Check.Name, r.Err)
		}
	}
}

func TestBadImagesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range badCases() {
		t.Run(c.fails[0]+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			f := goodFixture()
			c.spoil(f)
			failures := runAll(t, f.build(t))
			if got, want := names(failures), slices.Sorted(slices.Values(c.fails)); !slices.Equal(got, want) {
				t.Fatalf("refused by %q, want %q: %v", got, want, failures)
			}
			if got := failures[c.fails[0]]; !strings.Contains(got.Error(), c.want) {
				t.Errorf("%q does not say %q", got, c.want)
			}
		})
	}
}

// A check that no case makes fail might be one that cannot fail.
func TestEveryCheckCanFailByItself(t *testing.T) {
	t.Parallel()
	for _, c := range All() {
		alone := func(b badCase) bool { return slices.Equal(b.fails, []string{c.Name}) }
		if !slices.ContainsFunc(badCases(), alone) {
			t.Errorf("no bad case that %s alone refuses", c.Name)
		}
	}
}

func TestEveryCheckExplainsItself(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range All() {
		if seen[c.Name] || c.Name == "" || strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyz-") != "" {
			t.Errorf("%q is not a name, or not the only one", c.Name)
		}
		seen[c.Name] = true
		for _, text := range []string{c.Explain, c.Remedy} {
			if len(text) < 20 || !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %q is not a sentence", c.Name, text)
			}
		}
	}
}

// Where the program is missing no check that reads the tree has anything to
// judge, so none may pass.
func TestNothingToJudgeIsNoPass(t *testing.T) {
	t.Parallel()
	for _, binary := range []string{"usr/sbin/other", "usr/sbin", "var/log/nginx/access.log", ""} {
		f := goodFixture()
		f.subject.Binary = binary
		f.subject.Try = nil
		s := f.build(t)
		for _, c := range All() {
			err := c.Run(t.Context(), s)
			if want := slices.Contains(treeNames(), c.Name); (err != nil) != want || errors.Is(err, ErrSkipped) {
				t.Errorf("%s of %q: %v", c.Name, binary, err)
			}
		}
	}
}

func TestRunJoinsFailures(t *testing.T) {
	t.Parallel()
	f := goodFixture()
	f.put("usr/share/nginx/html/index.html", 0o646, "x")
	f.config.Config.StopSignal = ""
	_, err := Run(t.Context(), f.build(t))
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 2 {
		t.Fatalf("not two failures: %v", err)
	}
	var failure *Failure
	if !errors.As(joined.Unwrap()[0], &failure) || failure.Check != "world-writable" || failure.Unwrap() == nil {
		t.Errorf("first failure is %#v", failure)
	}
	for _, want := range []string{"world-writable: usr/share/nginx/html/index.html is mode 0646", failure.Remedy, "image-config: the stop signal"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestRunStopsWhenCancelled(t *testing.T) {
	t.Parallel()
	f := goodFixture()
	ctx, cancel := context.WithCancel(t.Context())
	f.subject.Try = func(ctx context.Context, _ ...string) (string, error) {
		cancel()
		return "", ctx.Err()
	}
	results, err := Run(ctx, f.build(t))
	var failure *Failure
	if !errors.Is(err, context.Canceled) || errors.As(err, &failure) {
		t.Errorf("error is %v, want only that the context is cancelled", err)
	}
	if len(results) != len(All())-1 {
		t.Errorf("%d results, want all but the interrupted one", len(results))
	}
}

func TestRunWantsTreeAndImage(t *testing.T) {
	t.Parallel()
	if _, err := Run(t.Context(), Subject{}); err == nil {
		t.Error("an empty subject passes")
	}
}

// runAll returns what each check that refuses s says.
func runAll(t *testing.T, s Subject) map[string]error {
	t.Helper()
	failures := map[string]error{}
	for _, c := range All() {
		if err := c.Run(t.Context(), s); err != nil && !errors.Is(err, ErrSkipped) {
			failures[c.Name] = err
		}
	}
	return failures
}

func names(failures map[string]error) []string {
	var names []string
	for name := range failures {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
