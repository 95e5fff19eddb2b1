package report

import (
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"slices"
	"time"

	"github.com/nginx-scratch/nginx-scratch/tests/bench/measure"
)

//go:embed page.html.tmpl
var pageText string

// page is what the template knows.
type page struct {
	Report
	Base         string
	Tiles        []tile
	Legend       []legend
	Rate, CPU    template.HTML
	Each         template.HTML
	Latency      template.HTML
	Disk, Memory template.HTML
	Start        template.HTML
	Unsaturated  bool
}

// A tile is one number that matters.
type tile struct{ Value, Unit, Text string }

// A legend says which colour is whose.
type legend struct {
	Class string
	Contestant
}

// HTML writes a page that needs nothing else: no script, no font, no connection.
func (r Report) HTML(w io.Writer) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"percent": func(x float64) string { return fmt.Sprintf("%.0f%%", 100*x) },
		"mb":      megabytes, "ms": milliseconds,
		"millis": func(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()*1000) },
	}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("reading the template of the page: %w", err)
	}
	if err := t.Execute(w, r.page()); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

func (r Report) page() page {
	p := page{Report: r, Base: r.Contestants[0].Name, Tiles: r.tiles()}
	for _, c := range r.Contestants {
		p.Legend = append(p.Legend, legend{r.class(c.Name), c})
	}
	p.Unsaturated = slices.ContainsFunc(r.Comparisons, func(c measure.Comparison) bool { return !c.Saturated })
	p.Rate = ratios("Requests a second, against the base", r.rows(false, func(c measure.Comparison) bar {
		return bar{value: c.RateRatio, label: "× " + short(c.RateRatio), pale: !c.Saturated}
	}))
	p.CPU = ratios("Requests per second of CPU time, against the base", r.rows(false, func(c measure.Comparison) bar {
		return bar{value: c.CPURatio, label: "× " + short(c.CPURatio)}
	}))
	p.Each = amounts("CPU time of a request", r.rows(true, func(c measure.Comparison) bar {
		return bar{value: c.CPU, label: fmt.Sprintf("%.1f µs", c.CPU.Median)}
	}), true)
	var points [][][3]float64
	timed := r.rows(true, func(c measure.Comparison) bar { return bar{label: c.Contestant} })
	for _, work := range r.Works {
		if of := r.in(work.ID, true); len(of) > 0 {
			var some [][3]float64
			for _, c := range of {
				some = append(some, [3]float64{c.P50.Seconds() * 1000, c.P99.Seconds() * 1000, c.P999.Seconds() * 1000})
			}
			points = append(points, some)
		}
	}
	p.Latency = latencies("Time until an answer", timed, points)
	p.Disk = amounts("Size", []row{
		r.whole("on disk", func(c Contestant) bar { return exact(float64(c.Disk), megabytes(c.Disk)) }),
		r.whole("compressed, to pull", func(c Contestant) bar { return exact(float64(c.Compressed), megabytes(c.Compressed)) }),
	}, false)
	p.Memory = amounts("Memory", []row{
		r.whole("resident", func(c Contestant) bar { return exact(float64(c.RSS), megabytes(c.RSS)) }),
		r.whole("proportional", func(c Contestant) bar { return exact(float64(c.PSS), megabytes(c.PSS)) }),
	}, false)
	p.Start = amounts("Start", []row{
		r.whole("exec to listening", func(c Contestant) bar { return bar{value: c.Listening, label: milliseconds(c.Listening.Median)} }),
		r.whole("docker run to first 200", func(c Contestant) bar { return bar{value: c.FirstAnswer, label: milliseconds(c.FirstAnswer.Median)} }),
	}, true)
	return p
}

func exact(v float64, label string) bar {
	return bar{value: measure.Spread{Median: v, Min: v, Max: v}, label: label}
}

func short(s measure.Spread) string { return fmt.Sprintf("%.2f (%.2f–%.2f)", s.Median, s.Min, s.Max) }

// in are the comparisons of a work, in the order of contestants, with that of the base or
// without.
func (r Report) in(work string, base bool) []measure.Comparison {
	var found []measure.Comparison
	for _, contestant := range r.Contestants {
		if c, ok := r.Of(work, contestant.Name); ok && (base || c.Base != c.Contestant) {
			found = append(found, c)
		}
	}
	return found
}

// rows has a row for each work, and in it a bar for each contestant.
func (r Report) rows(base bool, of func(measure.Comparison) bar) []row {
	var rows []row
	for _, w := range r.Works {
		line := row{title: w.Title}
		for _, c := range r.in(w.ID, base) {
			b := of(c)
			b.class = r.class(c.Contestant)
			line.bars = append(line.bars, b)
			if !base && c.Base != r.Contestants[0].Name {
				line.note = "against " + c.Base
			}
		}
		if len(line.bars) > 0 {
			rows = append(rows, line)
		}
	}
	return rows
}

// whole has a bar for each contestant that takes part in everything.
func (r Report) whole(title string, of func(Contestant) bar) row {
	line := row{title: title}
	for _, c := range r.Contestants {
		if c.Whole() {
			b := of(c)
			b.class = r.class(c.Name)
			line.bars = append(line.bars, b)
		}
	}
	return line
}

// colours are how many the page has for peers, and for the others.
const (
	greys   = 3
	colours = 4
)

// class is the colour of a contestant.
func (r Report) class(name string) string {
	peers, others := 0, 0
	for _, c := range r.Contestants {
		class := fmt.Sprintf("c%d", others%colours)
		if c.Peer {
			class = fmt.Sprintf("p%d", peers%greys)
			peers++
		} else {
			others++
		}
		if c.Name == name {
			return class
		}
	}
	return ""
}

// tiles are of the first contestant that is no peer.
func (r Report) tiles() []tile {
	at := slices.IndexFunc(r.Contestants, func(c Contestant) bool { return !c.Peer })
	if at < 0 {
		return nil
	}
	c := r.Contestants[at]
	var tiles []tile
	var all []measure.Comparison
	for _, work := range r.Comparisons {
		if work.Contestant == c.Name && work.Base != c.Name {
			all = append(all, work)
		}
	}
	if len(all) > 0 {
		less := func(a, b measure.Comparison) int {
			if a.CPURatio.Median < b.CPURatio.Median {
				return -1
			}
			return 1
		}
		worst, best := slices.MinFunc(all, less), slices.MaxFunc(all, less)
		tiles = append(tiles,
			tile{fmt.Sprintf("%.2f", best.CPURatio.Median), "×", "best work per CPU second: " + r.title(best.Work)},
			tile{fmt.Sprintf("%.2f", worst.CPURatio.Median), "×", "least work per CPU second: " + r.title(worst.Work)})
	}
	return append(tiles,
		tile{fmt.Sprintf("%.2f", float64(c.Disk)/1e6), "MB", "on disk"},
		tile{fmt.Sprintf("%.2f", float64(c.Compressed)/1e6), "MB", "compressed"},
		tile{fmt.Sprintf("%.2f", float64(c.RSS)/1e6), "MB", "resident, master and idle worker"},
		tile{fmt.Sprintf("%.1f", 1000*c.Listening.Median), "ms", "from exec to listening"})
}

func (r Report) title(work string) string {
	for _, w := range r.Works {
		if w.ID == work {
			return w.Title
		}
	}
	return work
}
