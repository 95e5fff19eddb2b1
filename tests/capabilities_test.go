package tests

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A capability is what some images have and others do not. What all have has no name:
// it is tested without asking.
type capability string

const (
	staticProgram   capability = "static-program"   // nginx is one file
	sharedLibraries capability = "shared-libraries" // nginx loads files of the image
	noShell         capability = "no-shell"         // nothing but nginx can be run
	shell           capability = "shell"            // it can be looked around in
	packages        capability = "packages"         // its files are those of the packages in its database
	streamModule    capability = "stream"           // nginx passes on TCP and UDP
	http3Module     capability = "http3"
	brotliModule    capability = "brotli"
	entryPoint      capability = "entry-point"   // nginx-entry prepares nginx's start
	hybridGroups    capability = "hybrid-groups" // TLS agrees on keys that quantum computers do not break
)

// seen says of each capability how the image shows it, so that no test depends on an
// image's name; and what to say of an image that has not got it.
var seen = map[capability]struct {
	has   func(*facts) bool
	lacks string
}{
	staticProgram:   {func(f *facts) bool { return f.loader == "" }, "its nginx is loaded by an interpreter"},
	sharedLibraries: {func(f *facts) bool { return f.loader != "" }, "its nginx is static"},
	noShell:         {func(f *facts) bool { return !f.hasShell() }, "it has a shell"},
	shell:           {(*facts).hasShell, "it has no shell"},
	packages:        {func(f *facts) bool { return f.database != "" && f.loader != "" }, "its files are not from packages"},
	entryPoint:      {(*facts).hasEntry, "its nginx starts by itself"},
	streamModule:    {func(f *facts) bool { return slices.Contains(f.built, "--with-stream") }, "nginx -V has no --with-stream"},
	http3Module:     {func(f *facts) bool { return slices.Contains(f.built, "--with-http_v3_module") }, "nginx -V has no --with-http_v3_module"},
	brotliModule:    {func(f *facts) bool { return slices.Contains(f.built, "--add-module=brotli") }, "nginx -V has no --add-module=brotli"},
	hybridGroups:    {func(f *facts) bool { return !f.openssl.before(release{3, 5}) }, "its OpenSSL is older than 3.5"},
}

// expected is what the image of each definition is to have: an image that lost
// something fails here, and does not just skip its tests.
var expected = map[string][]capability{
	"static":  {staticProgram, noShell, entryPoint, streamModule, http3Module, brotliModule, hybridGroups},
	"alpine":  {sharedLibraries, noShell, packages, http3Module, hybridGroups},
	"minimal": {sharedLibraries, shell, packages, http3Module, hybridGroups},
}

// since are the releases that brought a capability. An image of packages has what
// its branch has; who compiles chooses releases, and is not excused.
var since = map[capability]func(*facts) bool{
	http3Module:  func(f *facts) bool { return !f.nginx.before(release{1, 26}) },
	hybridGroups: func(f *facts) bool { return !f.openssl.before(release{3, 5}) },
}

func (f *facts) has(c capability) bool { return seen[c].has(f) }

func (f *facts) hasEntry() bool {
	_, there := f.tree.Lookup("usr/sbin/nginx-entry")
	return there
}

// hasShell reports whether there is any file, link or not, of a shell's name.
func (f *facts) hasShell() bool {
	for file := range f.tree.All() {
		switch path.Base(file.Path) {
		case "sh", "ash", "bash", "busybox", "dash":
			if file.Mode.IsRegular() || file.Mode.Type() == fs.ModeSymlink {
				return true
			}
		}
	}
	return false
}

// needs skips a test that says nothing about an image like this one.
func needs(t *testing.T, wanted ...capability) *facts {
	t.Helper()
	f := look(t)
	for _, c := range wanted {
		if !f.has(c) {
			t.Skipf("%s is without %s: %s", imageName(), c, seen[c].lacks)
		}
	}
	return f
}

func TestImageCanDoWhatItsDefinitionIsFor(t *testing.T) {
	t.Parallel()
	f := look(t)
	all, found := expected[definitionName()]
	require.Truef(t, found, "nobody says what an image of %s is to have: add it to expected", definitionName())
	want := slices.DeleteFunc(slices.Clone(all), func(c capability) bool {
		there := since[c]
		return f.has(packages) && there != nil && !there(f)
	})
	var got []capability
	for c := range seen {
		if f.has(c) {
			got = append(got, c)
		}
	}
	assert.ElementsMatch(t, want, got)
}

// What configurations of the official image use is in every nginx of ours.
func TestEveryNginxHasTheUsualModules(t *testing.T) {
	t.Parallel()
	built := look(t).built
	for module := range strings.FieldsSeq(`
		threads file-aio http_ssl_module http_v2_module http_realip_module http_addition_module http_sub_module
		http_dav_module http_flv_module http_mp4_module http_gunzip_module http_gzip_static_module
		http_auth_request_module http_random_index_module http_secure_link_module http_slice_module
		http_stub_status_module`) {
		assert.Contains(t, built, "--with-"+module)
	}
	nginx, compiled := definition(t).Component("nginx")
	if compiled {
		assert.Subset(t, built, nginx.Options)
	}
}
