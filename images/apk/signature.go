package apk

import (
	"archive/tar"
	"cmp"
	"crypto"
	"crypto/rsa"
	_ "crypto/sha1" //nolint:gosec // the signatures of Alpine's indexes are over SHA-1
	_ "crypto/sha256"
	_ "crypto/sha512"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// algorithms are the kinds of signature that can be verified. DSA, which apk
// knows too, has not been used for a decade.
var algorithms = map[string]crypto.Hash{"RSA": crypto.SHA1, "RSA256": crypto.SHA256, "RSA512": crypto.SHA512}

// A signature is what one signature entry claims.
type signature struct {
	algorithm string // "RSA" in ".SIGN.RSA.name"
	key       string // the name of the key file
	value     []byte
}

// signatures reads the signature members that data begins with. Members counts
// them, and rest is what follows: the bytes that each of them signs begin there.
func signatures(data []byte) (found []signature, rest []byte, members int, err error) {
	for rest = data; ; members++ {
		name, err := first(rest)
		if err != nil {
			return nil, nil, 0, fmt.Errorf("member %d: %w", members+1, err)
		}
		if !strings.HasPrefix(name, ".SIGN.") {
			return found, rest, members, nil
		}
		if members == maxSignatures {
			return nil, nil, 0, fmt.Errorf("it has more than %d signature members", maxSignatures)
		}
		plain, size, err := inflate(rest, maxSignature)
		if err == nil {
			err = walk(plain, maxSignatures, func(header *tar.Header, value []byte) error {
				claim, err := parseSignature(header, value)
				found = append(found, claim)
				return err
			})
		}
		if err != nil {
			return nil, nil, 0, fmt.Errorf("member %d (signature): %w", members+1, err)
		}
		rest = rest[size:]
	}
}

// parseSignature reads one entry, ".SIGN.<algorithm>.<name of the key file>".
func parseSignature(header *tar.Header, value []byte) (signature, error) {
	name, ok := strings.CutPrefix(header.Name, ".SIGN.")
	algorithm, key, dotted := strings.Cut(name, ".")
	if !ok || !dotted || header.Typeflag != tar.TypeReg {
		return signature{}, errors.New("it is no signature: only files named .SIGN.<algorithm>.<key> belong here")
	}
	return signature{algorithm, key, value}, check(keyPattern, "the file name of a key", key)
}

// claimed are the names of the keys of all signatures that can be verified,
// each once, in the order of the file.
func claimed(found []signature) []string {
	var names []string
	for _, claim := range found {
		if algorithms[claim.algorithm] != 0 && !slices.Contains(names, claim.key) {
			names = append(names, claim.key)
		}
	}
	return names
}

// verify returns the name of a trusted key that has signed these bytes. One is
// enough: during a change of keys a file has signatures of the old key and of
// the new one.
func verify(signed []byte, found []signature, keys Keys) (string, error) {
	var wrong error
	for _, claim := range found {
		hash := algorithms[claim.algorithm]
		if hash == 0 {
			continue
		}
		for _, key := range keys {
			if key.Name != claim.key {
				continue
			}
			digest := hash.New()
			digest.Write(signed)
			err := rsa.VerifyPKCS1v15(key.public, hash, digest.Sum(nil), claim.value)
			if err == nil {
				return key.Name, nil
			}
			wrong = cmp.Or(wrong, fmt.Errorf("the %s signature of the trusted key %s does not match: it is damaged or forged; get it again", claim.algorithm, key.Name))
		}
	}
	if wrong != nil {
		return "", wrong
	}
	if names := claimed(found); len(names) > 0 {
		return "", fmt.Errorf("it is signed by %q, but trusted are %q: pin the fingerprint of its key if it is the repository's", names, keys.names())
	}
	return "", errors.New("it is not signed by any RSA key: get it from a repository that signs its index")
}
