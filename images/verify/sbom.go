package verify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/attest"
	"github.com/nginx-scratch/nginx-scratch/images/content"
)

// ownDocument is where an image has its own bill of materials, which cannot list
// itself: the only file that may be missing in it, and must be the same document.
const ownDocument = "var/lib/db/sbom/*.spdx.json"

// sbom holds the files of one platform's image against a document that is signed.
func (r *Report) sbom(platform string, s statements) {
	name := "SBOM " + platform
	img, ok := r.Images[platform]
	if !ok {
		r.addf(name, Unchecked, "the image cannot be read")
		return
	}
	signed := s.of(attest.SPDX)
	if len(signed) == 0 {
		r.addf(name, Failed, "%s", s.none("SPDX document"))
		return
	}
	var first string
	for _, one := range signed {
		problems, count := holds(one.Predicate, img)
		if len(problems) == 0 {
			r.addf(name, OK, "%d files, and no other", count)
			return
		}
		if first == "" {
			first = strings.Join(problems[:min(len(problems), mostProblems)], "; ")
			if n := len(problems) - mostProblems; n > 0 {
				first += fmt.Sprintf("; and %d more", n)
			}
		}
	}
	r.addf(name, Failed, "%s", first)
}

// mostProblems are shown of one document.
const mostProblems = 10

// holds lists what of an image's files is not as the document says.
func holds(document []byte, img *content.Image) (problems []string, count int) {
	listed, err := files(document)
	if err != nil {
		return []string{err.Error()}, 0
	}
	report := func(p, format string, args ...any) {
		problems = append(problems, printable(p)+" "+fmt.Sprintf(format, args...))
	}
	for _, p := range img.Paths() {
		f := img.Files[p]
		want, ok := listed[p]
		switch {
		case f.Mode.IsDir(), f.Mode.Type() == fs.ModeSymlink: // have no bytes of their own
			if ok {
				report(p, "is a file in the SBOM, and not in the image")
			}
		case !f.Mode.IsRegular():
			report(p, "is neither a file, a folder nor a link: %v", f.Mode)
		case !ok && isOwn(p):
			if !sameJSON(document, f.Data) {
				report(p, "is another document than the one that is signed")
			}
		case !ok:
			report(p, "is in the image, and not in the SBOM")
		case want != f.SHA256:
			report(p, "has other bytes: sha256 %s, not %s", f.SHA256, want)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(listed)) {
		if _, ok := img.Files[p]; !ok {
			report(p, "is in the SBOM, and not in the image")
		}
	}
	return problems, len(listed)
}

func isOwn(p string) bool {
	ok, err := path.Match(ownDocument, p)
	return ok && err == nil
}

// files are the SHA-256 of the files of an SPDX document, by path. It is read as
// strictly as its signature is checked: what could be read in two ways is refused.
func files(document []byte) (map[string]string, error) {
	if err := unambiguous(document); err != nil {
		return nil, fmt.Errorf("reading the SBOM: %w", err)
	}
	var spdx struct {
		Version string `json:"spdxVersion"` //nolint:tagliatelle // as SPDX has names
		Files   []struct {
			Name      string `json:"fileName"` //nolint:tagliatelle // as above
			Checksums []struct {
				Algorithm string `json:"algorithm"`
				Value     string `json:"checksumValue"` //nolint:tagliatelle // as above
			} `json:"checksums"`
		} `json:"files"`
	}
	if err := json.Unmarshal(document, &spdx); err != nil {
		return nil, fmt.Errorf("reading the SBOM: %w", err)
	}
	if spdx.Version != "SPDX-2.3" {
		return nil, fmt.Errorf("reading the SBOM: its version is %q, not SPDX-2.3", printable(spdx.Version))
	}
	all := map[string]string{}
	for _, f := range spdx.Files {
		name, ok := strings.CutPrefix(f.Name, "./")
		if _, twice := all[name]; !ok || !fs.ValidPath(name) || name == "." || twice {
			return nil, fmt.Errorf("reading the SBOM: the name %q must be ./PATH, and once", printable(f.Name))
		}
		for _, c := range f.Checksums {
			if c.Algorithm != "SHA256" {
				continue
			}
			if _, twice := all[name]; twice || !sha256Form.MatchString(c.Value) {
				return nil, fmt.Errorf("reading the SBOM: %q must have one SHA256 of 64 hexadecimal digits", printable(f.Name))
			}
			all[name] = c.Value
		}
		if all[name] == "" {
			return nil, fmt.Errorf("reading the SBOM: %q has no SHA256", printable(f.Name))
		}
	}
	if len(all) == 0 {
		return nil, errors.New("reading the SBOM: it lists no files")
	}
	return all, nil
}

var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)
