package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Text writes a table for a terminal.
func (r Report) Text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "work\timage\trequests/s\tratio\tspread\tCPU us each\tratio\tspread\tof least\tbusy\tdisturbed\t") //nolint:errcheck // Flush says it
	notes := false
	for _, c := range r.Comparisons {
		note := ""
		if !c.Saturated {
			note, notes = "*", true
		}
		fmt.Fprintf(t, "%s\t%s\t%.0f\t%.3f%s\t%.2f..%.2f\t%.2f\t%.3f\t%.2f..%.2f\t%.3f\t%.0f%%\t%.0f%%\t\n", c.Work, c.Contestant, //nolint:errcheck // Flush says it
			c.Rate.Median, c.RateRatio.Median, note, c.RateRatio.Min, c.RateRatio.Max,
			c.CPU.Median, c.CPURatio.Median, c.CPURatio.Min, c.CPURatio.Max, c.LeastCPURatio, 100*c.Busy.Median, 100*c.Disturbed.Median)
	}
	r.rest(t)
	if err := t.Flush(); err != nil {
		return fmt.Errorf("printing the table: %w", err)
	}
	if notes {
		if _, err := fmt.Fprintln(w, "\n* The server was not busy all of the time: the rate is the generator's, and the CPU time counts."); err != nil {
			return fmt.Errorf("printing the table: %w", err)
		}
	}
	return nil
}

// rest are the sizes, memory and starts, where they were measured.
func (r Report) rest(w io.Writer) {
	if !slices.ContainsFunc(r.Contestants, func(c Contestant) bool { return c.Compressed > 0 }) {
		return
	}
	fmt.Fprintln(w, "\nimage\tversion\ton disk\tcompressed\tresident\tproportional\tlistens after\tanswers after docker run\t") //nolint:errcheck // Flush says it
	for _, c := range r.Contestants {
		if c.Whole() {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", c.Name, c.Nginx, megabytes(c.Disk), megabytes(c.Compressed), //nolint:errcheck // Flush says it
				megabytes(c.RSS), megabytes(c.PSS), milliseconds(c.Listening.Median), milliseconds(c.FirstAnswer.Median))
		}
	}
}

// Markdown writes the table for a README: every contestant that takes part in all, and is no
// peer, against the peers.
func (r Report) Markdown(w io.Writer) error {
	var b strings.Builder
	for _, ours := range r.Contestants {
		if !ours.Peer {
			r.works(&b, ours)
		}
	}
	r.sizes(&b)
	fmt.Fprintf(&b, "%s, %d CPUs, Linux %s, %s; medians of %d rounds of %d s, %s.\n",
		r.Machine.CPU, r.Machine.CPUs, r.Machine.Kernel, r.Machine.Engine, r.Settings.Rounds, r.Settings.Seconds, r.Date.Format("2 January 2006"))
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("printing the table: %w", err)
	}
	return nil
}

func (r Report) works(b *strings.Builder, ours Contestant) {
	fmt.Fprintf(b, "| %s / %s | requests/s | ratio | CPU time of one | ratio |\n|---|---|---|---|---|\n", ours.Name, r.Contestants[0].Name)
	stars := false
	for _, w := range r.Works {
		c, ok := r.Of(w.ID, ours.Name)
		if !ok || c.Base == ours.Name {
			continue
		}
		note := ""
		if !c.Saturated {
			note, stars = " \\*", true
		}
		base, _ := r.Of(w.ID, c.Base)
		fmt.Fprintf(b, "| %s | %.0f / %.0f | **%.2f** (%.2f–%.2f)%s | %.1f / %.1f µs | **%.2f** (%.2f–%.2f) |\n", w.Title,
			c.Rate.Median, base.Rate.Median, c.RateRatio.Median, c.RateRatio.Min, c.RateRatio.Max, note,
			c.CPU.Median, base.CPU.Median, c.CPURatio.Median, c.CPURatio.Min, c.CPURatio.Max)
	}
	b.WriteString("\nBoth ratios are medians of those within one round, with the least and the greatest, and above 1 is better.\n")
	if stars {
		b.WriteString("\\* One of the two had nothing to do for more than a tenth of the time: this is what the generator can do, and\nthe CPU time counts.\n")
	}
	b.WriteString("\n")
}

func (r Report) sizes(b *strings.Builder) {
	b.WriteString("| image | nginx | on disk | compressed | resident, idle | exec to listening | docker run to first 200 |\n|---|---|---|---|---|---|---|\n")
	for _, c := range r.Contestants {
		if c.Whole() {
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n", c.Name, c.Nginx, megabytes(c.Disk), megabytes(c.Compressed),
				megabytes(c.RSS), milliseconds(c.Listening.Median), milliseconds(c.FirstAnswer.Median))
		}
	}
	b.WriteString("\n")
}

func megabytes(n int64) string { return fmt.Sprintf("%.2f MB", float64(n)/1e6) }

func milliseconds(seconds float64) string { return fmt.Sprintf("%.1f ms", 1000*seconds) }
