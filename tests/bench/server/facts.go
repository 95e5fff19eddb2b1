package server

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// Facts are what an image says of itself.
type Facts struct {
	ID      string // as the engine knows it
	Size    int64  // bytes on disk
	Version string // of nginx, such as 1.26.3
	OpenSSL string
	HTTP3   bool
	Brotli  bool
	Command []string // what it runs if nothing is said, after its entry point
}

func inspect(ctx context.Context, image string) (Facts, error) {
	text, err := docker(ctx, "image", "inspect", "-f", "{{.Id}} {{.Size}} {{json .Config.Cmd}}", image)
	if err != nil {
		return Facts{}, fmt.Errorf("looking at %s: %w: mage build makes nginx-scratch:static; load or pull any other", image, err)
	}
	var f Facts
	id, rest, _ := strings.Cut(text, " ")
	size, command, _ := strings.Cut(rest, " ")
	f.ID = id
	if _, err := fmt.Sscan(size, &f.Size); err != nil {
		return Facts{}, fmt.Errorf("looking at %s: docker says %q: %w", image, text, err)
	}
	if err := json.Unmarshal([]byte(command), &f.Command); err != nil {
		return Facts{}, fmt.Errorf("looking at %s: docker says %q: %w", image, text, err)
	}
	_, version, err := dockerBoth(ctx, "run", "--rm", "--label", label, "--network", "none", "--read-only", "--entrypoint", "nginx", image, "-e", "stderr", "-V")
	if err != nil {
		return Facts{}, fmt.Errorf("asking %s for nginx -V: %w", image, err)
	}
	f.read(version)
	return f, nil
}

// read takes what nginx -V says apart.
func (f *Facts) read(text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if version, ok := strings.CutPrefix(line, "nginx version: nginx/"); ok {
			f.Version, _, _ = strings.Cut(version, " ")
		}
		if built, ok := strings.CutPrefix(line, "built with "); ok {
			f.OpenSSL = built
		}
	}
	f.HTTP3 = strings.Contains(text, "--with-http_v3_module")
	f.Brotli = strings.Contains(text, "brotli")
}
