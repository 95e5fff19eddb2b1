package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// H2load is a run of h2load with one thread.
type H2load struct {
	Connections, Streams int // and how many requests are under way on each
	Path                 string
}

// Name is that of the program.
func (H2load) Name() string { return "h2load" }

// Run implements Generator.
func (h H2load) Run(ctx context.Context, t Target, last time.Duration) (Result, error) {
	log := filepath.Join(t.Dir, "h2load.log")
	defer os.Remove(log) //nolint:errcheck // where it was never made
	out, err := run(ctx, last, "h2load", "-t1", "-c", strconv.Itoa(h.Connections), "-m", strconv.Itoa(h.Streams),
		"-D", strconv.Itoa(int(max(last, time.Second).Seconds())), "--log-file="+log, fmt.Sprintf("https://127.0.0.1:%d%s", t.HTTPS, h.Path))
	if err != nil {
		return Result{}, err
	}
	result, err := parseH2load(out)
	if err != nil {
		return Result{}, fmt.Errorf("running h2load: %w", err)
	}
	file, err := os.Open(log)
	if err != nil {
		return Result{}, fmt.Errorf("running h2load: %w", err)
	}
	times, err := parseLog(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return Result{}, fmt.Errorf("running h2load: %w", err)
	}
	result.P50, result.P99, result.P999 = Percentiles(times)
	return result, nil
}

var (
	h2Finished = regexp.MustCompile(`(?m)^finished in ([0-9.]+)(us|ms|s), `)
	h2Requests = regexp.MustCompile(`(?m)^requests: (\d+) total, (\d+) started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout$`)
	h2Codes    = regexp.MustCompile(`(?m)^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx$`)
	h2Protocol = regexp.MustCompile(`(?m)^Application protocol: (\S+)$`)
)

// parseH2load reads what h2load prints.
func parseH2load(out string) (Result, error) {
	finished, requests, codes := h2Finished.FindStringSubmatch(out), h2Requests.FindStringSubmatch(out), h2Codes.FindStringSubmatch(out)
	if finished == nil || requests == nil || codes == nil {
		return Result{}, fmt.Errorf("its output is not as expected: %q", out)
	}
	if protocol := h2Protocol.FindStringSubmatch(out); protocol == nil || protocol[1] != "h2" {
		return Result{}, fmt.Errorf("the protocol was %q, not h2", protocol)
	}
	elapsed, err := time.ParseDuration(finished[1] + finished[2])
	if err != nil {
		return Result{}, fmt.Errorf("reading how long it ran: %w", err)
	}
	n, err := integers(requests[1:])
	if err != nil {
		return Result{}, err
	}
	c, err := integers(codes[1:])
	if err != nil {
		return Result{}, err
	}
	if n[3] == 0 || elapsed <= 0 {
		return Result{}, fmt.Errorf("nothing was answered: %q", requests[0])
	}
	err = failures("h2load", map[string]int64{
		"failed": n[4], "errored": n[5], "timeout": n[6], "3xx": c[1], "4xx": c[2], "5xx": c[3], "not 2xx": n[3] - c[0],
	})
	return Result{Requests: n[3], Elapsed: elapsed}, err
}

func integers(texts []string) (numbers []int64, err error) {
	for _, text := range texts {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("reading a count: %w", err)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// parseLog reads a log file: when a request began, its status, and how many
// microseconds it took, on each line.
func parseLog(r io.Reader) (times []time.Duration, err error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) < 3 {
			return nil, fmt.Errorf("its log has the line %q", lines.Text())
		}
		took, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil || took < 0 || fields[1] != "200" {
			return nil, fmt.Errorf("its log has the line %q", lines.Text())
		}
		times = append(times, time.Duration(took)*time.Microsecond)
	}
	if len(times) == 0 && lines.Err() == nil {
		return nil, errors.New("its log is empty")
	}
	return times, lines.Err()
}
