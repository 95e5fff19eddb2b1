package pipeline

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/compile"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
	"github.com/nginx-scratch/nginx-scratch/images/source"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
	"github.com/nginx-scratch/nginx-scratch/images/vex"
)

// claims holds what the advisories say against what was built.
func (o *compiled) claims(ctx context.Context, platform string, t *tree.Tree) ([]vex.Claim, error) {
	name := path.Join("images", o.Name+".advisories.yaml")
	advisories, err := images.LoadAdvisories(os.DirFS(o.Repository), name, o.definition, o.lock)
	if err != nil {
		return nil, err
	}
	patches, err := o.patches(ctx, o.built[platform].compiler, advisories)
	if err != nil {
		return nil, err
	}
	nginx := o.built[platform].nginx
	program, _ := t.Lookup(o.definition.Image.Binary)
	configuration, err := os.ReadFile(nginx.Path(recipe.OpenSSLConfiguration))
	if err != nil {
		return nil, fmt.Errorf("reading what OpenSSL was compiled without: %w", err)
	}
	symbols, err := symbolsOf(nginx.Path("sbin/nginx.symbols"))
	if err != nil {
		return nil, err
	}
	evidence, err := vex.NewEvidence(program.Data, configuration, symbols, patches)
	if err != nil {
		return nil, err
	}
	claims, err := vex.Claims(o.definition, o.lock, advisories, evidence)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return claims, nil
}

// patchLimits bound what an archive of patches may hold.
var patchLimits = source.Limits{Bytes: 1 << 26, Entries: 10_000}

// patches reads the texts that advisories refer to out of the locked archives.
func (o *compiled) patches(ctx context.Context, compiler *compile.Compiler, advisories []images.Advisory) (map[string][]byte, error) {
	texts := map[string][]byte{}
	for _, c := range o.lock.Components {
		uses := func(a images.Advisory) bool { return a.Component == c.Name && a.Patch != "" }
		if c.Patches == nil || !slices.ContainsFunc(advisories, uses) {
			continue
		}
		if err := compiler.Fetch(ctx, []images.Input{c.Patches.Archive}); err != nil {
			return nil, err
		}
		series, err := source.ReadSeries(ctx, compiler.Path(c.Patches.Archive), patchLimits)
		if err != nil {
			return nil, err
		}
		for _, p := range series.Patches {
			texts[p.SHA256] = p.Data
		}
	}
	return texts, nil
}

// symbolsOf lists the symbols of a program that are in it, by their names.
func symbolsOf(path string) (names []string, err error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading symbols: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	symbols, err := f.Symbols()
	if err != nil {
		return nil, fmt.Errorf("reading the symbols of %s: %w", path, err)
	}
	for _, s := range symbols {
		if s.Section != elf.SHN_UNDEF {
			names = append(names, s.Name)
		}
	}
	return names, nil
}
