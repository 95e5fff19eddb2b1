package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/verify"
)

var definitionName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// rebuilt makes the image again from what its provenance says, where this checkout and
// this machine have the same, and adds what comes of it to the report.
func (o Options) rebuilt(ctx context.Context, found opened, report *verify.Report, how Rebuilding, out *progress.Output) (err error) {
	const name = "rebuild"
	made := report.Made
	if made == nil {
		report.Add(name, verify.Unchecked, "there is no provenance that is believed, so nothing says what to build it from")
		return nil
	}
	if !definitionName.MatchString(made.Definition) {
		report.Add(name, verify.Failed, fmt.Sprintf("the provenance names the definition %q", made.Definition))
		return nil
	}
	o.Name, o.Base, o.Platforms = made.Definition, made.Base, made.Platforms
	if why, err := o.sameInputs(*made); err != nil || why != "" {
		report.Add(name, verify.Unchecked, why)
		return err
	}
	again, err := o.elsewhere(ctx, how, out)
	if err != nil {
		return err
	}
	defer again.close(&err)
	for _, e := range found.Images {
		state, why, err := again.compare(ctx, found, e, *made)
		if err != nil {
			return err
		}
		report.Add(name+" "+e.Platform, state, why)
	}
	return nil
}

// sameInputs says why this checkout cannot make what was made.
func (o Options) sameInputs(made attest.Made) (why string, err error) {
	b := builder{Options: o}
	own, err := b.ownInputs()
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Sprintf("this checkout has no definition %q", made.Definition), nil
	}
	if err != nil {
		return "", err
	}
	for _, in := range own {
		if want := made.Input(in.Name); want != in.SHA256 {
			return fmt.Sprintf("it was built with another %s than this checkout has: check out %s", in.Name, made.Source.Commit), nil
		}
	}
	return "", nil
}
