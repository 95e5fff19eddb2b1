package debian

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"pault.ag/go/debian/control"
)

// Release is the index of a suite, from its file InRelease.
type Release struct {
	Codename string    // such as trixie-security
	Date     time.Time // when it was made
	Signer   string    // fingerprint of the pinned key
	Files    map[string]File
}

// File is what an index says of a file.
type File struct {
	SHA256 string // 64 lower-case hexadecimal digits
	Size   int64  // bytes
}

// ahead is by how much an index may be younger than this machine's clock says.
const ahead = 24 * time.Hour

// begin is how a signed text begins. Nothing may be before it, or people would
// see something else than what was signed.
var begin = []byte("-----BEGIN PGP SIGNED MESSAGE-----\n")

// ReadRelease verifies an InRelease at a time and reads it. It is refused if it
// is not of the suite that was asked for, no pinned key has signed it, or it says
// itself that it is out of date: whoever serves it could otherwise keep newer
// ones from being seen.
func ReadRelease(data []byte, suite string, keys Keys, now time.Time) (Release, error) {
	signed, signer, err := verified(data, keys, now)
	if err != nil {
		return Release{}, err
	}
	fields, err := only(signed)
	if err != nil {
		return Release{}, err
	}
	r := Release{Codename: fields["Codename"], Signer: signer, Files: map[string]File{}}
	if r.Codename != suite {
		return Release{}, fmt.Errorf("it is of %q, not of %q", r.Codename, suite)
	}
	if r.Date, err = date(fields["Date"]); err != nil {
		return Release{}, fmt.Errorf("field Date: %w", err)
	}
	if r.Date.After(now.Add(ahead)) {
		return Release{}, fmt.Errorf("it was made at %s, which is yet to come: is this machine's clock right?", r.Date.Format(time.RFC3339))
	}
	if until := fields["Valid-Until"]; until != "" {
		end, err := date(until)
		if err != nil {
			return Release{}, fmt.Errorf("field Valid-Until: %w", err)
		}
		if now.After(end) {
			return Release{}, fmt.Errorf("it was valid until %s: use a mirror that is up to date", end.Format(time.RFC3339))
		}
	}
	for line := range strings.Lines(fields["SHA256"]) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, file, err := checksum(line)
		if _, twice := r.Files[name]; err == nil && twice {
			err = errors.New("the file is listed twice")
		}
		if err != nil {
			return Release{}, fmt.Errorf("field SHA256: %.120q: %w", strings.TrimSpace(line), err)
		}
		r.Files[name] = file
	}
	return r, nil
}

// verified returns the text that a pinned key has signed.
func verified(data []byte, keys Keys, now time.Time) (text []byte, signer string, err error) {
	if !bytes.HasPrefix(data, begin) {
		return nil, "", errors.New("it is no signed text")
	}
	block, rest := clearsign.Decode(data)
	if block == nil {
		return nil, "", errors.New("it is no whole signed text")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, "", errors.New("something follows the signature")
	}
	entity, err := openpgp.CheckDetachedSignature(keys.list, bytes.NewReader(block.Bytes), block.ArmoredSignature.Body,
		&packet.Config{Time: func() time.Time { return now }})
	if err != nil {
		return nil, "", fmt.Errorf("checking the signature: %w", err)
	}
	return block.Bytes, fingerprint(entity), nil
}

// only reads the one paragraph that a file must be.
func only(text []byte) (map[string]string, error) {
	p := paragraphs(bytes.NewReader(text))
	first, err := next(p)
	if err != nil {
		return nil, fmt.Errorf("reading it: %w", err)
	}
	if _, err := next(p); !errors.Is(err, io.EOF) {
		return nil, errors.New("it has more than one paragraph")
	}
	return first, nil
}

// paragraphs reads a file of fields. Signatures inside of it are not for us to
// judge: without any key, all of them are refused.
func paragraphs(r io.Reader) func() (*control.Paragraph, error) {
	reader, err := control.NewParagraphReader(r, &openpgp.EntityList{})
	if err != nil {
		return func() (*control.Paragraph, error) { return nil, err }
	}
	return reader.Next
}

// next returns the fields of the next paragraph. One that is there twice could
// be read in two ways.
func next(p func() (*control.Paragraph, error)) (map[string]string, error) {
	paragraph, err := p()
	if err != nil {
		return nil, err
	}
	if len(paragraph.Order) != len(paragraph.Values) {
		return nil, errors.New("a field is there twice, or a paragraph begins in the middle of one")
	}
	return paragraph.Values, nil
}

// date reads the form that indexes have: RFC 1123 in UTC.
func date(text string) (time.Time, error) {
	t, err := time.Parse("Mon, _2 Jan 2006 15:04:05 MST", text)
	if err == nil && t.Location() != time.UTC {
		err = fmt.Errorf("%q is not in UTC", text)
	}
	return t.UTC(), err
}

// checksum reads a line with a hash, a size and a name.
func checksum(line string) (name string, f File, err error) {
	parts := strings.Fields(line)
	if len(parts) != 3 {
		return "", f, errors.New("it must be a hash, a size and a name")
	}
	size, err := strconv.ParseInt(parts[1], 10, 64)
	switch {
	case err != nil || size < 0:
		return "", f, errors.New("the size is no number")
	case !isHash(parts[0]):
		return "", f, errors.New("the hash is not 64 lower-case hexadecimal digits")
	}
	return parts[2], File{SHA256: parts[0], Size: size}, nil
}

func isHash(text string) bool {
	return len(text) == 64 && strings.Trim(text, "0123456789abcdef") == ""
}
