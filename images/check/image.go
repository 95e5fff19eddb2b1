package check

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func imageChecks() []Check {
	return []Check{{
		Name:    "layer",
		Explain: "The image has one layer with exactly the tree, so what the other checks say of the tree is true of the image.",
		Remedy:  "Make the image from this tree and add nothing to it afterwards.",
		Run:     layerIsTree,
	}, {
		Name:    "platform",
		Explain: "The program is for the platform that the image says it is for.",
		Remedy:  "Compile for the platform of the image, or correct the platform in its config.",
		Run:     platform,
	}, {
		Name:    "image-config",
		Explain: "The image starts as an ordinary user, stops gracefully, and every registry and engine can read it.",
		Remedy:  "Set a numeric user and group above 0, stop signal SIGQUIT, ports from 1024 and OCI media types where the image is made.",
		Run:     imageConfig,
	}}
}

// platform is the only check of a foreign program that needs no way to run it.
func platform(_ context.Context, s Subject) error {
	config, err := s.Image.ConfigFile()
	if err != nil {
		return fmt.Errorf("reading the image config: %w", err)
	}
	want, ok := machine(config.Architecture)
	if config.OS != "linux" || !ok {
		return fmt.Errorf("the image is for %q on %q, which is not known here", config.OS, config.Architecture)
	}
	f, err := program(s)
	if err != nil {
		return err
	}
	o, err := parseELF(f.Data)
	if err != nil {
		return fmt.Errorf("reading %s as an ELF file: %w", f.Path, err)
	}
	if o.machine != want {
		return fmt.Errorf("%s is for %v, but the image is for %s", f.Path, o.machine, config.Architecture)
	}
	return nil
}

// machine translates an architecture of the OCI image spec (a GOARCH).
func machine(arch string) (elf.Machine, bool) {
	m, ok := map[string]elf.Machine{
		"386":     elf.EM_386,
		"amd64":   elf.EM_X86_64,
		"arm":     elf.EM_ARM,
		"arm64":   elf.EM_AARCH64,
		"loong64": elf.EM_LOONGARCH,
		"ppc64le": elf.EM_PPC64,
		"riscv64": elf.EM_RISCV,
		"s390x":   elf.EM_S390,
	}[arch]
	return m, ok
}

func imageConfig(_ context.Context, s Subject) error {
	manifest, err := s.Image.Manifest()
	if err != nil {
		return fmt.Errorf("reading the image manifest: %w", err)
	}
	file, err := s.Image.ConfigFile()
	if err != nil {
		return fmt.Errorf("reading the image config: %w", err)
	}
	errs := []error{user(file.Config.User), ports(file.Config.ExposedPorts), mediaTypes(manifest)}
	if got := file.Config.StopSignal; got != "SIGQUIT" {
		errs = append(errs, fmt.Errorf("the stop signal is %q, not SIGQUIT", got))
	}
	return errors.Join(errs...)
}

// user wants both IDs as numbers: Kubernetes cannot tell that a name is not
// root, and without a group an engine takes group 0.
func user(config string) error {
	uid, gid, _ := strings.Cut(config, ":")
	for _, id := range []string{uid, gid} {
		if n, err := strconv.ParseUint(id, 10, 31); err != nil || n == 0 {
			return fmt.Errorf("the user %q is not UID:GID, both numbers above 0", config)
		}
	}
	return nil
}

func ports(exposed map[string]struct{}) error {
	if len(exposed) == 0 {
		return errors.New("no port is exposed")
	}
	var errs []error
	for _, port := range slices.Sorted(maps.Keys(exposed)) {
		number, protocol, _ := strings.Cut(port, "/")
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil || n < 1024 || protocol != "tcp" && protocol != "udp" {
			errs = append(errs, fmt.Errorf("the exposed port %q is not from 1024 to 65535 with /tcp or /udp", port))
		}
	}
	return errors.Join(errs...)
}

func mediaTypes(m *v1.Manifest) error {
	var errs []error
	want := func(what string, got, want types.MediaType) {
		if got != want {
			errs = append(errs, fmt.Errorf("the %s has media type %q, not %q", what, got, want))
		}
	}
	want("manifest", m.MediaType, types.OCIManifestSchema1)
	want("config", m.Config.MediaType, types.OCIConfigJSON)
	for _, l := range m.Layers {
		want("layer "+l.Digest.String(), l.MediaType, types.OCILayer)
	}
	return errors.Join(errs...)
}
