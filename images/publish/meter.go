package publish

import (
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nginx-scratch/nginx-scratch/images/progress"
)

// meter tells a task how many bytes of some blobs are done.
type meter struct {
	task *progress.Task
	done int64 // of the blobs that are finished
}

func newMeter(out *progress.Output, label string, blobs []blob) *meter {
	var total int64
	for _, b := range blobs {
		total += b.desc.Size
	}
	return &meter{task: out.Start(label, total)}
}

// finish counts a blob, whether it had to be moved or not.
func (m *meter) finish(size int64) {
	m.done += size
	m.task.Set(m.done)
}

// watch counts what is read, from where the blob begins: each attempt begins again.
func (m *meter) watch(from io.ReadCloser) io.ReadCloser {
	return &counted{from, m.task, m.done}
}

type counted struct {
	io.ReadCloser

	task *progress.Task
	pos  int64
}

// Read reads on.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.pos += int64(n)
	c.task.Set(c.pos)
	return n, err
}

// metered is a blob whose upload is watched.
type metered struct {
	v1.Layer

	meter *meter
}

// Compressed is the blob.
func (l metered) Compressed() (io.ReadCloser, error) {
	body, err := l.Layer.Compressed()
	if err != nil {
		return nil, err
	}
	return l.meter.watch(body), nil
}
