package check

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

func layerIsTree(_ context.Context, s Subject) (err error) {
	if _, err := program(s); err != nil {
		return err
	}
	layers, err := s.Image.Layers()
	if err != nil {
		return fmt.Errorf("reading the layers: %w", err)
	}
	if len(layers) != 1 {
		return fmt.Errorf("the image has %d layers, not 1", len(layers))
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		return fmt.Errorf("reading the layer: %w", err)
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	return compareLayer(s.Tree, content)
}

// compareLayer reports every difference between a tree and a tar archive.
func compareLayer(t *tree.Tree, content io.Reader) error {
	missing := map[string]tree.File{}
	for f := range t.All() {
		missing[f.Path] = f
	}
	var errs []error
	for archive := tar.NewReader(content); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("reading the layer: %w", err)
		}
		name := strings.TrimSuffix(h.Name, "/")
		f, ok := missing[name]
		if !ok {
			errs = append(errs, fmt.Errorf("%s is in the layer, but not in the tree or not that often", h.Name))
			continue
		}
		delete(missing, name)
		if err := compareEntry(f, h, archive); err != nil {
			errs = append(errs, fmt.Errorf("%s differs in the layer: %w", name, err))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		errs = append(errs, fmt.Errorf("%s is in the tree, but not in the layer", name))
	}
	return errors.Join(errs...)
}

func compareEntry(f tree.File, h *tar.Header, content io.Reader) error {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "SCHILY.xattr.") {
			return fmt.Errorf("it has the extended attribute %s; such attributes can carry capabilities", key)
		}
	}
	switch mode := h.FileInfo().Mode(); {
	case mode != f.Mode:
		return fmt.Errorf("it is %v, not %v", mode, f.Mode)
	case h.Uid != f.UID || h.Gid != f.GID:
		return fmt.Errorf("it belongs to %d:%d, not %d:%d", h.Uid, h.Gid, f.UID, f.GID)
	case h.Linkname != f.Link:
		return fmt.Errorf("it leads to %q, not %q", h.Linkname, f.Link)
	case h.Size != int64(len(f.Data)):
		return fmt.Errorf("it has %d bytes, not %d", h.Size, len(f.Data))
	}
	return compareBytes(content, f.Data)
}

// compareBytes reads content to its end.
func compareBytes(content io.Reader, want []byte) error {
	buffer := make([]byte, min(len(want)+1, 64<<10))
	for {
		n, err := content.Read(buffer)
		if n > len(want) || !bytes.Equal(buffer[:n], want[:n]) {
			return errors.New("it has other bytes")
		}
		want = want[n:]
		switch {
		case errors.Is(err, io.EOF) && len(want) > 0:
			return errors.New("it has other bytes")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading it: %w", err)
		}
	}
}
