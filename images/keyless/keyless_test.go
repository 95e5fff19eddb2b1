package keyless

import (
	"slices"
	"strings"
	"testing"
)

const ref = "registry.example/nginx-scratch@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func TestCommands(t *testing.T) {
	t.Parallel()
	argv, err := Sign(ref)
	if want := []string{"cosign", "sign", "--yes", ref}; err != nil || !slices.Equal(argv, want) {
		t.Errorf("got %q, %v", argv, err)
	}
	argv, err = Attest(ref, "https://spdx.dev/Document", "/tmp/a b")
	want := []string{"cosign", "attest", "--yes", "--type", "https://spdx.dev/Document", "--predicate", "/tmp/a b", ref}
	if err != nil || !slices.Equal(argv, want) {
		t.Errorf("got %q, %v", argv, err)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"", "nginx-scratch", "registry.example/nginx-scratch:static", "--key=x@sha256:" + strings.Repeat("a", 64),
		"registry.example/nginx-scratch@sha256:aa", "registry.example/nginx scratch@sha256:" + strings.Repeat("a", 64),
	} {
		if argv, err := Sign(bad); err == nil {
			t.Errorf("got %q", argv)
		}
		if argv, err := Attest(bad, "https://spdx.dev/Document", "file"); err == nil {
			t.Errorf("got %q", argv)
		}
	}
	for _, c := range [][2]string{{"spdx", "file"}, {"--key", "file"}, {"https://spdx.dev/Document", ""}, {"https://spdx.dev/Document", "-"}} {
		if argv, err := Attest(ref, c[0], c[1]); err == nil {
			t.Errorf("got %q", argv)
		}
	}
}
