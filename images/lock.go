package images

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// Lock pins every input of a definition. It is read from
// images/NAME.lock.json.
type Lock struct {
	Definition string `json:"definition"`
	// SourceDateEpoch is the date of the newest input, in seconds since 1970:
	// the only time that reaches the image.
	SourceDateEpoch int64             `json:"source_date_epoch"`
	Components      []LockedComponent `json:"components,omitempty"`
	Alpine          *LockedAlpine     `json:"alpine,omitempty"`
	// Debian are the indexes that were asked for newer sources.
	Debian []LockedSuite `json:"debian,omitempty"`
}

// LockedComponent pins the source of one component and the distribution's
// patch series for it, where there is one.
type LockedComponent struct {
	Name    string  `json:"name"`
	Version string  `json:"version"`
	Source  Input   `json:"source"`
	Patches *Series `json:"patches,omitempty"`
}

// Series pins a Debian archive that holds debian/patches, and the patches that
// were found in it, in the order in which they are applied.
type Series struct {
	Revision string  `json:"revision"`
	Archive  Input   `json:"archive"`
	Patches  []Patch `json:"series"`
}

// Patch is one patch of a series.
type Patch struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

// Input is one file to fetch.
type Input struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"` // bytes
	// Places are tried in order: an http(s) address, or debian:PATH for a path
	// below the Debian mirror that this machine is configured with. Both are
	// escaped as in addresses.
	Places []string `json:"places"`
}

// Epoch is the source date epoch as a time in UTC.
func (l Lock) Epoch() time.Time { return time.Unix(l.SourceDateEpoch, 0).UTC() }

// Revision is the version of the packaging: that of the patch series, where
// there is one.
func (c LockedComponent) Revision() string {
	if c.Patches == nil {
		return c.Version
	}
	return c.Patches.Revision
}

// Component returns the locked component with the given name.
func (l Lock) Component(name string) (LockedComponent, bool) {
	for _, c := range l.Components {
		if c.Name == name {
			return c, true
		}
	}
	return LockedComponent{}, false
}

// Inputs lists every file of the component.
func (c LockedComponent) Inputs() []Input {
	if c.Patches == nil {
		return []Input{c.Source}
	}
	return []Input{c.Source, c.Patches.Archive}
}

// Applied lists the patches of the series that the definition of the component
// does not skip, in order.
func (c LockedComponent) Applied(d Component) []Patch {
	if c.Patches == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c.Patches.Patches), func(p Patch) bool {
		_, skip := d.SkipPatches[p.File]
		return skip
	})
}

// LoadLock reads the lock at path name of fsys and holds it against the
// definition it was made for.
func LoadLock(fsys fs.FS, name string, d Definition) (Lock, error) {
	l, err := ReadLock(fsys, name)
	if errors.Is(err, fs.ErrNotExist) && d.Alpine != nil {
		err = fmt.Errorf("%w: run `mage lock %s`", err, d.Name)
	}
	if err != nil {
		return Lock{}, err
	}
	if err := l.match(name, d); err != nil {
		return Lock{}, err
	}
	return l, nil
}

// ReadLock reads a lock, whatever definition it was made for.
func ReadLock(fsys fs.FS, name string) (Lock, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return Lock{}, fmt.Errorf("reading the lock: %w", err)
	}
	var l Lock
	if err := json.Unmarshal(data, &l); err != nil {
		return Lock{}, inJSON(name, data, err)
	}
	if err := l.canonical(name, data); err != nil {
		return Lock{}, err
	}
	return l, l.validate(name)
}

// Encode returns the only form that LoadLock accepts.
func (l Lock) Encode() ([]byte, error) {
	var form bytes.Buffer
	e := json.NewEncoder(&form)
	e.SetEscapeHTML(false) // an address with a & stays readable
	e.SetIndent("", "  ")
	if err := e.Encode(l); err != nil {
		return nil, fmt.Errorf("encoding the lock: %w", err)
	}
	return form.Bytes(), nil
}

// canonical refuses a file that is not exactly what l looks like in JSON.
// Decoding passes over unknown, repeated and misspelt fields; here they show.
func (l Lock) canonical(name string, data []byte) error {
	form, err := l.Encode()
	if err != nil {
		return err
	}
	got, want := bytes.Split(data, []byte("\n")), bytes.Split(form, []byte("\n"))
	for i := range min(len(got), len(want)) {
		if !bytes.Equal(got[i], want[i]) {
			return fmt.Errorf("%s:%d: there is %s where %s belongs: fields are not repeated, "+
				"and have the names, order and indentation of the committed lock", name, i+1, quote(got[i]), quote(want[i]))
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%s: must end in exactly one newline after the last brace", name)
	}
	return nil
}
