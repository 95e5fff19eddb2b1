package load

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
)

// Versions names the generators, with what they say of their versions.
func Versions(ctx context.Context) ([]string, error) {
	var found []string
	var problems []error
	// Both say it and then end with an error, or how they are used.
	for _, program := range [][]string{{"wrk", "-v"}, {"h2load", "--version"}} {
		out, err := exec.CommandContext(ctx, program[0], program[1:]...).CombinedOutput()
		if errors.Is(err, exec.ErrNotFound) {
			problems = append(problems, fmt.Errorf("there is no %s: install it (sudo apt-get install wrk nghttp2-client)", program[0]))
			continue
		}
		line, _, _ := strings.Cut(string(out), "\n")
		line, _, _ = strings.Cut(line, " Copyright")
		found = append(found, strings.TrimSpace(line))
	}
	return append(found, "own client with "+runtime.Version()+module("github.com/quic-go/quic-go")), errors.Join(problems...)
}

// module is a module of this program, with its version.
func module(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, dep := range info.Deps {
		if dep.Path == path {
			return " and " + path[strings.LastIndex(path, "/")+1:] + " " + dep.Version
		}
	}
	return ""
}
