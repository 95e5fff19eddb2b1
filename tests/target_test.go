package tests

import (
	"cmp"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nginx-scratch/nginx-scratch/images"
)

// imageName is the image under test, which Docker has.
func imageName() string { return cmp.Or(os.Getenv("NGINX_SCRATCH_IMAGE"), "nginx-scratch:static") }

// definitionName is the definition that it was made of.
func definitionName() string { return cmp.Or(os.Getenv("NGINX_SCRATCH_DEFINITION"), "static") }

// repository is the folder with that definition and with the files that it puts
// into the image; name is relative to it.
func repository(name string) string {
	return filepath.Join(cmp.Or(os.Getenv("NGINX_SCRATCH_REPOSITORY"), ".."), filepath.FromSlash(name))
}

// definition is what the image was made of.
func definition(t *testing.T) images.Definition {
	t.Helper()
	d, err := images.LoadDefinition(os.DirFS(repository("images")), definitionName()+".yaml")
	require.NoError(t, err)
	return d
}

// fromRepository are the files that a definition takes out of the repository: path
// in the image to content.
func fromRepository(t *testing.T, d images.Definition) map[string][]byte {
	t.Helper()
	contents := map[string][]byte{}
	for _, m := range d.Config {
		from := repository(m.From)
		err := filepath.WalkDir(from, func(name string, file os.DirEntry, err error) error {
			if err != nil || file.IsDir() {
				return err
			}
			below, err := filepath.Rel(from, name)
			if err != nil {
				return err
			}
			text, err := os.ReadFile(name)
			contents[filepath.ToSlash(filepath.Join(m.To, below))] = text
			return err
		})
		require.NoError(t, err)
	}
	require.NotEmpty(t, contents)
	return contents
}
