package load

import (
	"context"
	_ "embed" // the script
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed wrk.lua
var script []byte

// Wrk is a run of wrk with one thread.
type Wrk struct {
	TLS         bool
	Connections int
	Paths       []string // in turn, on all connections; one costs wrk less than several
	Header      string   // one more, such as Accept-Encoding: gzip
	Size        int64    // bytes of the answers to all paths together, headers included
}

// Name is that of the program.
func (Wrk) Name() string { return "wrk" }

// Run implements Generator.
func (w Wrk) Run(ctx context.Context, t Target, last time.Duration) (Result, error) {
	lua := filepath.Join(t.Dir, "wrk.lua")
	if err := os.WriteFile(lua, script, 0o600); err != nil {
		return Result{}, fmt.Errorf("running wrk: %w", err)
	}
	out, err := run(ctx, last, "wrk", w.args(t, lua, last)...)
	if err != nil {
		return Result{}, err
	}
	result, bytes, err := parseWrk(out)
	if err != nil {
		return Result{}, fmt.Errorf("running wrk: %w", err)
	}
	if low, high := w.bounds(result.Requests); bytes < low || bytes > high {
		return Result{}, fmt.Errorf("running wrk: %d answers have %d bytes: it should be %d to %d", result.Requests, bytes, low, high)
	}
	return result, nil
}

// bounds are how many bytes so many answers can have. What has arrived of those that are
// not complete yet is among them; of several paths some connections may be ahead.
func (w Wrk) bounds(requests int64) (low, high int64) {
	paths, under := int64(len(w.Paths)), int64(w.Connections)
	if paths == 1 {
		return requests * w.Size, (requests + under) * w.Size
	}
	return max(0, requests-under) / paths * w.Size, ((requests+under)/paths + 1) * w.Size
}

func (w Wrk) args(t Target, lua string, last time.Duration) []string {
	scheme, port := "http", t.HTTP
	if w.TLS {
		scheme, port = "https", t.HTTPS
	}
	// wrk knows whole seconds only.
	args := []string{"-t1", "-c", strconv.Itoa(w.Connections), "-d", strconv.Itoa(int(max(last, time.Second).Seconds())), "-s", lua}
	if w.Header != "" {
		args = append(args, "-H", w.Header)
	}
	args = append(args, fmt.Sprintf("%s://127.0.0.1:%d%s", scheme, port, w.Paths[0]))
	if len(w.Paths) > 1 {
		args = append(args, append([]string{"--"}, w.Paths...)...)
	}
	return args
}

// wrkLine is what wrk.lua prints. Times are in microseconds.
type wrkLine struct {
	Requests     int64 `json:"requests"`
	Microseconds int64 `json:"microseconds"`
	Bytes        int64 `json:"bytes"`
	Connect      int64 `json:"connect"`
	Read         int64 `json:"read"`
	Write        int64 `json:"write"`
	Status       int64 `json:"status"`
	Timeout      int64 `json:"timeout"`
	P50          int64 `json:"p50"`
	P99          int64 `json:"p99"`
	P999         int64 `json:"p999"`
}

func parseWrk(out string) (Result, int64, error) {
	_, after, found := strings.Cut(out, "\nbench ")
	text, _, ended := strings.Cut(after, "\n")
	if !found || !ended {
		return Result{}, 0, fmt.Errorf("its output has no line of wrk.lua: %q", out)
	}
	var line wrkLine
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		return Result{}, 0, fmt.Errorf("reading %q: %w", text, err)
	}
	if line.Requests <= 0 || line.Microseconds <= 0 || line.Bytes <= 0 {
		return Result{}, 0, fmt.Errorf("nothing was answered: %s", text)
	}
	err := failures("wrk", map[string]int64{
		"connect": line.Connect, "read": line.Read, "write": line.Write, "status": line.Status, "timeout": line.Timeout,
	})
	return Result{
		Requests: line.Requests, Elapsed: time.Duration(line.Microseconds) * time.Microsecond,
		P50: time.Duration(line.P50) * time.Microsecond, P99: time.Duration(line.P99) * time.Microsecond,
		P999: time.Duration(line.P999) * time.Microsecond,
	}, line.Bytes, err
}

// run runs a generator, which is ended where it does not end by itself.
func run(ctx context.Context, last time.Duration, name string, args ...string) (string, error) {
	limited, cancel := context.WithTimeout(ctx, last+20*time.Second)
	defer cancel()
	var problems strings.Builder
	cmd := exec.CommandContext(limited, name, args...)
	cmd.Stderr = &problems
	out, err := cmd.Output()
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("there is no %s: install it (sudo apt-get install wrk nghttp2-client)", name)
	case limited.Err() != nil:
		return "", fmt.Errorf("running %s: it did not end in time: %s", name, problems.String())
	case err != nil:
		return "", fmt.Errorf("running %s: %w: %s %s", name, err, problems.String(), out)
	}
	return string(out), nil
}
