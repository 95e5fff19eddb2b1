package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/release"
	"github.com/nginx-scratch/nginx-scratch/images/site"
)

// Where folders of a person's take the place of what the image has.
const (
	pagesTarget = "usr/share/nginx/html"
	confTarget  = "etc/nginx/conf.d"
)

// sitesFolder is where images of sites are written, below the repository.
const sitesFolder = "dist/site"

// SiteOptions say what goes on top of an image.
type SiteOptions struct {
	Dir  string // the files to serve
	Conf string // what takes the place of conf.d; empty leaves it as it is
	Tag  string // name of the image; empty is nginx-scratch:site- and the name of Dir
}

// Site makes an image of a site on top of that of the options, which is built first
// where it is not up to date: for the platforms of the options, or those of its layout.
// It is written to dist/site/NAME/oci and loaded into Docker where an engine answers;
// the reference is as Build's.
func Site(ctx context.Context, o Options, s SiteOptions) (reference string, err error) {
	out := progress.New(o.Stderr, o.Terminal, o.Now)
	defer out.Close()
	m := &siteMaker{builder: &builder{Options: o, out: out}, SiteOptions: s, layers: map[string]site.Layer{}}
	defer func() { err = errors.Join(err, os.RemoveAll(m.temp)) }()
	for _, step := range []func(context.Context) error{m.read, m.under, m.configure, m.pack} {
		if err := step(ctx); err != nil {
			return "", interrupted(ctx, err)
		}
	}
	reference, err = m.finish(ctx)
	return reference, interrupted(ctx, err)
}

// siteMaker carries what one step hands to the next.
type siteMaker struct {
	*builder
	SiteOptions

	name        reference.NamedTagged
	pages, conf *site.Folder // conf is nil where the image's stays
	serving     serving
	temp        string
	layers      map[string]site.Layer // by what they depend on
	images      []v1.Image            // as products
}

// read looks at what was named, before anything is built.
func (m *siteMaker) read(ctx context.Context) error {
	var err error
	if m.name, err = siteName(m.Tag, m.Dir); err != nil {
		return err
	}
	if _, _, err := m.Env.epoch(); err != nil {
		return err
	}
	if m.pages, err = site.Scan(ctx, m.Dir, pagesTarget, true); err != nil {
		return err
	}
	m.notes(m.Dir, m.pages.Notes)
	if m.Conf == "" {
		return nil
	}
	if m.conf, err = site.Scan(ctx, m.Conf, confTarget, false); err != nil {
		return err
	}
	m.notes(m.Conf, m.conf.Notes)
	return nil
}

// mostNotes are printed of one folder.
const mostNotes = 10

func (m *siteMaker) notes(dir string, notes []string) {
	for i, note := range notes {
		if i == mostNotes {
			m.out.Note(fmt.Sprintf("%s: and %d notes more", dir, len(notes)-i))
			return
		}
		m.out.Note(dir + ": " + note)
	}
}

// siteName is what an image is called.
func siteName(asked, dir string) (reference.NamedTagged, error) {
	if asked == "" {
		path, err := filepath.Abs(dir)
		if err != nil {
			return nil, fmt.Errorf("naming the image: %w", err)
		}
		asked = project + ":site-" + slug(filepath.Base(path))
	}
	named, err := reference.ParseNormalizedNamed(asked)
	if err != nil {
		return nil, fmt.Errorf("tag %q: %w", asked, err)
	}
	tagged, ok := reference.TagNameOnly(named).(reference.NamedTagged)
	if _, digested := named.(reference.Digested); !ok || digested {
		return nil, fmt.Errorf("tag %q must be like nginx-scratch:site-docs", asked)
	}
	return tagged, nil
}

// slug makes a part of a tag of any name.
func slug(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < 128 && (r == '.' || r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return r
		}
		return '-'
	}, name)
	return name[:min(len(name), 100)]
}

// under makes the image below, or finds that it is up to date. Built again for fewer
// platforms, its layout would lose the others.
func (m *siteMaker) under(ctx context.Context) error {
	if len(m.Platforms) == 0 {
		there, err := release.Open(m.layout())
		if err == nil {
			if m.Platforms, err = platformsOf(there); err != nil {
				return err
			}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return m.build(ctx)
}

func platformsOf(r release.Release) (names []string, err error) {
	index, err := r.Index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("reading the platforms of %s: %w", r.Name, err)
	}
	for _, d := range index.Manifests {
		names = append(names, d.Platform.String())
	}
	return names, nil
}

// pack makes the image of each platform.
func (m *siteMaker) pack(ctx context.Context) error {
	var err error
	sites := filepath.Join(m.Repository, sitesFolder)
	if err := os.MkdirAll(sites, 0o755); err != nil {
		return fmt.Errorf("making a place for sites: %w", err)
	}
	if m.temp, err = os.MkdirTemp(sites, ".making-"); err != nil {
		return fmt.Errorf("making a place to pack: %w", err)
	}
	for _, p := range m.products {
		img, err := m.derive(ctx, p)
		if err != nil {
			return fmt.Errorf("making the site's image for %s: %w", p.platform, err)
		}
		m.images = append(m.images, img)
	}
	return nil
}

func (m *siteMaker) derive(ctx context.Context, p product) (v1.Image, error) {
	config, err := p.img.ConfigFile()
	if err != nil {
		return nil, err
	}
	created := config.Created.Time
	if date, wanted, err := m.Env.epoch(); err != nil {
		return nil, err
	} else if wanted {
		created = date
	}
	folders := []*site.Folder{m.pages}
	if m.conf != nil {
		folders = append(folders, m.conf)
	}
	layer, err := m.layer(ctx, site.Options{
		Folders: folders, Lower: p.tree, Encodings: m.encodings(p), Compressible: m.serving.compressible,
		MinLength: m.serving.minLength, ModTime: created, Temp: m.temp,
	})
	if err != nil {
		return nil, err
	}
	return site.Derive(p.img, layer, site.About{
		Base: m.rel.Name + ":" + m.rel.Tag, Created: created,
		Labels: map[string]string{
			"org.opencontainers.image.title": filepath.Base(m.pages.Dir), "org.opencontainers.image.ref.name": m.name.Tag(),
			"org.opencontainers.image.description": "A site on " + m.rel.Name,
		},
	})
}

// layer makes a layer once for all platforms that have the same below it.
func (m *siteMaker) layer(ctx context.Context, o site.Options) (site.Layer, error) {
	key := o.Key()
	if made, ok := m.layers[key]; ok {
		return made, nil
	}
	task, done := m.out.Start("packing "+m.Dir, o.Work()), int64(0)
	o.Progress = func(add int64) { done += add; task.Set(done) }
	made, err := o.Layer(ctx)
	task.Done(err)
	if err != nil {
		return site.Layer{}, err
	}
	m.notes(m.Dir, made.Notes)
	size, err := made.Size()
	if err != nil {
		return site.Layer{}, err
	}
	var sum int64
	for _, f := range o.Folders {
		sum += f.Size
	}
	m.out.Note(fmt.Sprintf("%d files, %s bytes; the layer has %s", made.Files, thousands(sum), thousands(size)))
	for _, name := range o.Names() {
		f := made.Forms[name]
		m.out.Note(fmt.Sprintf("%d also as %s, which saves %s bytes for whoever accepts it", f.Files, name, thousands(f.Saved)))
	}
	m.layers[key] = made
	return made, nil
}

// finish writes the layout and loads this machine's image into Docker.
func (m *siteMaker) finish(ctx context.Context) (ref string, err error) {
	index, err := oci.Index(m.images...)
	if err != nil {
		return "", err
	}
	name := reference.FamiliarString(m.name)
	layout := filepath.Join(m.Repository, sitesFolder, strings.NewReplacer("/", "+", ":", "+").Replace(name), "oci")
	r := release.Release{Name: reference.FamiliarName(m.name), Tag: m.name.Tag(), Index: index}
	task := m.out.Start("writing "+layout, 0)
	err = r.Write(layout)
	task.Done(err)
	if err != nil {
		return "", err
	}
	digest, err := index.Digest()
	if err != nil {
		return "", fmt.Errorf("computing the digest: %w", err)
	}
	at := slices.IndexFunc(m.products, func(p product) bool { return p.platform == hostPlatform() })
	if at < 0 {
		m.out.Note("Not loaded into Docker: no platform is this machine's, " + hostPlatform())
		return layout + "@" + digest.String(), nil
	}
	task = m.out.Start("loading "+name, 0)
	ref, err = m.offer(ctx, m.images[at], name, layout+"@"+digest.String())
	task.Done(err)
	return ref, err
}
