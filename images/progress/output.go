// Package progress tells the person at the screen what a long step is doing: a bar for each task
// where the writer is a terminal, plain lines (start, every ten seconds, end) where it is not.
package progress

import (
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
)

// beat is how often a plain Output says that a task is still going on.
const beat = 10 * time.Second

// Output writes the progress of any number of concurrent tasks, and notes between them, to one
// writer. Errors of that writer are ignored: a build does not fail because nobody can watch it.
// A nil *Output is valid and says nothing.
type Output struct {
	w        io.Writer
	terminal bool
	now      func() time.Time

	mu    sync.Mutex // orders lines, and guards what follows
	live  []*Task
	bars  *mpb.Progress // non-nil exactly while a terminal shows live tasks
	beats chan struct{} // closed to end the heartbeat; non-nil exactly while a plain writer has live tasks
}

// New returns an Output that writes to w, with bars if terminal is true. The clock now is used for
// elapsed times and may be called from several goroutines at once.
func New(w io.Writer, terminal bool, now func() time.Time) *Output {
	return &Output{w: w, terminal: terminal, now: now}
}

// Start announces a task, such as "fetching pcre2.tar.bz2". Total is its size in bytes, or 0 if
// there is nothing to count. The caller must call Done.
func (o *Output) Start(label string, total int64) *Task {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	t := &Task{out: o, label: label, total: total, start: o.now()}
	o.live = append(o.live, t)
	if o.terminal {
		o.addBar(t)
		return t
	}
	o.print(t.startLine())
	if o.beats == nil {
		o.beats = make(chan struct{})
		go o.heartbeat(o.beats)
	}
	return t
}

// Note writes one line, above the bars if there are any.
func (o *Output) Note(line string) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.print(line)
}

// Close ends the tasks that nobody ended, as failed, and leaves the cursor below everything
// written. The Output can be used again.
func (o *Output) Close() {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.live) > 0 {
		o.end(o.live[0], false)
	}
}

// print writes one line; o.mu is held.
func (o *Output) print(line string) {
	text := []byte(strings.TrimRight(line, "\n") + "\n")
	if o.bars != nil {
		if _, err := o.bars.Write(text); err == nil {
			return
		}
	}
	_, _ = o.w.Write(text)
}

// end takes t off the live tasks and writes its last line; o.mu is held.
func (o *Output) end(t *Task, ok bool) {
	i := slices.Index(o.live, t)
	if i < 0 {
		return
	}
	o.live = slices.Delete(o.live, i, i+1)
	o.print(t.endLine(ok))
	if t.bar != nil {
		t.bar.Abort(true)
	}
	if len(o.live) == 0 {
		o.rest()
	}
}

// rest shows nothing between tasks, so that others may write to the same terminal; o.mu is held.
func (o *Output) rest() {
	if o.bars != nil {
		o.bars.Wait() // also flushes the lines above the bars
		o.bars = nil
	}
	if o.beats != nil {
		close(o.beats)
		o.beats = nil
	}
}

// heartbeat reports every live task now and then, until stop is closed.
func (o *Output) heartbeat(stop <-chan struct{}) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			o.mu.Lock()
			for _, t := range o.live {
				o.print(t.beatLine())
			}
			o.mu.Unlock()
		}
	}
}
