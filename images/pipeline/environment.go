package pipeline

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Environment is what the process was started with. It is read once, at the
// top: no package below asks for it.
type Environment struct {
	Getenv       func(string) string
	UserCacheDir func() (string, error)
}

// Variable is an environment variable that users may set.
type Variable struct{ Name, Meaning string }

// Variables is the table of them. Docker's own (DOCKER_HOST and so on) are
// read by its client.
var Variables = []Variable{
	{cacheVariable, "folder for fetched inputs and compiled components (default: nginx-scratch in the user's cache folder)"},
	{sourceVariable, "address of a mirror of yours: every input is looked for there first, by its file name"},
	{debianVariable, "address of a Debian mirror (default: those that this machine's apt is configured with)"},
	{alpineVariable, "address of an Alpine mirror; below it are BRANCH/REPOSITORY/ARCH (default: alpine.mirror of the definition)"},
	{keysVariable, "folder with Alpine's key files (default: they are fetched from alpine.keys_from; only pinned ones are believed)"},
	{bundleVariable, "folder of an inputs.oci: packages are looked for there before the mirror is asked"},
	{epochVariable, "seconds since 1970: the date of images that mage site makes (default: that of the image below)"},
}

const (
	cacheVariable  = "NGINX_SCRATCH_CACHE"
	sourceVariable = "SOURCE_MIRROR"
	debianVariable = "DEBIAN_MIRROR"
	alpineVariable = "ALPINE_MIRROR"
	keysVariable   = "ALPINE_KEYS"
	bundleVariable = "INPUTS_BUNDLE"
	epochVariable  = "SOURCE_DATE_EPOCH"
)

// Print writes the table of variables to w, without passwords.
func (e Environment) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, v := range Variables {
		value := cmp.Or(redact(e.Getenv(v.Name)), "(not set)")
		if _, err := fmt.Fprintf(t, "%s\t%s\t%s\n", v.Name, value, v.Meaning); err != nil {
			return fmt.Errorf("printing the variables: %w", err)
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("printing the variables: %w", err)
	}
	return nil
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
