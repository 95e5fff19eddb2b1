package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
)

// Lock resolves the packages of a definition against the signed indexes of
// today and pins them in images/NAME.lock.json, whose path it returns; for one of
// components, it looks for newer sources of theirs. A lock
// that is there and good is left as it is unless update says otherwise; with
// some platforms only, the others keep what they have.
func Lock(ctx context.Context, o Options, update bool) (path string, err error) {
	out := progress.New(o.Stderr, o.Terminal, o.Now)
	defer out.Close()
	path = filepath.Join(o.Repository, filepath.FromSlash(lockFile(o.Name)))
	definition, err := loadDefinition(o.Repository, o.Name)
	if err != nil {
		return "", err
	}
	edits, err := o.relock(ctx, definition, update, out)
	if err != nil {
		return "", interrupted(ctx, err)
	}
	if err := o.apply(edits.files); err != nil {
		return "", err
	}
	if definition, err = loadDefinition(o.Repository, o.Name); err == nil {
		_, err = images.LoadLock(os.DirFS(o.Repository), lockFile(o.Name), definition)
	}
	if err != nil {
		return "", fmt.Errorf("reading back what was written: %w", err)
	}
	return path, nil
}

// edits are what a new lock changes.
type edits struct {
	files   []edit   // in the order in which they are written
	reasons []string // for people, a line each
}

// edit is a file of the repository, by its path there, and what is to be in it.
type edit struct {
	Path string `json:"path"`
	Data []byte `json:"data"`
}

// relock makes the new lock and writes nothing.
func (o Options) relock(ctx context.Context, d images.Definition, update bool, out *progress.Output) (edits, error) {
	if d.Alpine == nil {
		return o.lockSources(ctx, d, update, out)
	}
	return o.lockPackages(ctx, d, update, out)
}

// apply writes files, each old or new and never half.
func (o Options) apply(files []edit) error {
	for _, e := range files {
		if err := replaceFile(filepath.Join(o.Repository, filepath.FromSlash(e.Path)), e.Data); err != nil {
			return fmt.Errorf("writing %s: %w", e.Path, err)
		}
	}
	return nil
}

// lockPackages resolves the packages of a definition.
func (o Options) lockPackages(ctx context.Context, definition images.Definition, update bool, out *progress.Output) (edits, error) {
	if len(o.Platforms) == 0 {
		o.Platforms = []string{allPlatforms}
	}
	chosen, err := platforms(o.Platforms, definition)
	if err != nil {
		return edits{}, err
	}
	old, err := o.oldLock(definition, chosen, update)
	if err != nil {
		return edits{}, err
	}
	if !update { // what is locked stays
		chosen = slices.DeleteFunc(chosen, func(p string) bool { _, ok := old.Platform(p); return ok })
	}
	if len(chosen) == 0 {
		out.Note(lockFile(o.Name) + " has these platforms and matches the definition; -update asks the repositories for newer packages")
		return edits{}, nil
	}
	lock, reasons, err := o.resolve(ctx, definition, old, chosen, out)
	if err != nil {
		return edits{}, err
	}
	data, err := lock.Encode()
	return edits{files: []edit{{lockFile(o.Name), data}}, reasons: reasons}, err
}

// oldLock is what was locked before, empty where nothing was. It is read too
// when it is to be replaced: an index older than those it saw is refused. Made
// for another definition, it can only be replaced as a whole.
func (o Options) oldLock(d images.Definition, chosen []string, update bool) (images.LockedAlpine, error) {
	l, err := images.LoadLock(os.DirFS(o.Repository), lockFile(o.Name), d)
	switch {
	case err == nil:
		return *l.Alpine, nil
	case errors.Is(err, fs.ErrNotExist):
		return images.LockedAlpine{}, nil
	case !update:
		return images.LockedAlpine{}, fmt.Errorf("%w\nrun again with -update to make it anew", err)
	}
	mismatch := err
	l, err = images.ReadLock(os.DirFS(o.Repository), lockFile(o.Name))
	if err != nil {
		return images.LockedAlpine{}, fmt.Errorf("%w\nremove the file if nothing in it is of use", err)
	}
	if l.Alpine == nil || l.Alpine.Branch != d.Alpine.Branch {
		return images.LockedAlpine{}, nil // nothing of it says anything about this branch
	}
	for _, p := range l.Alpine.Platforms {
		if slices.Contains(d.Platforms, p.Platform) && !slices.Contains(chosen, p.Platform) {
			return images.LockedAlpine{}, fmt.Errorf("%w\nso what it has for %s is of no use either: run again without -platform", mismatch, p.Platform)
		}
	}
	return *l.Alpine, nil
}

// resolve makes the new lock, and says what is different from the old one.
func (o Options) resolve(ctx context.Context, d images.Definition, before images.LockedAlpine, chosen []string, out *progress.Output) (lock images.Lock, reasons []string, err error) {
	client, err := o.repository(d, out)
	if err != nil {
		return lock, nil, err
	}
	locked := images.LockedAlpine{Branch: d.Alpine.Branch, Repositories: d.Alpine.Repositories, Wanted: d.Alpine.Packages}
	for _, platform := range d.Platforms {
		was, there := before.Platform(platform)
		switch {
		case slices.Contains(chosen, platform):
			now, err := client.Lock(ctx, platform, was)
			if err != nil && len(chosen) > 1 {
				err = fmt.Errorf("%w\nthis was for %s: with -platform, only those that are named are locked", err, platform)
			}
			if err != nil {
				return lock, nil, err
			}
			lines := changes(was, now)
			if len(lines) == 0 {
				out.Note(platform + ": nothing has changed")
			}
			for _, line := range lines {
				out.Note(line)
			}
			reasons = append(reasons, lines...)
			locked.Platforms = append(locked.Platforms, now)
		case there:
			locked.Platforms = append(locked.Platforms, was)
		}
	}
	lock = images.Lock{Definition: d.Name, Alpine: &locked}
	for _, p := range locked.Platforms {
		for _, l := range p.Packages {
			lock.SourceDateEpoch = max(lock.SourceDateEpoch, l.Built)
		}
	}
	return lock, reasons, nil
}

// changes lists what is different, a line each.
func changes(was, now images.LockedPlatform) []string {
	var lines []string
	say := func(format string, args ...any) {
		lines = append(lines, now.Platform+": "+strings.TrimSpace(fmt.Sprintf(format, args...)))
	}
	for _, l := range now.Packages {
		old, ok := was.Package(l.Name)
		switch {
		case !ok:
			say("%s %s", l.Name, l.Version)
		case old.Version != l.Version:
			say("%s %s -> %s", l.Name, old.Version, l.Version)
		case old.Checksum != l.Checksum:
			say("%s %s was built again", l.Name, l.Version)
		}
	}
	for _, l := range was.Packages {
		if _, ok := now.Package(l.Name); !ok {
			say("%s %s is no longer needed", l.Name, l.Version)
		}
	}
	return lines
}

// replaceFile writes data to path, old or new and never half.
func replaceFile(path string, data []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	// Not WriteFile, which keeps the mode that the old one has.
	f, err := renameio.NewPendingFile(path, renameio.WithStaticPermissions(0o644), renameio.WithTempDir(filepath.Dir(path)))
	if err != nil {
		return err
	}
	defer func() { _ = f.Cleanup() }() // there is nothing left where all went well
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}
