package attest

import (
	"bytes"
	"testing"
)

// Whatever a statement was read from, it is one that can be written, and is the
// same when it is read again.
func FuzzParseStatement(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"name":"x","digest":{"sha256":"00"}}],"predicateType":"x","predicate":{"a":[1e9]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseStatement(data)
		if err != nil {
			return
		}
		line, err := s.Encode()
		if err != nil {
			t.Fatalf("%q cannot be encoded again: %v", data, err)
		}
		again, err := ParseStatement(line)
		if err != nil || again.Subject != s.Subject || again.PredicateType != s.PredicateType {
			t.Fatalf("%q is something else: %+v, %v", line, again, err)
		}
	})
}

// No bundle is valid but those that were signed.
func FuzzVerify(f *testing.F) {
	key := newKey(f)
	signed := about("a", SPDX, `{"name":"x"}`)
	bundle := sign(f, signed, key)
	f.Add(bundle)
	f.Add(sign(f, about("b", SPDX, "{}"), key))
	f.Add(bytes.Replace(bundle, []byte("publicKey"), []byte("certificate"), 1))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","messageSignature":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Verify(data, &key.PublicKey, digest("a"), SPDX)
		if err == nil && !bytes.Equal(s.Predicate, signed.Predicate) {
			t.Fatalf("%q passed as %q", data, s.Predicate)
		}
	})
}
