// Package report writes what a bench has found: all of it as JSON, a page to look at,
// and tables.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nginx-scratch/nginx-scratch/tests/bench/measure"
)

// A Report is everything about one bench.
type Report struct {
	Date        time.Time            `json:"date"`
	Machine     Machine              `json:"machine"`
	Settings    Settings             `json:"settings"`
	Contestants []Contestant         `json:"contestants"` // the one that ratios are of comes first
	Works       []Work               `json:"works"`
	Comparisons []measure.Comparison `json:"comparisons"`
	Samples     []measure.Sample     `json:"samples"`
}

// A Machine is where it ran.
type Machine struct {
	CPU        string   `json:"cpu"`
	CPUs       int      `json:"cpus"`        // that could be used
	ServerCPUs string   `json:"server_cpus"` // as Linux lists them
	LoadCPUs   string   `json:"load_cpus"`
	Kernel     string   `json:"kernel"`
	Engine     string   `json:"engine"`
	Generators []string `json:"generators"` // with their versions
}

// Settings are how it ran.
type Settings struct {
	Rounds  int    `json:"rounds"`
	Seconds int    `json:"seconds"` // of each run
	Config  string `json:"config"`  // nginx.conf, with the ports of the first contestant
}

// A Contestant is one image.
type Contestant struct {
	Name        string         `json:"name"`
	Peer        bool           `json:"peer"` // made of others' packages, to compare with
	Image       string         `json:"image"`
	ID          string         `json:"id"` // as the engine knows it
	Nginx       string         `json:"nginx"`
	TLS         string         `json:"tls"`
	Works       []string       `json:"works,omitempty"` // that it is raced in; without any, in all
	Disk        int64          `json:"disk_bytes"`
	Compressed  int64          `json:"compressed_bytes"`
	RSS         int64          `json:"rss_bytes"`            // of master and one idle worker
	PSS         int64          `json:"pss_bytes"`            // shared pages divided by those who share
	Listening   measure.Spread `json:"listening_seconds"`    // since exec
	FirstAnswer measure.Spread `json:"first_answer_seconds"` // since docker run
}

// Whole says whether it takes part in everything.
func (c Contestant) Whole() bool { return len(c.Works) == 0 }

// A Work is what was measured.
type Work struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

// Of is the comparison of a contestant in a work.
func (r Report) Of(work, contestant string) (measure.Comparison, bool) {
	for _, c := range r.Comparisons {
		if c.Work == work && c.Contestant == contestant {
			return c, true
		}
	}
	return measure.Comparison{}, false
}

// Encode writes the report as JSON.
func (r Report) Encode(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("encoding the report: %w", err)
	}
	return nil
}

// Decode reads what Encode wrote.
func Decode(from io.Reader) (Report, error) {
	var r Report
	d := json.NewDecoder(from)
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return Report{}, fmt.Errorf("reading the report: %w: mage bench makes a new one", err)
	}
	if len(r.Contestants) == 0 || len(r.Comparisons) == 0 {
		return Report{}, errors.New("reading the report: it has no contestants or no comparisons: mage bench makes a new one")
	}
	return r, nil
}
