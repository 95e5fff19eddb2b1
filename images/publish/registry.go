package publish

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/nginx-scratch/nginx-scratch/images/progress"
	"github.com/nginx-scratch/nginx-scratch/images/store"
)

// Options of a connection to a registry.
type Options struct {
	Push        bool              // whether to write; without it, only leave to read is asked for
	Insecure    bool              // http is good enough; without it only for a registry on this machine
	Keychain    authn.Keychain    // credentials by registry; default: none
	Transport   http.RoundTripper // default: the environment's proxies, the system's certificates
	Progress    *progress.Output  // default: silent
	Attempts    int               // at each step; default 6
	Backoff     time.Duration     // wait before the second attempt, doubled before each further one; default 500 ms
	IdleTimeout time.Duration     // a request fails when no byte moves for this long; default 60 s
}

func (o Options) withDefaults() Options {
	o.Attempts = cmp.Or(o.Attempts, 6)
	o.Backoff = cmp.Or(o.Backoff, 500*time.Millisecond)
	o.IdleTimeout = cmp.Or(o.IdleTimeout, time.Minute)
	if o.Transport == nil {
		o.Transport = remote.DefaultTransport
	}
	return o
}

// Repository is a connection to one repository of a registry. It is not for
// use by several goroutines at once.
type Repository struct {
	repo   name.Repository
	auth   authn.Authenticator
	client *http.Client // fails with a *transientError where it is worth to try again
	pusher *remote.Pusher
	opt    Options
}

// Connect finds out how a registry wants to be spoken to and logs in. The
// repository is one of Target's.
func Connect(ctx context.Context, repository string, opt Options) (*Repository, error) {
	opt = opt.withDefaults()
	var how []name.Option
	if opt.Insecure {
		how = append(how, name.Insecure)
	}
	repo, err := name.NewRepository(repository, how...)
	if err != nil {
		return nil, fmt.Errorf("repository %q: %w", repository, err)
	}
	r := &Repository{repo: repo, auth: authn.Anonymous, opt: opt}
	if opt.Keychain != nil {
		if r.auth, err = authn.Resolve(ctx, opt.Keychain, repo); err != nil {
			return nil, fmt.Errorf("looking for the credentials of %s: %w", repo.RegistryStr(), err)
		}
	}
	err = r.retry(ctx, "connecting to "+repo.RegistryStr(), func() error {
		logged, err := r.login(ctx, &wire{inner: opt.Transport, idle: opt.IdleTimeout, insecure: opt.Insecure, strict: true})
		if err != nil {
			return err
		}
		r.client = &http.Client{Transport: logged}
		// Attempts are counted here, in retry, and nowhere else: a logged-in
		// transport gets no other layer, and the one of uploads is switched off.
		r.pusher, err = remote.NewPusher(remote.WithTransport(logged),
			remote.WithRetryBackoff(remote.Backoff{Steps: 1}), remote.WithRetryPredicate(func(error) bool { return false }))
		return err
	})
	return r, err
}

// login makes a transport that has credentials for the repository.
func (r *Repository) login(ctx context.Context, w *wire) (http.RoundTripper, error) {
	scope := transport.PullScope
	if r.opt.Push {
		scope = transport.PushScope
	}
	return transport.NewWithContext(ctx, r.repo.Registry, r.auth, w, []string{r.repo.Scope(scope)})
}

// Downloads are the options with which a store gets blobs from BlobURL: with the
// credentials of the repository. It is the store that tries again.
func (r *Repository) Downloads(ctx context.Context) (opt store.Options, err error) {
	err = r.retry(ctx, "connecting to "+r.repo.RegistryStr(), func() error {
		logged, err := r.login(ctx, &wire{inner: r.opt.Transport, idle: r.opt.IdleTimeout, insecure: r.opt.Insecure})
		opt = store.Options{Client: &http.Client{Transport: logged}, Progress: r.opt.Progress}
		return err
	})
	return opt, err
}

// BlobURL is where Downloads get a blob from.
func (r *Repository) BlobURL(digest v1.Hash) string { return r.url("blobs", digest.String()) }

// url is the address of something in the repository. The transport puts the
// scheme right that the registry was found to speak.
func (r *Repository) url(kind, reference string) string {
	return (&url.URL{
		Scheme: r.repo.Scheme(), Host: r.repo.RegistryStr(),
		Path: "/v2/" + r.repo.RepositoryStr() + "/" + kind + "/" + reference,
	}).String()
}
