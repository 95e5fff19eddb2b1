package report

import (
	"bytes"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nginx-scratch/nginx-scratch/tests/bench/measure"
)

var update = flag.Bool("update", false, "write the golden files")

// small is a report of two works, one of them not by the first peer.
func small() Report {
	var samples []measure.Sample
	add := func(work, name string, round int, requests int64, cpu time.Duration) {
		samples = append(samples, measure.Sample{
			Work: work, Contestant: name, Round: round, Requests: requests, Elapsed: time.Second, CPU: cpu, Waited: 10 * time.Millisecond,
			P50: time.Millisecond, P99: 3 * time.Millisecond, P999: 40 * time.Millisecond,
		})
	}
	for round := range 3 {
		n := int64(round)
		add("small", "debian", round, 10_000+100*n, 700*time.Millisecond)
		add("small", "static", round, 11_500+50*n, 600*time.Millisecond)
		add("brotli100k", "debian-brotli", round, 200+n, 990*time.Millisecond)
		add("brotli100k", "static", round, 150+n, 980*time.Millisecond)
	}
	spread := func(x float64) measure.Spread { return measure.Summarize([]float64{x, x * 1.1, x * 0.95}) }
	return Report{
		Date:     time.Date(2026, 11, 26, 16, 0, 0, 0, time.UTC),
		Machine:  Machine{"A <CPU> & co", 2, "0", "1", "6.18", "Docker 28", []string{"wrk 4.1.0", "h2load 1.52.0"}},
		Settings: Settings{3, 1, "worker_processes 1; # <b>\n"},
		Contestants: []Contestant{
			{"debian", true, "nginx-scratch-bench:debian", "sha256:01", "1.26.3", "OpenSSL 3.5.7", nil, 13_220_000, 5_350_000, 13_160_000, 9_960_000, spread(0.012), spread(0.4)},
			{"debian-brotli", true, "nginx-scratch-bench:debian-brotli", "sha256:02", "1.26.3", "OpenSSL 3.5.7", []string{"brotli100k"}, 15_000_000, 6_000_000, 13_700_000, 10_000_000, spread(0.013), spread(0.4)},
			{"static", false, "nginx-scratch:static", "sha256:03", "1.26.3", "OpenSSL 3.5.7", nil, 5_290_000, 2_230_000, 7_390_000, 5_070_000, spread(0.007), spread(0.35)},
		},
		Works:       []Work{{"small", "1.4 KB file", "wrk"}, {"brotli100k", "brotli <on> the fly", "wrk"}},
		Comparisons: measure.Compare(samples, []string{"debian", "debian-brotli", "static"}),
		Samples:     samples,
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	r := small()
	for name, write := range map[string]func(io.Writer) error{
		"report.json": r.Encode, "report.html": r.HTML, "report.md": r.Markdown, "report.txt": r.Text,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if err := write(&got); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(got.Bytes(), want) {
				t.Errorf("it is not %s (%v); -update writes it", golden, err)
			}
		})
	}
}

// The page stands alone, and what names and texts have in them is text.
func TestPageIsSafeAndWhole(t *testing.T) {
	t.Parallel()
	r := small()
	r.Contestants[2].Name = `<script>alert(1)</script>`
	for i := range r.Comparisons {
		if r.Comparisons[i].Contestant == "static" {
			r.Comparisons[i].Contestant = r.Contestants[2].Name
		}
	}
	r.Works[0].Title = `"><script>x</script>`
	var page bytes.Buffer
	if err := r.HTML(&page); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	for _, bad := range []string{"<script", "src=", "href=", "url(", "@import", "NaN", "Inf"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	drawings := strings.Split(text, "<svg ")[1:]
	if len(drawings) != 7 {
		t.Errorf("the page has %d drawings, want 7", len(drawings))
	}
	for _, d := range drawings {
		d, _, _ = strings.Cut(d, "</svg>")
		dec := xml.NewDecoder(strings.NewReader("<svg " + d + "</svg>"))
		for {
			if _, err := dec.Token(); err == io.EOF { //nolint:errorlint // as the decoder documents it
				break
			} else if err != nil {
				t.Fatalf("%v in %.200s", err, d)
			}
		}
	}
}

// A report of one contestant alone, which nothing is compared with, is one too.
func TestPageOfOne(t *testing.T) {
	t.Parallel()
	r := small()
	r.Contestants = r.Contestants[2:]
	r.Comparisons = measure.Compare(r.Samples[1:2], []string{"static"})
	r.Contestants[0].Listening, r.Contestants[0].FirstAnswer = measure.Spread{}, measure.Spread{}
	r.Contestants[0].RSS, r.Contestants[0].PSS = 0, 0
	var page bytes.Buffer
	if err := r.HTML(&page); err != nil || strings.Contains(page.String(), "NaN") {
		t.Errorf("%v", err)
	}
}

func TestWriteAndRead(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "dist", "bench")
	for range 2 { // the second time in the place of the first
		if err := small().Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("got %v, %v", entries, err)
	}
	r, err := Read(dir)
	if err != nil || len(r.Samples) != 12 || r.Contestants[2].Name != "static" || !r.Date.Equal(small().Date) {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want string }{
		"nothing":          {"", "EOF"},
		"an empty report":  {"{}", "no contestants"},
		"an unknown field": {`{"contestant":[]}`, "unknown field"},
		"another type":     {`{"samples":5}`, "cannot unmarshal"},
		"half a report":    {`{"contestants":[{"name":"a"`, "EOF"},
	} {
		if _, err := Decode(strings.NewReader(tc.text)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
	if _, err := Read(t.TempDir()); err == nil || !strings.Contains(err.Error(), "mage bench makes it") {
		t.Errorf("got %v", err)
	}
}

// What cannot be written leaves what was there, and nothing beside it.
func TestWriteThatFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inTheWay := filepath.Join(dir, HTMLFile)
	if err := os.Mkdir(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	err := small().Write(dir)
	if err == nil || !strings.Contains(err.Error(), "writing the report: ") {
		t.Errorf("got %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != JSONFile && e.Name() != HTMLFile {
			t.Errorf("%s is left", e.Name())
		}
	}
	if info, err := os.Stat(inTheWay); err != nil || !info.IsDir() {
		t.Errorf("what was there is not: %v", err)
	}
}
