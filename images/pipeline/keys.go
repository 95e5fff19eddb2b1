package pipeline

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/keys"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
)

// fromEnvironment is how cosign writes that a key is in an environment variable,
// and not in a file.
const fromEnvironment = "env://"

// Ask asks a person for something that is not shown while it is typed.
type Ask func(ctx context.Context, prompt string) ([]byte, error)

// ErrNoKey says that there is no key to sign with.
var ErrNoKey = errors.New("there is no key to sign with: set " + keyVariable + " or name a file; `mage keygen` makes one")

// SigningKey reads the private key that name leads to: a file, env://VARIABLE for
// one whose value is the key, or the variable COSIGN_PRIVATE_KEY where name is
// empty. The password of an encrypted one is in COSIGN_PASSWORD, or is asked for.
func SigningKey(ctx context.Context, o Options, name string) (*ecdsa.PrivateKey, error) {
	if name == "" && o.Env.Getenv(keyVariable) == "" {
		return nil, ErrNoKey
	}
	password := func() ([]byte, error) {
		if secret, set := o.Env.lookup(passwordVariable); set {
			return []byte(secret), nil
		}
		return o.ask(ctx, "password of the private key: ")
	}
	variable, ok := strings.CutPrefix(name, fromEnvironment)
	if name != "" && !ok {
		out := progress.New(o.Stderr, o.Terminal, o.Now)
		defer out.Close()
		return keys.ReadPrivate(name, password, out.Note)
	}
	if name == "" {
		variable = keyVariable
	}
	key, err := keys.Private([]byte(o.Env.Getenv(variable)), password)
	if err != nil {
		return nil, fmt.Errorf("reading the private key in %s: %w", variable, err)
	}
	return key, nil
}

func (o Options) ask(ctx context.Context, prompt string) ([]byte, error) {
	if o.Ask == nil {
		return nil, fmt.Errorf("nobody can be asked for the %sset %s", prompt, passwordVariable)
	}
	secret, err := o.Ask(ctx, prompt)
	if err != nil {
		return nil, fmt.Errorf("asking for the %s%w; %s is for where nobody can be asked", prompt, err, passwordVariable)
	}
	return secret, nil
}

// Keygen makes a pair of keys, prefix.key and prefix.pub, and returns the name of
// the second. The first is encrypted with COSIGN_PASSWORD, or with what a person
// types twice; the password is empty only where that variable is set and empty.
func Keygen(ctx context.Context, o Options, prefix string) (string, error) {
	if err := keys.Free(prefix); err != nil {
		return "", err
	}
	password, err := o.newPassword(ctx)
	if err != nil {
		return "", err
	}
	key, err := keys.Generate()
	if err != nil {
		return "", err
	}
	if err := keys.Write(prefix, key, password); err != nil {
		return "", err
	}
	out := progress.New(o.Stderr, o.Terminal, o.Now)
	defer out.Close()
	out.Note(prefix + keys.PrivateSuffix + " signs: keep it, its password and a copy of both where nobody else can read them")
	return prefix + keys.PublicSuffix, nil
}

func (o Options) newPassword(ctx context.Context) ([]byte, error) {
	if secret, set := o.Env.lookup(passwordVariable); set {
		return []byte(secret), nil
	}
	first, err := o.ask(ctx, "password for the new key: ")
	if err != nil {
		return nil, err
	}
	if len(first) == 0 {
		return nil, errors.New("the password is empty: set " + passwordVariable + " to the empty string if that is meant")
	}
	second, err := o.ask(ctx, "password for the new key, again: ")
	if err != nil {
		return nil, err
	}
	if string(first) != string(second) {
		return nil, errors.New("the two passwords differ: nothing was written")
	}
	return first, nil
}
