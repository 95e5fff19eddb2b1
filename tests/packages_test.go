package tests

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An installed package is one record of the database that scanners read.
type installed struct {
	name, version string
	files         map[string]record // by path in the image
}

// A record is what the database says about one file.
type record struct {
	sum  string // SHA-1 of the content, or of a link's target: Q1 and Base64
	mode fs.FileMode
	uid  int
	gid  int
}

// installedPackages reads the database by the letters of its lines, which apk gives them.
func installedPackages(t *testing.T, f *facts) []installed {
	t.Helper()
	file, found := f.tree.Lookup(f.database)
	require.True(t, found)
	var all []installed
	for block := range strings.SplitSeq(strings.TrimSpace(string(file.Data)), "\n\n") {
		p := installed{files: map[string]record{}}
		folder, at := "", ""
		for line := range strings.Lines(block) {
			letter, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
			require.True(t, found, line)
			switch letter {
			case "P":
				p.name = value
			case "V":
				p.version = value
			case "F":
				folder = value
			case "R":
				at = path.Join(folder, value)
				require.NotContains(t, p.files, at, "%s has it twice", p.name)
				p.files[at] = record{mode: 0o644}
			case "a", "Z":
				p.files[at] = p.files[at].with(t, letter, value)
			}
		}
		require.NotEmpty(t, p.name, block)
		require.NotEmpty(t, p.version, block)
		all = append(all, p)
	}
	return all
}

func (r record) with(t *testing.T, letter, value string) record {
	t.Helper()
	if letter == "Z" {
		r.sum = value
		return r
	}
	_, err := fmt.Sscanf(value, "%d:%d:%o", &r.uid, &r.gid, &r.mode)
	require.NoError(t, err, value)
	return r
}

// What a scanner believes is in the image is there, to the byte.
func TestDatabaseOfPackagesIsTrue(t *testing.T) {
	t.Parallel()
	f := needs(t, packages)
	owners := map[string]string{}
	for _, p := range installedPackages(t, f) {
		for name, want := range p.files {
			file, found := f.tree.Lookup(name)
			if !assert.True(t, found, "%s of %s is not in the image", name, p.name) {
				continue
			}
			assert.NotContains(t, owners, name, "%s has it too", p.name)
			owners[name] = p.name
			content := file.Data
			if file.Mode.Type() == fs.ModeSymlink {
				content = []byte(file.Link)
			} else {
				assert.Equal(t, want.mode, file.Mode.Perm(), name)
				assert.NotEmpty(t, want.sum, name)
			}
			assert.Equal(t, [2]int{want.uid, want.gid}, [2]int{file.UID, file.GID}, name)
			sum := sha1.Sum(content) // as apk's own
			if want.sum != "" {
				assert.Equal(t, want.sum, "Q1"+base64.StdEncoding.EncodeToString(sum[:]), name)
			}
		}
	}
	assert.Equal(t, "nginx", owners[definition(t).Image.Binary])
}

// Nothing is kept from scanners either, and no package named of which nothing is there.
func TestDatabaseOfPackagesIsComplete(t *testing.T) {
	t.Parallel()
	f := needs(t, packages, noShell) // a base system has packages without files, and files that scripts make
	d := definition(t)
	ours := []string{f.database, "etc/passwd", "etc/group", sbomPath()}
	ours = slices.AppendSeq(ours, maps.Keys(d.Links))
	ours = slices.AppendSeq(ours, maps.Keys(fromRepository(t, d)))
	known := map[string]bool{}
	for _, p := range installedPackages(t, f) {
		assert.NotEmpty(t, p.files, "nothing of %s is in the image", p.name)
		for name := range p.files {
			known[name] = true
		}
	}
	for file := range f.tree.All() {
		if !file.Mode.IsDir() && !slices.Contains(ours, file.Path) {
			assert.True(t, known[file.Path], "no package of the database has %s", file.Path)
		}
	}
}

func TestDatabaseNamesTheReleaseOfNginx(t *testing.T) {
	t.Parallel()
	f := needs(t, packages)
	all := installedPackages(t, f)
	var names []string
	for _, p := range all {
		names = append(names, p.name)
	}
	require.Contains(t, names, "musl")
	i := slices.Index(names, "nginx")
	require.GreaterOrEqual(t, i, 0, names)
	assert.Regexp(t, fmt.Sprintf(`^%d\.%d\.%d-r\d+$`, f.nginx[0], f.nginx[1], f.nginx[2]), all[i].version)
	assert.Equal(t, all[i].version, inspectImage(t).Config.Labels["org.opencontainers.image.revision"])
}

func TestImageSaysWhichAlpineItIs(t *testing.T) {
	t.Parallel()
	f := needs(t, packages)
	d := definition(t)
	require.NotNil(t, d.Alpine)
	fields := map[string]string{}
	for line := range strings.Lines(string(f.text(t, "etc/os-release"))) {
		name, value, found := strings.Cut(strings.TrimSpace(line), "=")
		require.True(t, found, line)
		fields[name] = strings.Trim(value, `"'`)
	}
	assert.Equal(t, "alpine", fields["ID"])
	require.Regexp(t, `^\d+\.\d+[0-9A-Za-z._]*$`, fields["VERSION_ID"])
	if strings.HasPrefix(d.Alpine.Branch, "v") { // and not edge
		assert.True(t, strings.HasPrefix("v"+fields["VERSION_ID"], d.Alpine.Branch+"."), "%s is not of %s", fields["VERSION_ID"], d.Alpine.Branch)
	}
}

// text is the content of a file of the image.
func (f *facts) text(t *testing.T, name string) []byte {
	t.Helper()
	file, _, found := f.follow(t, name)
	require.True(t, found, name)
	require.True(t, file.Mode.IsRegular(), name)
	return file.Data
}
