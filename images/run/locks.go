package run

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
)

// loopback is the only address that anything is published on.
var loopback = netip.MustParseAddr("127.0.0.1")

// Label marks the containers of this package.
const Label = "io.github.nginx-scratch.run"

// locked is what the engine is asked for.
func (c Container) locked() (*container.Config, *container.HostConfig, error) {
	port, err := network.ParsePort(c.Listen)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the port %q: %w", c.Listen, err)
	}
	binding := network.PortBinding{HostIP: loopback}
	if c.Port != 0 {
		binding.HostPort = strconv.Itoa(int(c.Port))
	}
	host := &container.HostConfig{
		ReadonlyRootfs: true,
		CapDrop:        []string{"ALL"},
		SecurityOpt:    []string{"no-new-privileges"},
		PortBindings:   network.PortMap{port: {binding}},
		Resources:      container.Resources{Memory: c.Memory, MemorySwap: c.Memory, PidsLimit: &c.Pids},
	}
	if c.Seccomp != "" {
		var profile bytes.Buffer
		if err := json.Compact(&profile, []byte(c.Seccomp)); err != nil {
			return nil, nil, fmt.Errorf("reading the seccomp profile: %w", err)
		}
		host.SecurityOpt = append(host.SecurityOpt, "seccomp="+profile.String())
	}
	for _, m := range c.Mounts {
		host.Mounts = append(host.Mounts, mount.Mount{Type: mount.TypeBind, Source: m.Source, Target: m.Target, ReadOnly: true})
	}
	config := &container.Config{
		Image: c.Image, Env: c.Env, Labels: map[string]string{Label: "true"}, ExposedPorts: network.PortSet{port: {}},
	}
	return config, host, nil
}

// explain adds what a person can do about an engine's refusal.
func explain(err error, c Container) error {
	text := strings.ToLower(err.Error())
	switch {
	case strings.Contains(text, "port is already allocated"), strings.Contains(text, "address already in use"):
		return fmt.Errorf("port %d of this machine is taken: name another with -port, or none to get a free one: %w", c.Port, err)
	case strings.Contains(text, "permission denied") && c.Port != 0 && c.Port < 1024:
		return fmt.Errorf("port %d of this machine is for root: name one above 1023 with -port: %w", c.Port, err)
	case strings.Contains(text, "seccomp"):
		return fmt.Errorf("the engine does not take the seccomp profile: %w", err)
	case strings.Contains(text, "bind source path does not exist"), strings.Contains(text, "bind mount source path does not exist"):
		return fmt.Errorf("the engine sees none of this machine's folders, or not this one (is it on another machine?): %w", err)
	}
	return err
}
