package check

import (
	"archive/tar"
	"context"
	"errors"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/types"
)

func sizeCases(p Profile) []badCase {
	// The good fixture's program and files, counted by hand.
	exact := int64(craftSize + len("nginx:x:65532:65532::/:/sbin/nologin\nevents {}\nserver {}\n<!doctype html>\n"))
	if p == Static {
		exact += craftSize // what starts the program
	} else {
		exact += 3 * craftSize
	}
	return []badCase{
		{"over", func(f *fixture) { f.subject.Budgets.Disk = exact - 1 }, []string{"disk-size"}, "fewer than"},
		{"equal", func(f *fixture) { f.subject.Budgets.Disk = exact }, []string{"disk-size"}, "bytes and must have fewer than"},
		{"no budget", func(f *fixture) { f.subject.Budgets.Disk = 0 }, []string{"disk-size"}, "fewer than 0"},
		{"over", func(f *fixture) { f.subject.Budgets.Compressed = 100 }, []string{"compressed-size"}, "fewer than 100"},
		{"no budget", func(f *fixture) { f.subject.Budgets.Compressed = 0 }, []string{"compressed-size"}, "fewer than 0"},
		{"no layer", func(f *fixture) { f.layers = 0 }, []string{"compressed-size", "layer"}, "no layer"},
	}
}

func layerCases() []badCase {
	entry := func(name string, spoil func(*tar.Header, []byte) []byte) func(*fixture) {
		return func(f *fixture) {
			f.entry = func(h *tar.Header, data []byte) []byte {
				if h.Name == name {
					return spoil(h, data)
				}
				return data
			}
		}
	}
	head := func(name string, spoil func(*tar.Header)) func(*fixture) {
		return entry(name, func(h *tar.Header, data []byte) []byte { spoil(h); return data })
	}
	fails := []string{"layer"}
	return []badCase{
		{"two layers", func(f *fixture) { f.layers = 2 }, fails, "2 layers, not 1"},
		{"one file more", func(f *fixture) { f.extra = []*tar.Header{{Name: "bin/sh", Mode: 0o755}} }, fails, "bin/sh is in the layer, but not in the tree"},
		{"whiteout", func(f *fixture) { f.extra = []*tar.Header{{Name: "etc/.wh.passwd", Mode: 0o644}} }, fails, "etc/.wh.passwd is in the layer"},
		{"a file twice", func(f *fixture) { f.extra = []*tar.Header{{Name: page, Mode: 0o644}} }, fails, "not that often"},
		{"other name", head(page, func(h *tar.Header) { h.Name = "./" + page }), fails, page + " is in the tree, but not in the layer"},
		{"other mode", head(page, func(h *tar.Header) { h.Mode = 0o666 }), fails, page + " differs in the layer: it is -rw-rw-rw-"},
		{"setuid", head("usr/sbin/nginx", func(h *tar.Header) { h.Mode |= 0o4000 }), fails, "it is urwx"},
		{"directory mode", head("usr/sbin/", func(h *tar.Header) { h.Mode = 0o777 }), fails, "usr/sbin differs"},
		{"other owner", head(page, func(h *tar.Header) { h.Uid = 65532 }), fails, "belongs to 65532:0"},
		{"other group", head(page, func(h *tar.Header) { h.Gid = 65532 }), fails, "belongs to 0:65532"},
		{"other target", head("etc/nginx/html", func(h *tar.Header) { h.Linkname = "/" }), fails, `leads to "/"`},
		{"other type", head("etc/nginx/html", func(h *tar.Header) { h.Typeflag = tar.TypeLink }), fails, "it is -rwxrwxrwx, not L"},
		{"hard link", entry(page, func(h *tar.Header, _ []byte) []byte {
			h.Typeflag, h.Linkname = tar.TypeLink, "etc/passwd"
			return nil
		}), fails, `leads to "etc/passwd"`},
		{"capability", head("usr/sbin/nginx", func(h *tar.Header) {
			h.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": "x"}
		}), fails, "can carry capabilities"},
		{"other bytes", entry(page, func(_ *tar.Header, data []byte) []byte { data[0] ^= 1; return data }), fails, "other bytes"},
		{"fewer bytes", entry(page, func(_ *tar.Header, data []byte) []byte { return data[1:] }), fails, "bytes, not"},
	}
}

func configCases() []badCase {
	fails := []string{"image-config"}
	cases := []badCase{
		{"unknown architecture", func(f *fixture) { f.config.Architecture = "pdp11" }, []string{"platform"}, `"pdp11"`},
		{"unknown system", func(f *fixture) { f.config.OS = "plan9" }, []string{"platform"}, `"plan9"`},
		{"other architecture", func(f *fixture) { f.config.Architecture = "arm64" }, []string{"platform"}, "usr/sbin/nginx is for EM_X86_64, ELFCLASS64, ELFDATA2LSB, but the image is for arm64 (EM_AARCH64,"},
		{"stop signal", func(f *fixture) { f.config.Config.StopSignal = "SIGTERM" }, fails, `"SIGTERM"`},
		{"no port", func(f *fixture) { f.config.Config.ExposedPorts = nil }, fails, "no port"},
		{"Docker manifest", func(f *fixture) { f.manifest = types.DockerManifestSchema2 }, fails, "the manifest has media type"},
		{"Docker config", func(f *fixture) { f.settings = types.DockerConfigJSON }, fails, "the config has media type"},
		{"Docker layer", func(f *fixture) { f.layer = types.DockerLayer }, fails, "has media type"},
		{"refused", func(f *fixture) {
			f.subject.Try = func(context.Context, ...string) (string, error) {
				return "nginx: [emerg] unknown directive \"x\" in /etc/nginx/nginx.conf:1", errors.New("exit status 1")
			}
		}, []string{"config-test"}, "exit status 1\nnginx: [emerg] unknown directive"},
		{"not nginx", func(f *fixture) {
			f.subject.Try = func(context.Context, ...string) (string, error) { return "hello", nil }
		}, []string{"config-test"}, "hello"},
		{"cannot be run by its user", func(f *fixture) {
			f.put("usr/sbin/nginx", 0o750, string(f.program.bytes()))
			f.program = nil
		}, treeNames(), "-rwxr-x---"},
	}
	for name := range strings.FieldsSeq("root nginx 0 0:0 00:1 65532 65532:0 65532: :65532 nginx:nginx +1:1 1:1:1 -1:1 4294967296:1") {
		cases = append(cases, badCase{"user " + name, func(f *fixture) { f.config.Config.User = name }, fails, "UID:GID"})
	}
	for name := range strings.FieldsSeq("80/tcp 1023/udp 8080 8080/sctp 70000/tcp 80-8080/tcp http/tcp /tcp") {
		cases = append(cases, badCase{"port " + strings.ReplaceAll(name, "/", " "), func(f *fixture) { f.config.Config.ExposedPorts[name] = struct{}{} }, fails, name})
	}
	return append(cases, badCase{"no user", func(f *fixture) { f.config.Config.User = "" }, fails, "UID:GID"})
}

// treeNames are the checks that cannot judge without a program, first the one
// whose words a case asks for.
func treeNames() []string {
	var names []string
	for _, c := range All() {
		if c.Name != "compressed-size" && c.Name != "image-config" {
			names = append(names, c.Name)
		}
	}
	return names
}
