package pipeline

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images/keys"
)

// signer has variables of the environment, and a person who answers in turn.
func signer(variables map[string]string, answers ...string) (o Options, said *strings.Builder) {
	said = &strings.Builder{}
	env := environment(variables)
	env.LookupEnv = func(name string) (string, bool) {
		value, set := variables[name]
		return value, set
	}
	return Options{Env: env, Stderr: said, Now: time.Now, Ask: func(context.Context, string) ([]byte, error) {
		if len(answers) == 0 {
			return nil, errors.New("nobody is at a terminal")
		}
		answer := answers[0]
		answers = answers[1:]
		return []byte(answer), nil
	}}, said
}

func TestKeygenAndSigningKey(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		variables map[string]string
		answers   []string
		password  string
	}{
		"password of the environment": {map[string]string{passwordVariable: "secret"}, nil, "secret"},
		"empty one":                   {map[string]string{passwordVariable: ""}, nil, ""},
		"typed":                       {nil, []string{"secret", "secret"}, "secret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prefix := filepath.Join(t.TempDir(), "mine")
			o, said := signer(c.variables, c.answers...)
			public, err := Keygen(t.Context(), o, prefix)
			if err != nil || public != prefix+".pub" || !strings.Contains(said.String(), "mine.key signs: keep it") {
				t.Fatalf("got %q, %v, %q", public, err, said)
			}
			want, err := keys.ReadPublic(public)
			if err != nil {
				t.Fatal(err)
			}
			pem, err := os.ReadFile(prefix + ".key")
			if err != nil {
				t.Fatal(err)
			}
			for where, variables := range map[string]map[string]string{
				prefix + ".key": {passwordVariable: c.password},
				"":              {passwordVariable: c.password, keyVariable: string(pem)},
				"env://OTHER":   {passwordVariable: c.password, "OTHER": string(pem)},
			} {
				o, said := signer(variables)
				key, err := SigningKey(t.Context(), o, where)
				if err != nil || !key.PublicKey.Equal(want) || said.Len() > 0 {
					t.Errorf("from %q: %v, %q", where, err, said)
				}
			}
			o, _ = signer(nil, c.password)
			if key, err := SigningKey(t.Context(), o, prefix+".key"); err != nil || !key.PublicKey.Equal(want) {
				t.Errorf("with a password that is typed: %v", err)
			}
			if err := os.Chmod(prefix+".key", 0o644); err != nil {
				t.Fatal(err)
			}
			o, said = signer(nil, c.password)
			if _, err := SigningKey(t.Context(), o, prefix+".key"); err != nil || !strings.Contains(said.String(), "others can read the private key") {
				t.Errorf("a key that others can read: %v, %q", err, said)
			}
		})
	}
}

func TestSigningKeyRefuses(t *testing.T) {
	t.Parallel()
	prefix := filepath.Join(t.TempDir(), "mine")
	o, _ := signer(map[string]string{passwordVariable: "secret"})
	if _, err := Keygen(t.Context(), o, prefix); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		variables map[string]string
		where     string
		want      string
	}{
		{nil, "", "there is no key to sign with: set COSIGN_PRIVATE_KEY or name a file; `mage keygen` makes one"},
		{map[string]string{keyVariable: "junk"}, "", "reading the private key in COSIGN_PRIVATE_KEY: it is not a key"},
		{nil, "env://NONE", "reading the private key in NONE: it is not a key"},
		{map[string]string{passwordVariable: "wrong"}, prefix + ".key", "mine.key: the password is wrong, or the key is damaged"},
		{map[string]string{passwordVariable: ""}, prefix + ".key", "mine.key: the password is wrong, or the key is damaged"},
		{nil, prefix + ".key", "asking for the password of the private key: nobody is at a terminal; COSIGN_PASSWORD is for where nobody can be asked"},
		{nil, prefix + ".pub", "mine.pub: it is a public key"},
		{nil, prefix, "no such file"},
	} {
		o, _ := signer(c.variables)
		if _, err := SigningKey(t.Context(), o, c.where); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.where, err, c.want)
		}
	}
	o.Ask, o.Env = nil, environment(nil)
	if _, err := SigningKey(t.Context(), o, prefix+".key"); err == nil || err.Error() != prefix+".key: nobody can be asked for the password of the private key: set COSIGN_PASSWORD" {
		t.Errorf("got %v", err)
	}
}

func TestKeygenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	if err := os.WriteFile(taken+".pub", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for prefix, c := range map[string]struct {
		answers []string
		want    string
	}{
		"taken":  {nil, "taken.pub is there already"}, // before anybody is asked
		"nobody": {nil, "nobody is at a terminal"},
		"empty":  {[]string{""}, "the password is empty: set COSIGN_PASSWORD to the empty string if that is meant"},
		"once":   {[]string{"a"}, "nobody is at a terminal"},
		"differ": {[]string{"a", "b"}, "the two passwords differ: nothing was written"},
	} {
		o, _ := signer(nil, c.answers...)
		if _, err := Keygen(t.Context(), o, filepath.Join(dir, prefix)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", prefix, err, c.want)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("there are %v, %v", entries, err)
	}
}

// Secrets are not shown to whoever looks over a shoulder, or into a log.
func TestPrintHidesSecrets(t *testing.T) {
	t.Parallel()
	o, _ := signer(map[string]string{keyVariable: "TOP", passwordVariable: ""})
	var out strings.Builder
	if err := o.Env.Print(io.MultiWriter(&out)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "TOP") || strings.Count(out.String(), "(set)") != 2 {
		t.Errorf("got\n%s", out.String())
	}
}
