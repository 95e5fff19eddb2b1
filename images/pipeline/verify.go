package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/nginx-scratch/nginx-scratch/images/content"
	"github.com/nginx-scratch/nginx-scratch/images/keys"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/publish"
	"github.com/nginx-scratch/nginx-scratch/images/verify"
)

// VerifyOptions say what an image must be.
type VerifyOptions struct {
	Key      string // file of the public key of its maker
	Builder  string // address of who must have built it
	Source   string // address of the repository it must be from
	Rebuild  bool   // make it again, and compare
	Insecure bool   // http is good enough
	// Update writes down the digests of what was built last, which must be a definition's.
	Update bool

	Rebuilding
}

// Verify holds the last build of a definition against a second one, as VerifyBuild does;
// or an image, in a registry or a layout, against what its maker has signed,
// a policy and, where that is asked for, what is built from this checkout. It prints a
// line for each check, and returns the reference by digest if all that was asked for is
// so. Else the error is a *VerdictError, or that of the way to the image.
func Verify(ctx context.Context, o Options, word string, v VerifyOptions) (reference string, err error) {
	switch built := o.defines(word); {
	case built && (v.Key != "" || v.Builder != "" || v.Source != "" || v.Insecure || v.Rebuild):
		return "", fmt.Errorf("%s is what was built here, and is built again: -key, -builder, -source, -rebuild and -insecure are for images in a registry or a layout", word)
	case built:
		o.Name = word
		return VerifyBuild(ctx, o, v.Rebuilding, v.Update)
	case v.Update:
		return "", errors.New("-update writes the digests of what was built here: name a definition, such as static")
	}
	out := progress.New(o.Stderr, o.Terminal, o.Now)
	defer out.Close()
	policy, err := v.policy()
	if err != nil {
		return "", err
	}
	task := out.Start("reading "+word, 0)
	found, report, err := o.inspect(ctx, word, v, policy, out)
	task.Done(err)
	if err != nil {
		return "", fmt.Errorf("verifying %s: %w", word, err)
	}
	if v.Rebuild {
		if err := o.rebuilt(ctx, found, &report, v.Rebuilding, out); err != nil {
			return "", fmt.Errorf("verifying %s: %w", word, err)
		}
	}
	if err := o.print(report); err != nil {
		return "", err
	}
	return found.reference, verdict(word, report)
}

// policy reads the key.
func (v VerifyOptions) policy() (verify.Policy, error) {
	p := verify.Policy{Builder: v.Builder, Source: v.Source, Limits: content.DefaultLimits}
	if v.Key == "" {
		if v.Builder != "" || v.Source != "" {
			return p, errors.New("who built an image, and from what, is believed of whoever signed it: name their public key with -key")
		}
		return p, nil
	}
	data, err := os.ReadFile(v.Key)
	if err != nil {
		return p, fmt.Errorf("reading the public key: %w", err)
	}
	if p.Key, err = keys.Public(data); err != nil {
		return p, fmt.Errorf("%s: %w", v.Key, err)
	}
	return p, nil
}

// inspect checks what there is. An image that cannot be read as one is a failed check.
func (o Options) inspect(ctx context.Context, word string, v VerifyOptions, p verify.Policy, out *progress.Output) (opened, verify.Report, error) {
	found, err := o.open(ctx, word, v.Insecure, out)
	if errors.Is(err, content.ErrDamaged) && !errors.Is(err, publish.ErrMissing) {
		var report verify.Report
		report.Add("content", verify.Failed, err.Error())
		return found, report, nil
	}
	if err != nil {
		return found, verify.Report{}, err
	}
	report, err := verify.Image(ctx, found.Index, p)
	return found, report, err
}

var stateNames = map[verify.State]string{
	verify.OK: "ok", verify.Failed: "FAILED", verify.Unchecked: "not checked", verify.Unasked: "not asked",
}

// print writes a line for each check.
func (o Options) print(r verify.Report) error {
	t := tabwriter.NewWriter(o.Stderr, 0, 0, 2, ' ', 0)
	for _, c := range r.Results {
		if _, err := fmt.Fprintf(t, "%s\t%s\t%s\n", stateNames[c.State], c.Name, legible(c.Why)); err != nil {
			return fmt.Errorf("printing the checks: %w", err)
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("printing the checks: %w", err)
	}
	return nil
}

// legible is a text, parts of which are a stranger's, without what could steer a
// terminal.
func legible(text string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) && r != '\n' {
			return '?'
		}
		return r
	}, text)
}

// verdict is nil if all that was asked for is so.
func verdict(word string, r verify.Report) error {
	count := map[verify.State]int{}
	for _, c := range r.Results {
		count[c.State]++
	}
	switch {
	case count[verify.Failed] > 0:
		return &VerdictError{StatusFailed, fmt.Sprintf("%s is not what it should be: %d of %d checks failed", word, count[verify.Failed], len(r.Results))}
	case count[verify.Unchecked] > 0:
		return &VerdictError{StatusUnchecked, word + " is not verified: there was nothing to hold it against"}
	}
	return nil
}
