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
	// fails are all checks that must refuse it, of those that are for the
	// fixture's profile; the others must not. None may be for a profile: then
	// such an image is good.
	fails []string
	// want is in what the first of them says.
	want string
}

// badCases are those of every profile, and those that mean something else in
// another.
func badCases(p Profile) []badCase {
	return slices.Concat(elfCases(), linkCases(p), tableCases(p), fileCases(), contentCases(), symlinkCases(), sizeCases(p), layerCases(), configCases(),
		map[Profile][]badCase{
			Static:  slices.Concat(staticCases(), scratchCases()),
			Dynamic: slices.Concat(loadCases(), libraryCases(), scratchCases()),
			Debug:   slices.Concat(loadCases(), debugCases()),
		}[p])
}

// refusals are the names of the checks that must refuse the case, sorted.
func (c badCase) refusals(p Profile) []string {
	names := slices.DeleteFunc(slices.Clone(c.fails), func(name string) bool { return !slices.Contains(checkNames(Checks(p)), name) })
	slices.Sort(names)
	return names
}

func TestGoodImagePasses(t *testing.T) {
	t.Parallel()
	for _, p := range every {
		results, err := Run(t.Context(), goodFixture(p).build(t))
		if err != nil {
			t.Error(err)
		}
		var ran []Check
		for _, r := range results {
			ran = append(ran, r.Check)
			if r.Err != nil {
				t.Errorf("%v: %s: %v", p, r.Check.Name, r.Err)
			}
		}
		if got, want := checkNames(ran), checkNames(Checks(p)); !slices.Equal(got, want) {
			t.Errorf("%v: results of %q, want %q", p, got, want)
		}
	}
}

func TestBadImagesAreRefused(t *testing.T) {
	t.Parallel()
	for _, p := range every {
		for _, c := range badCases(p) {
			t.Run(p.String()+"/"+c.fails[0]+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				if i := slices.IndexFunc(c.fails, func(name string) bool { return !slices.Contains(checkNames(All()), name) }); i >= 0 {
					t.Fatalf("there is no check %q", c.fails[i])
				}
				f := goodFixture(p)
				c.spoil(f)
				failures := runAll(t, f.build(t))
				if got, want := names(failures), c.refusals(p); !slices.Equal(got, want) {
					t.Fatalf("refused by %q, want %q: %v", got, want, failures)
				}
				first := func(name string) bool { return failures[name] != nil }
				if i := slices.IndexFunc(c.fails, first); i >= 0 && !strings.Contains(failures[c.fails[i]].Error(), c.want) {
					t.Errorf("%q does not say %q", failures[c.fails[i]], c.want)
				}
			})
		}
	}
}

// A check that no case makes fail might be one that cannot fail.
func TestEveryCheckCanFailByItself(t *testing.T) {
	t.Parallel()
	for _, p := range every {
		for _, c := range Checks(p) {
			alone := func(b badCase) bool { return slices.Equal(b.refusals(p), []string{c.Name}) }
			if !slices.ContainsFunc(badCases(p), alone) {
				t.Errorf("no bad case of a %v image that %s alone refuses", p, c.Name)
			}
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
	for _, p := range every {
		for _, binary := range []string{"usr/sbin/other", "usr/sbin", "var/log/nginx/access.log", ""} {
			f := goodFixture(p)
			f.subject.Binary = binary
			f.subject.Try = nil
			s := f.build(t)
			for _, c := range Checks(p) {
				err := c.Run(t.Context(), s)
				if want := slices.Contains(treeNames(), c.Name); (err != nil) != want || errors.Is(err, ErrSkipped) {
					t.Errorf("%v: %s of %q: %v", p, c.Name, binary, err)
				}
			}
		}
	}
}

func TestRunJoinsFailures(t *testing.T) {
	t.Parallel()
	f := goodFixture(Static)
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
	f := goodFixture(Static)
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
	if len(results) > 0 {
		t.Errorf("%d results of checks of which one was interrupted, want none", len(results))
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
	results, err := Run(t.Context(), s)
	failures := map[string]error{}
	for _, r := range results {
		if r.Err != nil && !r.Skipped() {
			failures[r.Check.Name] = r.Err
		}
	}
	if (err != nil) != (len(failures) > 0) {
		t.Errorf("error %v for %d failures", err, len(failures))
	}
	return failures
}

func checkNames(checks []Check) []string {
	var names []string
	for _, c := range checks {
		names = append(names, c.Name)
	}
	return names
}

func names(failures map[string]error) []string {
	var names []string
	for name := range failures {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
