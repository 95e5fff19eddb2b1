package load

import (
	"path"
	"strings"
)

// page is the name of the page that a path leads to.
func page(asked string) string { return path.Base(asked) }

// compressed says whether what is at a path is compressed on the fly.
func compressed(asked string) bool {
	return strings.HasPrefix(asked, "/gzip/") || strings.HasPrefix(asked, "/brotli/")
}
