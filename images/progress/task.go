package progress

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// Task is one thing that takes long. A nil *Task is valid and says nothing.
type Task struct {
	out   *Output
	label string
	total int64
	start time.Time
	pos   atomic.Int64
	bar   *mpb.Bar // nil in plain output
}

// Set says that n bytes of the total are there. It may go back, as when a download starts again.
func (t *Task) Set(n int64) {
	if t == nil {
		return
	}
	t.pos.Store(n)
	if t.bar != nil {
		t.bar.SetCurrent(n)
	}
}

// Done ends the task, as failed if err is not nil. The text of err is not shown: it is the caller's
// to report. Ending a task twice does nothing.
func (t *Task) Done(err error) {
	if t == nil {
		return
	}
	t.out.mu.Lock()
	defer t.out.mu.Unlock()
	t.out.end(t, err == nil)
}

func (t *Task) startLine() string {
	if t.total == 0 {
		return t.label
	}
	return fmt.Sprintf("%s (%s)", t.label, size(t.total))
}

func (t *Task) beatLine() string {
	if t.total == 0 {
		return fmt.Sprintf("%s: %s", t.label, t.elapsed())
	}
	return fmt.Sprintf("%s: %s of %s after %s", t.label, size(t.pos.Load()), size(t.total), t.elapsed())
}

func (t *Task) endLine(ok bool) string {
	switch {
	case !ok:
		return fmt.Sprintf("%s: failed after %s", t.label, t.elapsed())
	case t.total == 0:
		return fmt.Sprintf("%s: done in %s", t.label, t.elapsed())
	default:
		return fmt.Sprintf("%s: done, %s in %s", t.label, size(t.total), t.elapsed())
	}
}

func (t *Task) elapsed() time.Duration {
	return t.out.now().Sub(t.start).Round(100 * time.Millisecond)
}

// size is a number of bytes as people read it: "1.2 MB".
func size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f, units := float64(n)/1000, "kMGTPE"
	for f >= 1000 {
		f, units = f/1000, units[1:]
	}
	return fmt.Sprintf("%.1f %cB", f, units[0])
}

// addBar shows t below the bars that are there; o.mu is held.
func (o *Output) addBar(t *Task) {
	if o.bars == nil {
		// The caller says that this is a terminal, so it is drawn as one even if w is no file.
		o.bars = mpb.New(mpb.WithOutput(o.w), mpb.WithAutoRefresh(), mpb.ForceTTY())
	}
	elapsed := decor.Any(func(decor.Statistics) string {
		return t.elapsed().Round(time.Second).String()
	}, decor.WC{W: 6})
	style := mpb.BarFillerBuilder(mpb.SpinnerStyle().PositionLeft())
	after := []decor.Decorator{elapsed}
	if t.total > 0 {
		style = mpb.BarStyle()
		counts := decor.Any(func(s decor.Statistics) string {
			return size(s.Current) + " / " + size(s.Total)
		}, decor.WCSyncSpace)
		after = []decor.Decorator{counts, elapsed}
	}
	bar, err := o.bars.Add(0, style.Build(),
		mpb.PrependDecorators(decor.Name(t.label, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(after...))
	if err != nil {
		return // the terminal went away, and the bars with it; lines are still written
	}
	// Set apart from Add, the total does not end the bar when it is reached: Done does, so that a
	// download whose bytes turn out wrong can start again in the same bar.
	bar.SetTotal(t.total, false)
	t.bar = bar
}
