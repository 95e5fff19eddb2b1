package apk

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
)

const minBits, maxBits = 2048, 16384 // more would only cost time

// A Key is an RSA public key that indexes may be signed with.
type Key struct {
	// Name is the key's file name, by which signatures say whose they are:
	// "alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub".
	Name string
	// Fingerprint is the SHA-256 of the key's PEM file, in lower-case hex.
	Fingerprint string

	public *rsa.PublicKey
}

// Keys are the keys that are trusted.
type Keys []Key

// names are the names of all keys, sorted.
func (k Keys) names() []string {
	var names []string
	for _, key := range k {
		names = append(names, key.Name)
	}
	slices.Sort(names)
	return names
}

// ParseKey reads a key's PEM file: one "PUBLIC KEY" block with an RSA key of
// 2048 bits or more. It says nothing about trust; [Trust] does.
func ParseKey(name string, data []byte) (Key, error) {
	if err := check(keyPattern, "the file name of a key", name); err != nil {
		return Key{}, err
	}
	public, err := parsePublic(data)
	if err != nil {
		return Key{}, fmt.Errorf("key %s: %w", name, err)
	}
	return Key{Name: name, Fingerprint: fingerprint(data), public: public}, nil
}

func fingerprint(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func parsePublic(data []byte) (*rsa.PublicKey, error) {
	block, rest := pem.Decode(data)
	if block == nil || block.Type != "PUBLIC KEY" || !bytes.HasPrefix(data, []byte("-----BEGIN")) {
		return nil, errors.New("it must begin with a PEM block of the type PUBLIC KEY")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("something follows its PEM block")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	public, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("it is a %T: only RSA keys sign indexes", parsed)
	}
	if bits := public.N.BitLen(); bits < minBits || bits > maxBits {
		return nil, fmt.Errorf("it has %d bits: only RSA keys of %d to %d bits are accepted", bits, minBits, maxBits)
	}
	return public, nil
}

// Trust is ParseKey for a key file that came from anywhere: it is refused
// unless pins, fingerprints by key name, have its fingerprint under its name.
func Trust(pins map[string]string, name string, data []byte) (Key, error) {
	pin, ok := pins[name]
	if !ok {
		return Key{}, fmt.Errorf("key %.200q is not trusted: pinned are %q; pin its fingerprint if it is the repository's", name, slices.Sorted(maps.Keys(pins)))
	}
	if found := fingerprint(data); found != pin {
		return Key{}, fmt.Errorf("key %.200q has the fingerprint %s, but %s is pinned: get the key file from the repository's owner", name, found, pin)
	}
	return ParseKey(name, data)
}
