//go:build !linux

package pipeline

import "os/exec"

func startMasked(cmd *exec.Cmd, mask int) error { return startAllMasked(cmd, mask) }
