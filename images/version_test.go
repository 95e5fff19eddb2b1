package images_test

import (
	"os"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images"
)

func TestSetVersions(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("static.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := images.SetVersions("static.yaml", data, map[string]string{"openssl": "3.5.10", "pcre2": "10.46.1"})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("version: 3.5.7\n", "version: 3.5.10\n", `version: "10.46"`, `version: "10.46.1"`).Replace(string(data))
	if string(got) != want || want == string(data) {
		t.Errorf("got %s", got)
	}
	same, err := images.SetVersions("static.yaml", data, nil)
	if err != nil || string(same) != string(data) {
		t.Errorf("without versions: %v", err)
	}
}

func TestSetVersionsRefuses(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("static.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const old = "    version: 3.5.7\n"
	for _, c := range []struct{ name, line, version, want string }{
		{"no version", old, "three", "it must be a version number"},
		{"more than a version", old, "1\n    flags: [-O0]", "static.yaml"},
		{"a comment", old, "3.5.8 # new", "cannot be written"},
		{"on another line", "    version:\n      >-\n      3.5.7\n", "3.5.8", "do it by hand"},
		{"not a definition", "    versions: 3.5.7\n", "3.5.8", "versions"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(string(data), old, c.line, 1)
			got, err := images.SetVersions("static.yaml", []byte(text), map[string]string{"openssl": c.version})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s\n%s", err, c.want, got)
			}
		})
	}
}
