package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/base"
	"github.com/nginx-scratch/nginx-scratch/images/digest"
	"github.com/nginx-scratch/nginx-scratch/images/repository"
	"github.com/nginx-scratch/nginx-scratch/images/rootfs"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// The places to compile in.
const (
	BaseAlpine = "alpine" // a root file system of Alpine's packages
	BaseHost   = "host"   // this machine's compiler
)

// baseName is the definition of the Alpine base.
const baseName = "base"

// quickly is how long a mirror may take to answer, where there is a choice.
const quickly = 2 * time.Second

// place is where to compile.
type place struct {
	root      string // empty: this machine
	toolchain base.Toolchain
}

// choose returns where to compile for each platform: in the base that was asked
// for, or in the Alpine base where it can be had without waiting and else on this
// machine, and says which.
func (b *builder) choose(ctx context.Context) (map[string]place, error) {
	foreign := slices.DeleteFunc(slices.Clone(b.Platforms), func(p string) bool { return p == hostPlatform() })
	alpine := b.Base == BaseAlpine
	switch {
	case alpine && len(foreign) > 0:
		return nil, fmt.Errorf("base %q: it compiles for %s, not for %s: only this machine has cross compilers (-base %s)",
			BaseAlpine, hostPlatform(), strings.Join(foreign, ", "), BaseHost)
	case alpine || b.Base == BaseHost:
	case b.Base != "":
		return nil, fmt.Errorf("base %q: it must be %q or %q", b.Base, BaseAlpine, BaseHost)
	case len(foreign) > 0:
		b.out.Note("base: host, for it has the cross compilers")
	default:
		var why string
		if why, alpine = b.alpineAtHand(ctx); alpine {
			b.out.Note("base: alpine, for " + why)
		} else {
			b.out.Note("base: host, for " + why)
		}
	}
	if alpine {
		p, err := b.alpineBase(ctx)
		return map[string]place{hostPlatform(): p}, err
	}
	return b.compilers(ctx)
}

// compilers are the toolchains of this machine. What any of them lacks is said at once.
func (b *builder) compilers(ctx context.Context) (map[string]place, error) {
	hash, remember, err := b.hashing()
	if err != nil {
		return nil, err
	}
	places, errs := map[string]place{}, []error{}
	for _, platform := range b.Platforms {
		var toolchain base.Toolchain
		if platform == hostPlatform() {
			toolchain, err = base.Host(ctx, hash)
		} else {
			toolchain, err = base.Cross(ctx, path.Base(platform), hash)
		}
		places[platform], errs = place{toolchain: toolchain}, append(errs, err)
	}
	if err := remember(); err != nil {
		b.out.Note(err.Error() + "; the next build reads the toolchain again")
	}
	return places, errors.Join(errs...)
}

// memoryFile is where the digests of the toolchain's files are remembered, below the cache.
const memoryFile = "toolchain.json"

// hashing is how the files of a toolchain are hashed: anew for a second build, and else
// only those that have changed. It is remembered when the second function is called.
func (b *builder) hashing() (hash func(path string) (string, error), remember func() error, err error) {
	if b.Env.Getenv(anewVariable) != "" {
		return digest.File, func() error { return nil }, nil
	}
	cache, err := b.Env.CacheDir()
	if err != nil {
		return nil, nil, err
	}
	m := digest.Remember(filepath.Join(cache, memoryFile), b.Now)
	return m.File, m.Save, nil
}

// alpineAtHand says whether the Alpine base can be had without waiting, and why.
func (b *builder) alpineAtHand(ctx context.Context) (why string, ok bool) {
	client, want, err := b.lockedBase()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no " + lockFile(baseName) + " (mage lock base makes it)", false
	case err != nil:
		return err.Error(), false
	case client.Has(want):
		return "all its packages are in the cache", true
	}
	if err := client.Answers(ctx, want.Arch, quickly); err != nil {
		return err.Error(), false
	}
	return "its mirror answers", true
}

// lockedBase is what the lock of the base has for this machine.
func (b *builder) lockedBase() (repository.Client, images.LockedPlatform, error) {
	definition, err := loadDefinition(b.Repository, baseName)
	if err != nil {
		return repository.Client{}, images.LockedPlatform{}, err
	}
	lock, err := images.LoadLock(os.DirFS(b.Repository), lockFile(baseName), definition)
	if err != nil {
		return repository.Client{}, images.LockedPlatform{}, err
	}
	want, err := locked(lock, baseName, []string{hostPlatform()})
	if err != nil {
		return repository.Client{}, images.LockedPlatform{}, err
	}
	client, err := b.repository(definition, b.out)
	return client, want[0], err
}

func (b *builder) alpineBase(ctx context.Context) (place, error) {
	client, want, err := b.lockedBase()
	if err != nil {
		return place{}, fmt.Errorf("preparing the Alpine base: %w", err)
	}
	key, err := baseKey(want)
	if err != nil {
		return place{}, err
	}
	cache := rootfs.Cache{Dir: filepath.Join(client.Store.Dir(), rootsFolder), Progress: b.out}
	root, err := cache.Root(ctx, key, func(add func(tree.File) error) error {
		if err := client.Fetch(ctx, want); err != nil {
			return err
		}
		packages, err := client.ReadAll(ctx, want)
		if err != nil {
			return err
		}
		files, err := whole(packages)
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := add(f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return place{}, fmt.Errorf("preparing the Alpine base: %w", err)
	}
	toolchain, err := base.InRoot(ctx, root, key)
	if err != nil {
		return place{}, fmt.Errorf("preparing the Alpine base: %w", err)
	}
	return place{root: root, toolchain: toolchain}, nil
}

// baseVersion is raised when the same packages would give another root.
const baseVersion = 1

// baseKey names a root by all that goes into it.
func baseKey(want images.LockedPlatform) (string, error) {
	data, err := json.Marshal(struct {
		Version  int                    `json:"version"`
		Arch     string                 `json:"arch"`
		Packages []images.LockedPackage `json:"packages"`
	}{baseVersion, want.Arch, want.Packages})
	if err != nil {
		return "", fmt.Errorf("naming the Alpine base: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
