package debian

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
)

// Keys are those that an index may be signed with.
type Keys struct{ list openpgp.EntityList }

// Trust takes out of a keyring (OpenPGP, not armored) the keys that are pinned:
// what people call them to their fingerprints, 40 upper-case hexadecimal digits.
// What else the keyring has does not count, so whoever changes the keyring can
// take trust away and not add any.
func Trust(pinned map[string]string, keyring []byte) (Keys, error) {
	list, err := openpgp.ReadKeyRing(bytes.NewReader(keyring))
	if err != nil {
		return Keys{}, fmt.Errorf("reading the keyring: %w", err)
	}
	fingerprints := slices.Collect(maps.Values(pinned))
	list = slices.DeleteFunc(list, func(e *openpgp.Entity) bool { return !slices.Contains(fingerprints, fingerprint(e)) })
	if len(list) == 0 {
		return Keys{}, errors.New("the keyring has none of the keys that the definition trusts: " +
			strings.Join(slices.Sorted(maps.Keys(pinned)), ", "))
	}
	return Keys{list}, nil
}

func fingerprint(e *openpgp.Entity) string {
	return strings.ToUpper(hex.EncodeToString(e.PrimaryKey.Fingerprint))
}
