package apk

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// A Checksum is the SHA-1 of the compressed bytes of a package's control
// member, which is how an index names the one package that it means. The
// format of the index has no other; the control member itself holds the
// SHA-256 of the data.
type Checksum [20]byte

// String is the checksum as an index writes it: "Q1" and 28 characters of
// base64.
func (c Checksum) String() string {
	return "Q1" + base64.StdEncoding.EncodeToString(c[:])
}

// ParseChecksum reads what String writes, and nothing else.
func ParseChecksum(s string) (Checksum, error) {
	if strings.HasPrefix(s, "Q2") {
		return Checksum{}, fmt.Errorf("checksum %.80q is SHA-256, as in the index of apk version 3: use a repository's APKINDEX.tar.gz of version 2", s)
	}
	encoded, ok := strings.CutPrefix(s, "Q1")
	if !ok {
		return Checksum{}, fmt.Errorf("checksum %.80q does not begin with Q1", s)
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	var c Checksum
	if err != nil || copy(c[:], raw) != len(c) || c.String() != s {
		return Checksum{}, fmt.Errorf("checksum %.80q is not Q1 and the base64 of %d bytes", s, len(c))
	}
	return c, nil
}
