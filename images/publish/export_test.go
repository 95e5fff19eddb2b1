package publish

import (
	"bytes"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The parts of DockerAvailable and Docker that take an engine, which tests fake.
var (
	Load     = load
	ParseTag = parseTag
	Ping     = ping
)

// Archive is what Load sends to the engine.
func Archive(img v1.Image, name reference.NamedTagged) ([]byte, error) {
	var out bytes.Buffer
	err := archive(&out, img, name)
	return out.Bytes(), err
}
