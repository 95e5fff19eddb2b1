package publish

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// maxPages is more than a list of referrers has.
const maxPages = 100

// attach makes the registry list the referrers. One with the referrers API does
// so by itself. For any other, they are listed in an index under a tag that is
// made of their subject's digest, as the OCI distribution specification says.
func (r *Repository) attach(ctx context.Context, pl *plan) error {
	for _, subject := range append([]manifest{pl.index}, pl.images...) {
		artifacts := pl.referrers[subject.desc.Digest]
		if len(artifacts) == 0 {
			continue
		}
		err := r.retry(ctx, "listing what refers to "+subject.desc.Digest.String(), func() error {
			return r.list(ctx, subject.desc.Digest, artifacts)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// list adds those of the artifacts that are not listed yet.
func (r *Repository) list(ctx context.Context, subject v1.Hash, artifacts []manifest) error {
	listed, api, err := r.byAPI(ctx, subject)
	if err != nil {
		return err
	}
	if api {
		if missing := unlisted(listed, artifacts); len(missing) > 0 {
			return &transientError{err: fmt.Errorf("the registry does not list %s yet", missing[0].desc.Digest)}
		}
		return nil
	}
	before, there, err := r.get(ctx, fallbackTag(subject))
	if err != nil {
		return err
	}
	if !there {
		before.raw = nil
	}
	after, changed, err := merge(before.raw, artifacts)
	if err != nil {
		return fmt.Errorf("reading tag %s: %w", fallbackTag(subject), err)
	}
	if !changed {
		return nil
	}
	if err := r.put(ctx, fallbackTag(subject), after); err != nil {
		return err
	}
	// Nothing keeps another publisher from writing at the same moment, so look.
	now, there, err := r.get(ctx, fallbackTag(subject))
	if err == nil && (!there || !bytes.Equal(now.raw, after.raw)) {
		return &transientError{err: errors.New("somebody else changed the list at the same time")}
	}
	return err
}

// fallbackTag is where registries without the referrers API have the list.
func fallbackTag(subject v1.Hash) string { return subject.Algorithm + "-" + subject.Hex }

// merge appends what is missing to a list, and leaves all that is in it as it
// is, also what is not known here.
func merge(list []byte, artifacts []manifest) (m manifest, changed bool, err error) {
	fields := map[string]json.RawMessage{}
	if list == nil {
		list = []byte(`{"schemaVersion":2,"mediaType":"` + types.OCIImageIndex + `","manifests":[]}`)
	}
	var known v1.IndexManifest
	var entries []json.RawMessage
	if err := errors.Join(json.Unmarshal(list, &fields), json.Unmarshal(list, &known)); err != nil {
		return m, false, err
	}
	if known.MediaType != types.OCIImageIndex {
		return m, false, fmt.Errorf("it is of type %q, not %q: remove the tag, or what put it there", known.MediaType, types.OCIImageIndex)
	}
	if err := json.Unmarshal(fields["manifests"], &entries); err != nil {
		return m, false, err
	}
	missing := unlisted(known.Manifests, artifacts)
	for _, a := range missing {
		entry, err := json.Marshal(a.desc)
		if err != nil {
			return m, false, err
		}
		entries = append(entries, entry)
	}
	if fields["manifests"], err = json.Marshal(entries); err != nil {
		return m, false, err
	}
	if m.raw, err = json.Marshal(fields); err != nil {
		return m, false, err
	}
	m.desc.MediaType = types.OCIImageIndex
	return m, len(missing) > 0, nil
}

func unlisted(listed []v1.Descriptor, artifacts []manifest) (missing []manifest) {
	for _, a := range artifacts {
		if !slices.ContainsFunc(listed, func(d v1.Descriptor) bool { return d.Digest == a.desc.Digest }) {
			missing = append(missing, a)
		}
	}
	return missing
}

// byAPI asks the referrers API for all referrers of a manifest; api is false
// where the registry has none.
func (r *Repository) byAPI(ctx context.Context, subject v1.Hash) (listed []v1.Descriptor, api bool, err error) {
	address := r.url("referrers", subject.String())
	for range maxPages {
		got, err := r.ask(ctx, address, http.StatusOK)
		if refused, ok := errors.AsType[*transport.Error](err); ok && len(listed) == 0 && unknownAPI(refused.StatusCode) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		if kind, _, _ := strings.Cut(got.header.Get("Content-Type"), ";"); types.MediaType(kind) != types.OCIImageIndex {
			return nil, false, nil // whatever it is, it is not the API
		}
		var page v1.IndexManifest
		if err := json.Unmarshal(got.data, &page); err != nil {
			return nil, false, fmt.Errorf("reading the referrers: %w", err)
		}
		listed = append(listed, page.Manifests...)
		next := nextPage.FindStringSubmatch(got.header.Get("Link"))
		if next == nil {
			return listed, true, nil
		}
		if address, err = r.follow(address, next[1]); err != nil {
			return nil, false, fmt.Errorf("reading the referrers: %w", err)
		}
	}
	return nil, false, fmt.Errorf("reading the referrers: there are more than %d pages", maxPages)
}

// unknownAPI are the answers of registries to what they do not know. One that
// is worth another attempt is not among them.
func unknownAPI(status int) bool {
	return slices.Contains([]int{
		http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusNotImplemented,
	}, status)
}

var nextPage = regexp.MustCompile(`<([^>]*)>\s*;\s*rel="?next"?`)

// follow resolves the link to the next page, which leads to no other host.
func (r *Repository) follow(address, link string) (string, error) {
	from, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	to, err := from.Parse(link)
	if err != nil {
		return "", err
	}
	if to.Host != from.Host {
		return "", fmt.Errorf("the next page would be on another host, %s", printable(to.Host, 100))
	}
	return to.String(), nil
}
