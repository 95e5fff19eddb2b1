package tests

import (
	"fmt"
	"os"
)

// profile is the text of conf/deploy/seccomp.json, under which every container runs.
// Empty is the engine's own profile: for the image with a shell, which is for
// debugging, and for ./syscalls/trace, which asks what there is to allow.
var profile string

func readProfile() error {
	if os.Getenv("NGINX_SCRATCH_SECCOMP") == "default" || definitionName() == "minimal" {
		return nil
	}
	text, err := os.ReadFile("../conf/deploy/seccomp.json")
	if err != nil {
		return fmt.Errorf("reading the profile that the tests run under: %w", err)
	}
	profile = string(text)
	return nil
}

// securityOpt are the locks that engines have no field of their own for.
func (s settings) securityOpt() []string {
	options := []string{"no-new-privileges"}
	switch {
	case s.seccomp != "":
		options = append(options, "seccomp="+s.seccomp)
	case profile != "":
		options = append(options, "seccomp="+profile)
	}
	return options
}
