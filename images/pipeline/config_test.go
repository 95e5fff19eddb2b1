package pipeline

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/oci"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	b := &builder{
		definition: images.Definition{Name: "static", Image: images.Image{
			Title: "Title", Description: "Description", Source: "https://example.org/source", Licenses: "MIT AND Zlib",
			User: "65532:65533", Ports: []string{"8080/tcp", "8443/udp"}, StopSignal: "SIGQUIT", Path: "/usr/sbin",
			Command: []string{"nginx", "-g", "daemon off;"}, Binary: "usr/sbin/nginx",
		}},
		lock: images.Lock{SourceDateEpoch: 1700000000, Components: []images.LockedComponent{
			{Name: "musl", Version: "1.2.5"},
			{Name: "nginx", Version: "1.26.3", Patches: &images.Series{Revision: "1.26.3-3+deb13u9"}},
		}},
	}
	want := oci.Config{
		Platform:     v1.Platform{OS: "linux", Architecture: "riscv64"},
		Created:      time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC),
		User:         "65532:65533",
		ExposedPorts: []string{"8080/tcp", "8443/udp"},
		StopSignal:   "SIGQUIT",
		WorkingDir:   "/",
		Cmd:          []string{"nginx", "-g", "daemon off;"},
		Env:          []string{"PATH=/usr/sbin"},
		Labels: map[string]string{
			"org.opencontainers.image.base.name":   "scratch",
			"org.opencontainers.image.created":     "2023-11-14T22:13:20Z",
			"org.opencontainers.image.description": "Description",
			"org.opencontainers.image.licenses":    "MIT AND Zlib",
			"org.opencontainers.image.ref.name":    "static",
			"org.opencontainers.image.revision":    "1.26.3-3+deb13u9",
			"org.opencontainers.image.source":      "https://example.org/source",
			"org.opencontainers.image.title":       "Title",
			"org.opencontainers.image.url":         "https://example.org/source",
			"org.opencontainers.image.version":     "1.26.3",
		},
	}
	b.origin = &compiled{builder: b}
	config, err := b.config("linux/riscv64")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, config); diff != "" {
		t.Errorf("the configuration is different (-want +got):\n%s", diff)
	}

	b.definition.Image.Entry = "usr/sbin/nginx-entry"
	b.definition.Image.Healthcheck = &images.Healthcheck{Interval: 4 * time.Second, Timeout: 3 * time.Second, StartPeriod: 2 * time.Second, Retries: 1}
	config, err = b.config("linux/riscv64")
	want.Entrypoint = []string{"/usr/sbin/nginx-entry"}
	want.Healthcheck = &v1.HealthConfig{
		Test:     []string{"CMD", "/usr/sbin/nginx-entry", "healthcheck"},
		Interval: 4 * time.Second, Timeout: 3 * time.Second, StartPeriod: 2 * time.Second, Retries: 1,
	}
	if diff := cmp.Diff(want, config); err != nil || diff != "" {
		t.Errorf("with an entry the configuration is different (-want +got), error %v:\n%s", err, diff)
	}

	b.lock.Components[1].Patches = nil
	config, err = b.config("linux/riscv64")
	if got := config.Labels["org.opencontainers.image.revision"]; err != nil || got != "1.26.3" {
		t.Errorf("without patches the revision is %q, error %v", got, err)
	}
}
