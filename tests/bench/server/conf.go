// Package server runs the contestants: each in a container of its own, with the same
// configuration, pages and certificate, on one CPU, listening on 127.0.0.1 only.
package server

import (
	"bytes"
	"embed"
	"fmt"
	"path/filepath"
	"text/template"
)

//go:embed *.tmpl
var templates embed.FS

// Ports are where a contestant listens on 127.0.0.1, and where its upstream does.
type Ports struct {
	HTTP, HTTPS int
	QUIC        int // 0 where it cannot
	Upstream    int
}

// settings are what the templates know.
type settings struct {
	Ports
	Brotli  bool
	Modules []string // paths
}

// folder is where a server finds its files. It works there, and finds pages from
// there, not from the root: an engine may have a process of its own answer for the
// files of images, which would be asked for each page that is opened.
const folder = "/bench"

// beside is what tells nginx so.
var beside = []string{"-p", "./"}

// configFile is the configuration in the folder of a server.
const configFile = "nginx.conf"

// Config is nginx.conf as a contestant on these ports gets it.
func Config(p Ports) (string, error) { return render("nginx.conf.tmpl", settings{Ports: p}) }

func render(name string, s settings) (string, error) {
	t, err := template.ParseFS(templates, name)
	if err != nil {
		return "", fmt.Errorf("reading the template %s: %w", name, err)
	}
	var text bytes.Buffer
	if err := t.Execute(&text, s); err != nil {
		return "", fmt.Errorf("rendering %s: %w", name, err)
	}
	return text.String(), nil
}

// write puts the configuration into dir, for a server that is no user of this machine.
func (s settings) write(dir string) error {
	for name, file := range map[string]string{"nginx.conf.tmpl": configFile, "locations.conf.tmpl": "locations.conf"} {
		text, err := render(name, s)
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(dir, file), []byte(text)); err != nil {
			return fmt.Errorf("writing the configuration: %w", err)
		}
	}
	return nil
}
