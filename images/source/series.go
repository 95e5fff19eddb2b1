package source

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

const patchDir = "debian/patches/"

// plainDiff is the name of the only patch of a package in source format 1.0,
// where a .diff.gz has all changes. It is what dpkg-source would call it.
const plainDiff = "debian-changes"

// comment is what a line of a series file may end in.
var comment = regexp.MustCompile(`(^|\s+)#.*$`)

// changelog is the file that says when a revision was made.
const changelog = "debian/changelog"

// A Series is the patches that Debian applies to a source, in order.
type Series struct {
	Patches   []Patch
	Changelog string // debian/changelog; empty if there is none
}

// A Patch is one patch file of a series.
type Patch struct {
	Name   string // as the series file has it, for example "CVE-2026-1642.patch"
	SHA256 string // of Data, in lower-case hexadecimal
	Data   []byte
}

func newPatch(name string, data []byte) Patch {
	sum := sha256.Sum256(data)
	return Patch{Name: name, SHA256: hex.EncodeToString(sum[:]), Data: data}
}

// ReadSeries reads the patches that debian/patches/series lists out of a
// .debian.tar.xz or .debian.tar.gz; a .diff.gz is a series of one patch,
// "debian-changes". All of it is held in memory, within limits.
func ReadSeries(ctx context.Context, archive string, limits Limits) (Series, error) {
	var series Series
	err := decompress(archive, limits, func(s *stream) (err error) {
		if begin, _ := s.content.Peek(4); string(begin) == "--- " { // what cannot be read fails below
			series, err = readDiff(s)
			return err
		}
		series, err = readTar(ctx, s, limits)
		return err
	})
	if err != nil {
		return Series{}, fmt.Errorf("reading the patch series of %s: %w", archive, err)
	}
	return series, nil
}

func readDiff(s *stream) (Series, error) {
	data, err := io.ReadAll(s)
	if err != nil {
		return Series{}, err
	}
	series := Series{Patches: []Patch{newPatch(plainDiff, data)}}
	diffs, err := parsePatch(data)
	for _, diff := range diffs {
		if diff.new == changelog && diff.startsEmpty() {
			series.Changelog, err = apply(diff.hunks, "")
		}
	}
	return series, err
}

func readTar(ctx context.Context, s *stream, limits Limits) (Series, error) {
	files := map[string][]byte{}
	err := walk(ctx, s, limits, func(header *tar.Header, body io.Reader) (err error) {
		name, found := strings.CutPrefix(header.Name, patchDir)
		if (found || name == changelog) && header.Typeflag == tar.TypeReg {
			files[name], err = io.ReadAll(body)
		}
		return err
	})
	if err != nil {
		return Series{}, err
	}
	list, found := files["series"]
	if !found {
		return Series{}, fmt.Errorf("it has no file %sseries", patchDir)
	}
	names, err := parseSeries(list)
	if err != nil {
		return Series{}, fmt.Errorf("%sseries: %w", patchDir, err)
	}
	series := Series{Changelog: string(files[changelog])}
	for _, name := range names {
		data, found := files[name]
		if !found {
			return Series{}, fmt.Errorf("%sseries lists %q, but the archive has no such file", patchDir, name)
		}
		series.Patches = append(series.Patches, newPatch(name, data))
	}
	return series, nil
}

// parseSeries returns the names in a series file: one on each line, with the
// option -p1 or none.
func parseSeries(list []byte) ([]string, error) {
	var names []string
	number := 0
	for raw := range bytes.Lines(list) {
		number++
		line := strings.TrimSpace(string(raw))
		fields := strings.Fields(comment.ReplaceAllString(line, ""))
		if len(fields) == 0 {
			continue
		}
		if err := checkSeriesLine(fields, names); err != nil {
			return nil, fmt.Errorf("line %d: %q: %w", number, line, err)
		}
		names = append(names, fields[0])
	}
	return names, nil
}

func checkSeriesLine(fields, before []string) error {
	switch name, options := fields[0], fields[1:]; {
	case !fs.ValidPath(name):
		return errors.New("the name is no path below " + patchDir)
	case len(options) > 0 && !slices.Equal(options, []string{"-p1"}):
		return errors.New("of all options only -p1 is supported")
	case slices.Contains(before, name):
		return errors.New("the patch is listed twice")
	}
	return nil
}
