package foreign

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nginx-scratch/nginx-scratch/images/pipeline"
)

// One index has all platforms, each with the architecture that it says.
func TestIndex(t *testing.T) {
	t.Parallel()
	b := all(t)
	images := b.images(t)
	require.Len(t, images, len(machines))
	for goarch := range machines {
		img, ok := images["linux/"+goarch]
		require.True(t, ok, "no image for %s", goarch)
		config, err := img.ConfigFile()
		require.NoError(t, err)
		assert.Equal(t, goarch, config.Architecture)
		assert.Equal(t, []string{"/usr/sbin/nginx-entry"}, config.Config.Entrypoint)
		assert.Contains(t, b.stderr, "linux/"+goarch+"\ncomponent ")
	}
	assert.NotContains(t, b.stderr, "check config of", "with an emulator, nginx -t is judged for each platform")
	assert.Contains(t, b.stderr, "base: host, for it has the cross compilers")
	assert.True(t, strings.HasPrefix(b.reference, imageName+":") || strings.Contains(b.reference, "dist/static/oci@sha256:"), b.reference)
}

// Provenance names the compiler of each platform.
func TestProvenance(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join(all(t).checkout, "dist/static/provenance.json"))
	require.NoError(t, err)
	var statement struct {
		Predicate struct {
			BuildDefinition struct {
				ResolvedDependencies []struct {
					Name        string            `json:"name"`
					Digest      map[string]string `json:"digest"`
					Annotations map[string]any    `json:"annotations"`
				} `json:"resolvedDependencies"`
			} `json:"buildDefinition"`
		} `json:"predicate"`
	}
	require.NoError(t, json.Unmarshal(data, &statement))
	ids := map[string]string{}
	for _, d := range statement.Predicate.BuildDefinition.ResolvedDependencies {
		if d.Name == "toolchain" {
			ids[d.Digest["nginxScratchToolchain"]] = d.Annotations["platform"].(string)
		}
	}
	platforms := []string{}
	for _, platform := range ids {
		platforms = append(platforms, platform)
	}
	assert.ElementsMatch(t, []string{"linux/amd64", "linux/arm64", "linux/riscv64"}, platforms)
}

// nginx's configure script finds the same of every platform, but for its name: it
// has asked the emulator, not this machine.
func TestConfigured(t *testing.T) {
	t.Parallel()
	all(t)
	answers := regexp.MustCompile(`(?m)^(checking for [^-].*| \+ Linux .*)$`)
	kernel := regexp.MustCompile(`^( \+ Linux) \S+ `)
	native := map[string][]string{}
	for goarch, machine := range machines {
		prefix := machine + "-linux-gnu-"
		if goarch == runtime.GOARCH {
			prefix = ""
		}
		for _, line := range answers.FindAllString(compileLog(t, "--with-cc="+prefix+"gcc -specs="), -1) {
			line = kernel.ReplaceAllString(line, "$1 ")
			if line == " + Linux "+machine {
				line = " + Linux MACHINE"
			}
			native[goarch] = append(native[goarch], line)
		}
		assert.Greater(t, len(native[goarch]), 100, goarch)
		assert.Contains(t, native[goarch], " + Linux MACHINE", goarch)
		assert.Contains(t, native[goarch], "checking for system byte ordering ... little endian", goarch)
		assert.Contains(t, native[goarch], "checking for size_t size ... 8 bytes", goarch)
	}
	for goarch := range foreign() {
		assert.Equal(t, native[runtime.GOARCH], native[goarch], goarch)
	}
}

// compileLog is the latest in the cache of an nginx that was configured with the
// argument.
func compileLog(t *testing.T, argument string) string {
	t.Helper()
	env := pipeline.Environment{Getenv: os.Getenv, UserCacheDir: os.UserCacheDir}
	cache, err := env.CacheDir()
	require.NoError(t, err)
	names, err := filepath.Glob(filepath.Join(cache, "components/nginx-*/compile.log"))
	require.NoError(t, err)
	var found string
	var latest time.Time
	for _, name := range names {
		info, err := os.Stat(name)
		if errors.Is(err, os.ErrNotExist) {
			continue // another build removed it
		}
		require.NoError(t, err)
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		if strings.Contains(string(data), argument) && info.ModTime().After(latest) {
			found, latest = string(data), info.ModTime()
		}
	}
	require.NotEmpty(t, found, "nothing in the cache was configured with %q", argument)
	return found
}
