package peers

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestCommitted(t *testing.T) {
	t.Parallel()
	l, err := Committed()
	if err != nil {
		t.Fatal(err)
	}
	if l.Platform != "linux/amd64" || len(l.Peers) < 2 {
		t.Fatalf("got %+v", l)
	}
	var again bytes.Buffer
	if err := l.Encode(&again); err != nil || !bytes.Equal(again.Bytes(), committed) {
		t.Errorf("it is not as it would be written: %v", err)
	}
	base := l.Peers[0]
	if !strings.HasPrefix(base.Version(), "1.26.") || len(base.Works) > 0 || len(base.Modules) > 0 {
		t.Errorf("the base is %s %s: it must be of nginx-scratch's release, and in all works", base.Name, base.Version())
	}
	for _, in := range base.Inputs() {
		if len(in.Places) != 2 || !strings.HasPrefix(in.Places[0], "debian:pool/main/") || strings.Contains(in.Places[0], "+") {
			t.Errorf("%s is at %q", in.File, in.Places)
		}
	}
}

const goodLock = `{"platform":"linux/amd64","peers":[{"name":"debian","suite":"trixie","modules":["a_module"],"works":["small"],"packages":[
{"name":"nginx","version":"1.26.3-3+b1","file":"nginx_1.26.3-3+b1_amd64.deb","sha256":"%064x","size":5,"places":["debian:pool/nginx_1.26.3-3%%2bb1_amd64.deb","https://archive.example/1"]}]}]}`

func TestDecode(t *testing.T) {
	t.Parallel()
	l, err := Decode(strings.NewReader(fmt.Sprintf(goodLock, 10)))
	if err != nil {
		t.Fatal(err)
	}
	p := l.Peers[0]
	if p.Version() != "1.26.3-3+b1" || !strings.HasPrefix(p.Tag(), "nginx-scratch-bench:debian-") || !slices.Equal(p.ModulePaths(), []string{"/usr/lib/nginx/modules/a_module.so"}) {
		t.Errorf("got %+v", p)
	}
	other := p
	other.Packages = slices.Clone(p.Packages)
	other.Packages[0].SHA256 = strings.Repeat("b", 64)
	if p.Tag() == other.Tag() {
		t.Errorf("the tags are %s and %s", p.Tag(), other.Tag())
	}
	if in := p.Inputs()[0]; in.File != "nginx_1.26.3-3+b1_amd64.deb" || in.Size != 5 || in.Places[0] != "debian:pool/nginx_1.26.3-3%2bb1_amd64.deb" {
		t.Errorf("got %+v", in)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	good := fmt.Sprintf(goodLock, 10)
	for name, tc := range map[string]struct{ old, replacement, want string }{
		"nothing":            {good, "", "EOF"},
		"an unknown field":   {`"suite"`, `"sweet"`, "unknown field"},
		"something after":    {`]}]}]}`, `]}]}]} {}`, "something follows"},
		"no platform":        {"linux/amd64", "", "must not be empty"},
		"a name with ..":     {`"name":"debian"`, `"name":"../x"`, "must be of small letters"},
		"no nginx":           {`"name":"nginx"`, `"name":"other"`, "no package nginx"},
		"no version":         {`1.26.3-3+b1",`, `",`, "no package nginx"},
		"another scheme":     {`https:`, `file:`, "must be debian:"},
		"no host":            {`https://archive.example`, `https://`, "must be debian:"},
		"a path out":         {`debian:pool`, `debian:../pool`, "must be debian:"},
		"an absolute path":   {`debian:pool`, `debian:/pool`, "must be debian:"},
		"no place":           {`["debian:pool/nginx_1.26.3-3%2bb1_amd64.deb","https://archive.example/1"]`, `[]`, "no places"},
		"another file":       {`"nginx_1.26.3-3+b1_amd64.deb"`, `"nginx_1.26.3-3+b1_amd64.dsc"`, "plain name"},
		"a file in a folder": {`"nginx_1.26.3-3+b1_amd64.deb"`, `"../nginx_1.26.3-3+b1_amd64.deb"`, "plain name"},
		"a negative size":    {`"size":5`, `"size":-5`, "not positive"},
		"a fractional size":  {`"size":5`, `"size":5.5`, "cannot unmarshal"},
		"a short hash":       {`"sha256":"0`, `"sha256":"`, "64 lower-case"},
		"a hash in capitals": {`a","size`, `A","size`, "64 lower-case"},
		"an odd module":      {"a_module", "/tmp/a", "module"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := strings.Replace(good, tc.old, tc.replacement, 1)
			if changed == good {
				t.Fatal("nothing was changed")
			}
			if _, err := Decode(strings.NewReader(changed)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	twice := strings.Replace(good, `"peers":[`, `"peers":[`+good[strings.Index(good, `{"name":"debian"`):len(good)-2]+",", 1)
	if _, err := Decode(strings.NewReader(twice)); err == nil || !strings.Contains(err.Error(), "debian is there twice") {
		t.Errorf("got %v", err)
	}
}
