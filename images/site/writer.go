package site

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// writer writes the items of a plan.
type writer struct {
	Options

	tar   *tar.Writer
	roots map[*Folder]*os.Root
	sums  map[string][sha256.Size]byte // of files, by path
	made  *Layer
}

func (w *writer) all(ctx context.Context) error {
	for _, f := range w.Folders {
		root, err := os.OpenRoot(f.Dir)
		if err != nil {
			return err
		}
		w.roots[f] = root
	}
	for _, it := range w.plan() {
		err := context.Cause(ctx)
		if err == nil {
			err = w.item(ctx, it)
		}
		if err != nil && it.folder != nil {
			return fmt.Errorf("%s: %w", filepath.Join(it.folder.Dir, it.file.name), err)
		}
		if err != nil {
			return err
		}
	}
	return w.tar.Close()
}

func (w *writer) close() error {
	var err error
	for _, root := range w.roots {
		err = errors.Join(err, root.Close())
	}
	return err
}

func (w *writer) item(ctx context.Context, it item) error {
	h := &tar.Header{Format: tar.FormatPAX, Typeflag: tar.TypeReg, Name: it.path, Mode: int64(it.mode.Perm()), ModTime: w.ModTime}
	switch {
	case it.deletes:
	case it.encoding != nil:
		return w.encoded(ctx, it, h)
	case it.mode.IsDir():
		h.Typeflag = tar.TypeDir
		h.Name += "/"
	case it.mode&fs.ModeSymlink != 0:
		h.Typeflag, h.Linkname = tar.TypeSymlink, it.file.link
	default:
		return w.regular(ctx, it, h)
	}
	return w.tar.WriteHeader(h)
}

// regular writes a file, which is read twice: first for its time.
func (w *writer) regular(ctx context.Context, it item, h *tar.Header) error {
	r, err := open(w.roots[it.folder], it.file.name)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // only read
	sum, err := digest(ctx, r, it.file.size, io.Discard)
	if err != nil {
		return err
	}
	h.Size, h.ModTime = it.file.size, w.modTime(sum)
	if err := w.tar.WriteHeader(h); err != nil {
		return err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return err
	}
	again, err := digest(ctx, r, it.file.size, w.tar)
	if err != nil {
		return err
	}
	if again != sum {
		return errChanged
	}
	w.sums[it.path] = sum
	w.made.Files++
	w.progress(it.file.size)
	return w.compare(ctx, it, r)
}

var errChanged = errors.New("it changed while it was read: try again when nothing writes there")

// digest copies a file of the given size to w.
func digest(ctx context.Context, r io.Reader, size int64, w io.Writer) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(h, w), io.LimitReader(reader{ctx, r}, size))
	if err == nil && n < size {
		err = errChanged
	}
	if err == nil {
		if more, _ := r.Read(make([]byte, 1)); more > 0 {
			err = errChanged
		}
	}
	return [sha256.Size]byte(h.Sum(nil)), err
}

// compare notes a compressed form of the folder's own that is of another file: nginx
// serves it in the place of the one that it stands beside.
func (w *writer) compare(ctx context.Context, it item, r *os.File) error {
	for _, e := range w.Encodings {
		original, ok := strings.CutSuffix(it.path, e.Suffix)
		sum, there := w.sums[original]
		if !ok || !there || !it.folder.Served {
			continue
		}
		info, err := w.roots[it.folder].Stat(strings.TrimSuffix(it.file.name, e.Suffix))
		if err == nil {
			_, err = r.Seek(0, io.SeekStart)
		}
		if err != nil {
			return err
		}
		if !e.holds(ctx, r, info.Size(), sum) {
			w.made.Notes = append(w.made.Notes, fmt.Sprintf("%s is not %s compressed: browsers that accept %s will get something else",
				it.file.name, path.Base(original), e.Name))
		}
	}
	return nil
}

// encoded writes the compressed form of a file, if it is worthwhile.
func (w *writer) encoded(ctx context.Context, it item, h *tar.Header) error {
	r, err := open(w.roots[it.folder], it.file.name)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // only read
	sum := sha256.New()
	packed, size, err := it.encoding.pack(ctx, io.TeeReader(io.LimitReader(r, it.file.size), sum), w.Temp)
	if err != nil {
		return err
	}
	defer func() { _ = discard(packed) }() // the folder goes as a whole
	original := w.sums[strings.TrimSuffix(it.path, it.encoding.Suffix)]
	if [sha256.Size]byte(sum.Sum(nil)) != original {
		return errChanged
	}
	w.progress(it.file.size)
	if !worthwhile(size, it.file.size) {
		if _, lower := w.Lower.Lookup(it.path); lower {
			return w.tar.WriteHeader(&tar.Header{Format: tar.FormatPAX, Typeflag: tar.TypeReg, Name: deletion(it.path), ModTime: w.ModTime})
		}
		return nil
	}
	form := w.made.Forms[it.encoding.Name]
	w.made.Forms[it.encoding.Name] = Form{form.Files + 1, form.Saved + it.file.size - size}
	h.Size, h.ModTime = size, w.modTime(original)
	if err := w.tar.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.Copy(w.tar, packed)
	return err
}

func (w *writer) progress(n int64) {
	if w.Progress != nil {
		w.Progress(n)
	}
}
