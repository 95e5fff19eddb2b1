package diff

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/content"
)

// Where images say what they are made of.
const (
	sboms       = "var/lib/db/sbom/*.spdx.json"
	apkDatabase = "lib/apk/db/installed"
	labels      = "org.opencontainers.image."
)

// components are the versions of what is in an image, by name: as its SBOM says,
// else its database of packages, else its labels.
func components(i *content.Image) map[string]string {
	if found := fromSBOM(i); len(found) > 0 {
		return found
	}
	if f, ok := i.Files[apkDatabase]; ok {
		if found := fromAPK(f.Data); len(found) > 0 {
			return found
		}
	}
	said := i.Config.Config.Labels
	version := said[labels+"revision"]
	if version == "" {
		version = said[labels+"version"]
	}
	if version == "" {
		return nil
	}
	return map[string]string{"nginx": version}
}

func fromSBOM(i *content.Image) map[string]string {
	found := map[string]string{}
	for _, p := range i.Paths() {
		if ok, err := path.Match(sboms, p); err != nil || !ok {
			continue
		}
		var document struct {
			Packages []struct {
				Name    string `json:"name"`
				Version string `json:"versionInfo"`
				Source  string `json:"sourceInfo"` // which patches it has
			} `json:"packages"`
		}
		if json.Unmarshal(i.Files[p].Data, &document) != nil {
			continue // what is no SBOM says nothing; that it differs is seen as a file
		}
		for _, c := range document.Packages {
			found[c.Name] = strings.TrimSpace(c.Version + " " + c.Source)
		}
	}
	return found
}

// fromAPK reads the names and versions of apk's database: paragraphs of lines like P:musl.
func fromAPK(data []byte) map[string]string {
	found, name := map[string]string{}, ""
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), ":")
		switch key {
		case "P":
			name = value
		case "V":
			if name != "" {
				found[name] = value
			}
		case "":
			name = ""
		}
	}
	return found
}

// configuration is what an image says of itself, by names that people know.
func configuration(c v1.ConfigFile) map[string]string {
	list := func(values []string) string {
		if len(values) == 0 {
			return ""
		}
		return fmt.Sprintf("%q", values)
	}
	all := map[string]string{
		"created": c.Created.UTC().Format(time.RFC3339), "user": c.Config.User,
		"entrypoint": list(c.Config.Entrypoint), "cmd": list(c.Config.Cmd), "workdir": c.Config.WorkingDir,
		"stopsignal": c.Config.StopSignal, "ports": list(slices.Sorted(maps.Keys(c.Config.ExposedPorts))),
		"volumes": list(slices.Sorted(maps.Keys(c.Config.Volumes))), "shell": list(c.Config.Shell), "onbuild": list(c.Config.OnBuild),
	}
	if h := c.Config.Healthcheck; h != nil {
		all["healthcheck"] = fmt.Sprintf("%q every %s, for %s, after %s, %d times", h.Test, h.Interval, h.Timeout, h.StartPeriod, h.Retries)
	}
	for i, v := range c.Config.Env {
		name, value, _ := strings.Cut(v, "=")
		if _, twice := all["env "+name]; twice {
			name = fmt.Sprintf("%s (%d)", name, i)
		}
		all["env "+name] = value
	}
	for name, value := range c.Config.Labels {
		all["label "+name] = value
	}
	for i, h := range c.History {
		all["history "+number(i+1)] = strings.TrimSpace(h.CreatedBy + " " + h.Comment)
	}
	return all
}
