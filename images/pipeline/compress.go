package pipeline

import (
	"path/filepath"

	"github.com/nginx-scratch/nginx-scratch/images/deflate"
	"github.com/nginx-scratch/nginx-scratch/images/oci"
	"github.com/nginx-scratch/nginx-scratch/images/segments"
)

// segmentsFolder is where compressed segments of layers are kept, below the cache.
const segmentsFolder = "segments"

// compressor is how segments of layers are compressed: anew for a second build, by
// which mage verify judges, and else what the cache has is taken.
func (b *builder) compressor() (func(dst, segment []byte) []byte, error) {
	if b.Env.Getenv(anewVariable) != "" {
		return deflate.Append, nil
	}
	cache, err := b.Env.CacheDir()
	if err != nil {
		return nil, err
	}
	kept := segments.Cache{Dir: filepath.Join(cache, segmentsFolder), Version: oci.FormatVersion}
	return func(dst, segment []byte) []byte {
		packed, err := kept.Append(dst, segment)
		if err != nil {
			b.out.Note(err.Error() + "; it will be compressed again by the next build")
		}
		return packed
	}, nil
}
