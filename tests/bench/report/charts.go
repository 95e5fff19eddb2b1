package report

import (
	"fmt"
	"html/template"
	"math"

	"github.com/nginx-scratch/nginx-scratch/tests/bench/measure"
)

// The measures of charts, in the units of their own.
const (
	chartWidth = 900
	labels     = 250 // room for the names of rows
	values     = 150 // and for numbers behind them
	rowGap     = 14
	barHeight  = 13
	barGap     = 4
)

// The marks that a ratio is to reach: as good as the base, and the goal.
const (
	even = 1.0
	goal = 1.1
)

// A bar is one contestant in one row.
type bar struct {
	class string
	value measure.Spread
	label string
	pale  bool // to be taken with care
}

// A row is a group of bars.
type row struct {
	title, note string
	bars        []bar
}

// ratios draws bars that begin at 1, to the left what is worse and to the right what is
// better.
func ratios(title string, rows []row) template.HTML {
	low, high := 0.8, 1.2
	for _, r := range rows {
		for _, b := range r.bars {
			low, high = min(low, b.value.Min), max(high, b.value.Max)
		}
	}
	low, high = max(math.Floor(low*10)/10, 0), min(math.Ceil(high*10)/10, 3)
	d := drawing{width: chartWidth, title: title}
	axis := scale{from: low, to: high, left: labels, right: chartWidth - values}
	d.height = heightOf(rows) + 44
	step := 0.1
	for high-low > 11*step {
		step *= 2
	}
	for v := math.Ceil(low/step-0.001) * step; v <= high+0.001; v += step {
		class := "grid"
		d.line(axis.at(v), 24, axis.at(v), d.height-20, class)
		d.text(axis.at(v), d.height-6, "middle", "tick", fmt.Sprintf("%.1f", v))
	}
	y := 30.0
	for _, r := range rows {
		d.label(r, y)
		for _, b := range r.bars {
			middle, from, to := y+barHeight/2, axis.at(even), axis.at(b.value.Median)
			class := b.class
			if b.pale {
				class += " pale"
			}
			d.rect(min(from, to), y, math.Abs(to-from), barHeight, class, b.label)
			d.whisker(axis, b.value, middle)
			d.text(chartWidth-values+12, middle+4, "start", "value", b.label)
			y += barHeight + barGap
		}
		y += rowGap
	}
	d.line(axis.at(even), 20, axis.at(even), d.height-20, "even")
	d.line(axis.at(goal), 20, axis.at(goal), d.height-20, "goal")
	d.text(axis.at(even)-4, 14, "end", "mark", "1.0")
	d.text(axis.at(goal)+4, 14, "start", "mark goaltext", "1.10")
	return d.svg()
}

// amounts draws bars that begin at zero; every row has a scale of its own where that is
// asked for, for what is in different rows is not to be compared then.
func amounts(title string, rows []row, own bool) template.HTML {
	d := drawing{width: chartWidth, title: title, height: heightOf(rows) + 10}
	all := 0.0
	for _, r := range rows {
		all = max(all, greatest(r))
	}
	y := 8.0
	for _, r := range rows {
		most := all
		if own {
			most = greatest(r)
		}
		axis := scale{from: 0, to: most, left: labels, right: chartWidth - values}
		d.label(r, y)
		d.line(labels, y-3, labels, y+height(r)-1, "even")
		for _, b := range r.bars {
			middle := y + barHeight/2
			d.rect(labels, y, axis.at(b.value.Median)-labels, barHeight, b.class, b.label)
			d.whisker(axis, b.value, middle)
			d.text(chartWidth-values+12, middle+4, "start", "value", b.label)
			y += barHeight + barGap
		}
		y += rowGap
	}
	return d.svg()
}

// latencies draws p50, p99 and p99.9 of each contestant on a logarithmic scale of
// milliseconds, joined by a line.
func latencies(title string, rows []row, points [][][3]float64) template.HTML {
	low, high := math.Inf(1), 0.0
	for _, bars := range points {
		for _, p := range bars {
			low, high = min(low, p[0]), max(high, p[2])
		}
	}
	low, high = math.Pow(10, math.Floor(math.Log10(low))), math.Pow(10, math.Ceil(math.Log10(high)))
	d := drawing{width: chartWidth, title: title, height: heightOf(rows) + 44}
	axis := scale{from: low, to: high, left: labels, right: chartWidth - 40, log: true}
	for decade := low; decade <= high*1.001; decade *= 10 {
		d.line(axis.at(decade), 10, axis.at(decade), d.height-20, "grid")
		d.text(axis.at(decade), d.height-6, "middle", "tick", fmt.Sprintf("%g ms", decade))
	}
	y := 16.0
	for i, r := range rows {
		d.label(r, y)
		for j, b := range r.bars {
			p, middle := points[i][j], y+barHeight/2
			d.line(axis.at(p[0]), middle, axis.at(p[2]), middle, b.class+" join")
			for k, radius := range []float64{5, 4, 3} {
				d.dot(axis.at(p[k]), middle, radius, b.class, fmt.Sprintf("%s: %s %.3f ms", b.label, []string{"p50", "p99", "p99.9"}[k], p[k]))
			}
			y += barHeight + barGap
		}
		y += rowGap
	}
	return d.svg()
}

// label names a row in front of its bars.
func (d *drawing) label(r row, y float64) {
	d.text(labels-14, y+11, "end", "row", r.title)
	if r.note != "" {
		d.text(labels-14, y+25, "end", "note", r.note)
	}
}

// whisker goes from the least to the greatest.
func (d *drawing) whisker(axis scale, s measure.Spread, y float64) {
	if s.Min == s.Max {
		return
	}
	from, to := axis.at(s.Min), axis.at(s.Max)
	d.line(from, y, to, y, "whisker")
	d.line(from, y-3, from, y+3, "whisker")
	d.line(to, y-3, to, y+3, "whisker")
}

func greatest(r row) (most float64) {
	for _, b := range r.bars {
		most = max(most, b.value.Median, b.value.Max)
	}
	return most
}

func height(r row) float64 { return float64(len(r.bars)) * (barHeight + barGap) }

func heightOf(rows []row) (sum float64) {
	for _, r := range rows {
		sum += height(r) + rowGap
	}
	return sum
}
