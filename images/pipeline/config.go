package pipeline

import (
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/oci"
)

// config is what the image says about itself.
//
// The revision is that of the packaged software, nginx: which release of the
// distribution's security patches it has. The commit of this repository is
// left out on purpose, because commits that change no input must not change
// the digest.
func (b *builder) config(platform string) (oci.Config, error) {
	parsed, err := v1.ParsePlatform(platform)
	if err != nil {
		return oci.Config{}, fmt.Errorf("platform %q: %w", platform, err)
	}
	face := b.definition.Image
	version, revision := b.origin.version(platform)
	created := b.lock.Epoch()
	labels := map[string]string{}
	for key, value := range map[string]string{
		"title": face.Title, "description": face.Description, "source": face.Source, "url": face.Source,
		"licenses": face.Licenses, "version": version, "revision": revision,
		"created": created.Format(time.RFC3339), "base.name": "scratch", "ref.name": tag(b.definition),
	} {
		labels["org.opencontainers.image."+key] = value
	}
	config := oci.Config{
		Platform: *parsed,
		Created:  created, User: face.User, ExposedPorts: face.Ports, StopSignal: face.StopSignal,
		WorkingDir: "/", Cmd: face.Command, Env: []string{"PATH=" + face.Path}, Labels: labels,
	}
	if face.Entry != "" {
		config.Entrypoint = []string{"/" + face.Entry}
	}
	if h := face.Healthcheck; h != nil {
		config.Healthcheck = &v1.HealthConfig{
			Test:     []string{"CMD", "/" + face.Entry, "healthcheck"},
			Interval: h.Interval, Timeout: h.Timeout, StartPeriod: h.StartPeriod, Retries: h.Retries,
		}
	}
	return config, nil
}
