package conf

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// AppArmor's own parser compiles the profile; it takes no kernel that has AppArmor.
func TestAppArmorProfile(t *testing.T) {
	t.Parallel()
	parser, err := exec.LookPath("apparmor_parser")
	if err != nil {
		parser = "/usr/sbin/apparmor_parser" // not in everybody's PATH
		if _, err := os.Stat(parser); err != nil {
			t.Skip("apparmor_parser is not installed: apt-get install apparmor")
		}
	}
	text, err := os.ReadFile("deploy/apparmor.profile")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		text string
		want bool
	}{
		"the profile":         {string(text), true},
		"an unknown mode":     {strings.Replace(string(text), "/** r,", "/** rz,", 1), false},
		"a comma left out":    {strings.Replace(string(text), "/** r,", "/** r", 1), false},
		"an unknown protocol": {strings.Replace(string(text), "network inet stream", "network inet streams", 1), false},
	} {
		file := filepath.Join(t.TempDir(), "profile")
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(parser, "--skip-kernel-load", "--skip-cache", file).CombinedOutput()
		if (err == nil) != tt.want {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}
