package pipeline

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Environment is what the process was started with. It is read once, at the
// top: no package below asks for it.
type Environment struct {
	Getenv func(string) string
	// LookupEnv tells an empty variable from one that is not set. Nil takes them
	// for the same.
	LookupEnv    func(string) (string, bool)
	UserCacheDir func() (string, error)
}

// Variable is an environment variable that users may set.
type Variable struct{ Name, Meaning string }

// Variables is the table of them. Docker's own (DOCKER_HOST and so on) are
// read by its client.
var Variables = []Variable{
	{cacheVariable, "folder for fetched inputs, compiled components and compressed programs (default: nginx-scratch in the user's cache folder)"},
	{sourceVariable, "address of a mirror of yours: every input is looked for there first, by its file name"},
	{debianVariable, "addresses of Debian mirrors, with spaces in between (default: those that this machine's apt is configured with)"},
	{keyringVariable, "file with Debian's archive keys (default: " + debianKeyring + "; only pinned ones are believed)"},
	{alpineVariable, "address of an Alpine mirror; below it are BRANCH/REPOSITORY/ARCH (default: alpine.mirror of the definition)"},
	{keysVariable, "folder with Alpine's key files (default: they are fetched from alpine.keys_from; only pinned ones are believed)"},
	{bundleVariable, "folder of an inputs.oci: inputs are looked for there before a mirror is asked"},
	{builderVariable, "address that names who builds, for provenance (default: " + localBuilder + ", which nobody vouches for)"},
	{invocationVariable, "name of this build for provenance, such as the address of its log (default: a random one)"},
	{keyVariable, "private key to sign with, in PEM as in the file that mage keygen or cosign makes"},
	{passwordVariable, "password of the private key; set and empty is a password too (default: it is asked for)"},
	{anewVariable, "if set, layers are compressed and the toolchain is read anew, whatever the cache has (as mage verify does it)"},
	{epochVariable, "seconds since 1970: the date of images that mage site makes (default: that of the image below)"},
}

// secret are the variables whose values are never shown.
var secret = []string{keyVariable, passwordVariable}

const (
	cacheVariable  = "NGINX_SCRATCH_CACHE"
	sourceVariable = "SOURCE_MIRROR"
	debianVariable = "DEBIAN_MIRROR"
	alpineVariable = "ALPINE_MIRROR"

	keyringVariable = "DEBIAN_KEYRING"

	anewVariable   = "NGINX_SCRATCH_ANEW"
	keysVariable   = "ALPINE_KEYS"
	bundleVariable = "INPUTS_BUNDLE"
	epochVariable  = "SOURCE_DATE_EPOCH"

	builderVariable    = "NGINX_SCRATCH_BUILDER"
	invocationVariable = "NGINX_SCRATCH_INVOCATION"

	// As cosign has them.
	keyVariable      = "COSIGN_PRIVATE_KEY"
	passwordVariable = "COSIGN_PASSWORD"
)

// lookup returns a variable, and whether it is set.
func (e Environment) lookup(name string) (string, bool) {
	if e.LookupEnv != nil {
		return e.LookupEnv(name)
	}
	value := e.Getenv(name)
	return value, value != ""
}

// Print writes the table of variables to w, without passwords.
func (e Environment) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, v := range Variables {
		value := cmp.Or(e.shown(v.Name), "(not set)")
		if _, err := fmt.Fprintf(t, "%s\t%s\t%s\n", v.Name, value, v.Meaning); err != nil {
			return fmt.Errorf("printing the variables: %w", err)
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("printing the variables: %w", err)
	}
	return nil
}

// shown is the value of a variable as people may see it.
func (e Environment) shown(name string) string {
	if _, set := e.lookup(name); set && slices.Contains(secret, name) {
		return "(set)"
	}
	return redact(e.Getenv(name))
}

// redact returns the value of a variable without the password that an address
// may have.
func redact(value string) string {
	if filepath.IsAbs(value) || !strings.Contains(value, "@") {
		return value
	}
	if u, err := url.Parse(value); err == nil && u.User != nil {
		return u.Redacted()
	}
	return "(an address that cannot be read)"
}

// epoch is the date that whoever runs the build wants for what is made, if any.
func (e Environment) epoch() (date time.Time, wanted bool, err error) {
	value := e.Getenv(epochVariable)
	if value == "" {
		return time.Time{}, false, nil
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds < 0 || seconds > lastSecond {
		return time.Time{}, false, fmt.Errorf("%s is %q: it must be a number of seconds since 1970", epochVariable, value)
	}
	return time.Unix(seconds, 0), true, nil
}

// lastSecond is that of the year 9999: later dates cannot be written in JSON.
const lastSecond = 253402300799

// CacheDir is where inputs and compiled components are kept.
func (e Environment) CacheDir() (string, error) {
	if dir := e.Getenv(cacheVariable); dir != "" {
		if !filepath.IsAbs(dir) {
			return "", fmt.Errorf("%s is %q: it must be an absolute path", cacheVariable, dir)
		}
		return filepath.Clean(dir), nil
	}
	dir, err := e.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("looking for the cache folder: %w; set %s", err, cacheVariable)
	}
	return filepath.Join(dir, "nginx-scratch"), nil
}
