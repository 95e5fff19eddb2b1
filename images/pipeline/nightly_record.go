package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// record is what a nightly run notes before it changes anything.
type record struct {
	Before []edit   `json:"before"` // files as they were
	After  []edit   `json:"after"`  // and as the run wants them
	Reason []string `json:"reason"`
	// Digest is of the image once its tests have passed, and Entry what the
	// changelog gets when it is published.
	Digest string `json:"digest"`
	Entry  string `json:"entry"`
}

const (
	recordFile    = "run.json"
	changelogFile = "changelog.md"
)

// recover deals with what a run that was killed has left. A lock that was not
// tested is put back, unless somebody has changed it since; one that was is kept.
func (r *night) recover() error {
	data, err := os.ReadFile(filepath.Join(r.notes(), recordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(data, &r.record)
	}
	if err != nil {
		return fmt.Errorf("reading what the last run has left: %w: remove %s and look at what git says of images/", err, filepath.Join(r.notes(), recordFile))
	}
	if r.record.Digest != "" {
		return nil
	}
	return r.putBack("the last run did not get to its end: the lock is as it was before")
}

// note writes down what is about to be changed. What an earlier run has tested is
// still to be published.
func (r *night) note(e edits) error {
	var before, after []edit
	for _, f := range e.files {
		data, err := os.ReadFile(filepath.Join(r.Repository, filepath.FromSlash(f.Path)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			before = append(before, edit{Path: f.Path}) // without data: to be removed
		case err != nil:
			return err
		case bytes.Equal(data, f.Data):
			continue
		default:
			before = append(before, edit{f.Path, data})
		}
		after = append(after, f)
	}
	r.record.Before, r.record.After = before, after
	if len(e.reasons) > 0 {
		r.record.Reason = e.reasons
	}
	if len(after) == 0 && r.record.Digest == "" {
		return nil
	}
	return r.record.write(r.notes())
}

// putBack undoes what note was about, and forgets it.
func (r *night) putBack(why string) error {
	for i, f := range r.record.Before {
		path := filepath.Join(r.Repository, filepath.FromSlash(f.Path))
		now, err := os.ReadFile(path)
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		case err != nil || !bytes.Equal(now, r.record.After[i].Data):
			continue // it was not written yet, or is somebody else's
		case f.Data == nil:
			err = os.Remove(path)
		default:
			err = replaceFile(path, f.Data)
		}
		if err != nil {
			return fmt.Errorf("putting back %s: %w", f.Path, err)
		}
	}
	if len(r.record.Before) > 0 && why != "" {
		r.out.Note(why)
	}
	if r.record.Digest != "" { // of an earlier run, and still to be published
		r.record.Before, r.record.After = nil, nil
		return r.record.write(r.notes())
	}
	return r.forget()
}

// finish keeps the lock, and writes the changelog for what is published now.
func (r *night) finish() error {
	if r.record.Digest == r.digest && r.record.Entry != "" {
		if err := addEntry(filepath.Join(r.notes(), changelogFile), r.record.Entry); err != nil {
			return fmt.Errorf("writing the changelog: %w", err)
		}
	}
	return r.forget()
}

func (r *night) forget() error {
	r.record = record{}
	if err := os.Remove(filepath.Join(r.notes(), recordFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (r record) write(dir string) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("noting what is about to change: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, recordFile), data)
}

// addEntry puts an entry before all others, once.
func addEntry(path, entry string) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if bytes.HasPrefix(old, []byte(entry)) {
		return nil
	}
	if len(old) > 0 {
		entry += "\n"
	}
	return replaceFile(path, append([]byte(entry), old...))
}
