package attest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	bundle := sign(t, about("a", SPDX, `{"name":"x"}`), key)
	s, err := Verify(bundle, &key.PublicKey, digest("a"), SPDX)
	if err != nil || string(s.Predicate) != `{"name":"x"}` || s.PredicateType != SPDX || s.Subject != digest("a") {
		t.Errorf("got %+v, %v", s, err)
	}
	for name, c := range map[string]struct {
		key           *ecdsa.PrivateKey
		digit         string
		predicateType string
		want          error
	}{
		"another key":   {newKey(t), "a", SPDX, ErrKey},
		"another image": {key, "b", SPDX, ErrSubject},
		"another type":  {key, "a", OpenVEX, ErrPredicate},
	} {
		if s, err := Verify(bundle, &c.key.PublicKey, digest(c.digit), c.predicateType); !errors.Is(err, c.want) || len(s.Predicate) > 0 {
			t.Errorf("%s: got %+v, %v", name, s, err)
		}
	}
}

// Signing again gives the same bytes, so that it adds nothing to a registry.
func TestSignIsReproducible(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	first := sign(t, about("a", SPDX, "{}"), key)
	for range 20 {
		if again := sign(t, about("a", SPDX, "{}"), key); !bytes.Equal(first, again) {
			t.Fatalf("got %s\nthen %s", first, again)
		}
	}
}

// Every single bit of a bundle's payload and signature counts.
func TestEveryBit(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	bundle := sign(t, about("a", SPDX, "{}"), key)
	for _, path := range []string{"payload", "sig"} {
		value := field(t, bundle, path)
		for i := range len(value) * 8 {
			changed := bytes.Clone(value)
			changed[i/8] ^= 1 << (i % 8)
			forged := bytes.Replace(bundle, encoded(value), encoded(changed), 1)
			if _, err := Verify(forged, &key.PublicKey, digest("a"), SPDX); !errors.Is(err, ErrKey) {
				t.Errorf("bit %d of %s: %v", i, path, err)
			}
		}
	}
}

func field(t *testing.T, bundle []byte, name string) []byte {
	t.Helper()
	var b struct {
		Envelope struct {
			Payload    []byte `json:"payload"`
			Signatures []struct {
				Sig []byte `json:"sig"`
			} `json:"signatures"`
		} `json:"dsseEnvelope"`
	}
	if err := json.Unmarshal(bundle, &b); err != nil {
		t.Fatal(err)
	}
	if name == "payload" {
		return b.Envelope.Payload
	}
	return b.Envelope.Signatures[0].Sig
}

func encoded(value []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(value)) }

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	bundle := string(sign(t, about("a", SPDX, "{}"), key))
	hint, err := Hint(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	// What a bundle has from some text to its end.
	from := func(text string) string {
		_, rest, _ := strings.Cut(bundle, text)
		return text + rest
	}
	const certificate = `{"certificate":{"rawBytes":"AAAA"}`
	for name, c := range map[string]struct{ was, is, want string }{
		"nothing":         {bundle, "", "reading a bundle: "},
		"no JSON":         {"}}", "}", "reading a bundle: "},
		"text after it":   {`"}]}}`, `"}]}} x`, "reading a bundle: "},
		"unknown field":   {`"mediaType"`, `"x":1,"mediaType"`, `unknown field "x"`},
		"repeated":        {`"mediaType"`, `"mediaType":"x","mediaType"`, "duplicate field"},
		"older bundle":    {"v0.3+json", "v0.2+json", "its media type is"},
		"certificate":     {`{"publicKey":{"hint":"` + hint + `"}`, certificate, "cosign verify --certificate-identity"},
		"no key":          {`{"publicKey":{"hint":"` + hint + `"}}`, "{}", "it does not name a key"},
		"another payload": {"application/vnd.in-toto+json", "application/vnd.in-toto+xml", "its payload is of type"},
		"no envelope":     {from(`,"dsseEnvelope"`), "}", "it has no DSSE envelope"},
		"two signatures":  {`"signatures":[`, `"signatures":[{"sig":"AAAA"},`, "it has 2 signatures"},
		"no signature":    {from(`[{"sig"`), "[]}}", "it has 0 signatures"},
		"null signature":  {from(`[{"sig"`), "[null]}}", "reading a bundle: "},
		"empty signature": {from(`[{"sig"`), "[{}]}}", ErrKey.Error()},
		"too long":        {`{"mediaType"`, strings.Repeat(" ", limit) + `{"mediaType"`, "must not have more than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(bundle, c.was, c.is, 1)
			if changed == bundle {
				t.Fatal("nothing was changed")
			}
			_, err := Verify([]byte(changed), &key.PublicKey, digest("a"), SPDX)
			refused(t, err, c.want)
		})
	}
}

// What is shown need not be signed by anybody who is known.
func TestUnverified(t *testing.T) {
	t.Parallel()
	s, err := Unverified(sign(t, about("a", SPDX, `{"a":1}`), newKey(t)))
	if err != nil || s.Subject != digest("a") || string(s.Predicate) != `{"a":1}` {
		t.Errorf("got %+v, %v", s, err)
	}
	_, err = Unverified([]byte("{}"))
	refused(t, err, "reading a bundle")
}

func TestWrongCurve(t *testing.T) {
	t.Parallel()
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Sign(about("a", SPDX, "{}"), other)
	refused(t, err, "not on the curve P-256")
	_, err = Verify(sign(t, about("a", SPDX, "{}"), newKey(t)), &other.PublicKey, digest("a"), SPDX)
	refused(t, err, "not on the curve P-256")
}

func TestVerifyAll(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	valid, errs := VerifyAll([][]byte{
		sign(t, about("a", Signature, "{}"), key),
		[]byte("junk"),
		sign(t, about("a", Signature, "{}"), newKey(t)),
		sign(t, about("b", SPDX, "{}"), key),
		sign(t, about("a", OpenVEX, "{}"), key),
	}, &key.PublicKey, digest("a"))
	if len(valid) != 2 || valid[0].PredicateType != Signature || valid[1].PredicateType != OpenVEX || len(errs) != 3 {
		t.Fatalf("got %+v, %v", valid, errs)
	}
	refused(t, errs[0], "bundle 2 of 5: reading a bundle: ")
	for i, want := range []error{nil, ErrKey, ErrSubject} {
		if want != nil && !errors.Is(errs[i], want) {
			t.Errorf("got %v, want %v", errs[i], want)
		}
	}
}
