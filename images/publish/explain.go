package publish

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// refusedError says what a registry answered, and what to do.
type refusedError struct {
	text string
	err  error
}

func (e *refusedError) Error() string { return e.text }
func (e *refusedError) Unwrap() error { return e.err }

// explain puts what the registry answered into one line for people. Its own
// words are cut short and cleaned: they are a stranger's, and go to a terminal.
func (r *Repository) explain(err error) error {
	answer, ok := errors.AsType[*transport.Error](err)
	certificate, distrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case distrusted: // and then http was tried, if that is allowed, which is of no interest
		return fmt.Errorf("%w: SSL_CERT_FILE names a file with the certificate of an authority of your own", certificate)
	case ok:
	case errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Errorf("%w: -insecure allows that", err)
	default:
		return &refusedError{printable(err.Error(), 1000), err}
	}
	text := fmt.Sprintf("%d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
	if request := answer.Request; request != nil {
		text = request.Method + " " + printable(request.URL.Path, 300) + ": " + text
	}
	parts := []string{text}
	for _, d := range answer.Errors[:min(len(answer.Errors), 3)] {
		parts = append(parts, printable(strings.TrimSpace(string(d.Code)+" "+d.Message), 200))
	}
	text = strings.Join(parts, ": ")
	if hint := r.hint(answer.StatusCode); hint != "" {
		text += "\n" + hint
	}
	return &refusedError{text, err}
}

// hint is what to do about a status.
func (r *Repository) hint(status int) string {
	host, may := r.repo.RegistryStr(), "read"
	if r.opt.Push {
		may = "write to"
	}
	switch status {
	case http.StatusUnauthorized:
		return fmt.Sprintf("log in with an account that may %s %s: docker login %s", may, r.repo, host)
	case http.StatusForbidden:
		return fmt.Sprintf("the account may not %s %s, or the registry takes no uploads: docker login %s takes another one", may, r.repo, host)
	case http.StatusMethodNotAllowed:
		return "the registry is read-only at the moment, or for ever: ask those who run it"
	case http.StatusRequestEntityTooLarge:
		return "the registry, or a proxy before it, limits the size of uploads: ask those who run it"
	}
	return ""
}

// printable is text without what could steer a terminal, and not too long.
func printable(text string, most int) string {
	clean := strings.Map(func(c rune) rune {
		if !strconv.IsPrint(c) {
			return '?'
		}
		return c
	}, text)
	if letters := []rune(clean); len(letters) > most {
		return string(letters[:most]) + "..."
	}
	return clean
}
