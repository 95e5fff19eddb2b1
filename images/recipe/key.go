package recipe

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/nginx-scratch/nginx-scratch/images"
)

// ingredients are everything that goes into a component. The names of its
// files and where they come from do not: their hashes say what they are.
type ingredients struct {
	Version   int               `json:"version"`
	Component Component         `json:"component"` // without its key
	Source    string            `json:"source"`    // SHA-256
	Patches   []images.Patch    `json:"patches"`
	Epoch     int64             `json:"epoch"`
	Arch      string            `json:"arch"`
	Toolchain Toolchain         `json:"toolchain"`
	Needs     map[string]string `json:"needs"` // keys by name
}

func (i ingredients) key() (string, error) {
	data, err := json.Marshal(i)
	if err != nil {
		return "", fmt.Errorf("hashing the plan of %s: %w", i.Component.Name, err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
