package attest

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

func sample() Build {
	return Build{
		Definition: "static", Platforms: []string{"linux/amd64"}, Base: "host",
		Flags:           map[string][]string{"compile": {"-O2", "-fPIE"}, "link": {"-static-pie"}},
		SourceDateEpoch: 1789464508, FormatVersion: 1,
		Toolchains: []Toolchain{{ID: digest("c").Hex, Version: "gcc (Debian 12.2.0-14) 12.2.0"}},
		Source: Source{
			Address: "https://github.com/nginx-scratch/nginx-scratch",
			Commit:  "0123456789abcdef0123456789abcdef01234567", Tree: TreeClean,
		},
		Inputs: []Input{
			{Name: "images/static.lock.json", SHA256: digest("1").Hex, About: map[string]string{"role": "lock"}},
			{
				Name: "zlib_1.3.1.orig.tar.gz", SHA256: digest("2").Hex,
				Places: []string{"debian:pool/main/z/zlib/zlib_1.3.1.orig.tar.gz", "https://snapshot.example/file/1"},
				About:  map[string]string{"role": "source", "component": "zlib", "version": "1.3.1"},
			},
			{
				Name: "CVE-2025-26519.patch", SHA256: digest("3").Hex,
				About: map[string]string{"role": "patch", "component": "musl", "version": "1.2.5-3"},
			},
		},
		Builder: "https://ci.example/nginx-scratch", Invocation: "https://ci.example/runs/7",
		Started:  time.Date(2026, 9, 15, 12, 0, 0, 7, time.FixedZone("", 7200)),
		Finished: time.Date(2026, 9, 15, 10, 1, 2, 9, time.UTC),
	}
}

func TestProvenance(t *testing.T) {
	t.Parallel()
	d, err := sample().Document()
	if err != nil || d.PredicateType != "https://slsa.dev/provenance/v1" {
		t.Fatalf("%s, %v", d.PredicateType, err)
	}
	var text bytes.Buffer
	if err := json.Indent(&text, d.Predicate, "", "  "); err != nil {
		t.Fatal(err)
	}
	golden(t, "provenance.golden", append(text.Bytes(), '\n'))

	line, err := Statement{Subject: digest("a"), Document: d}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "statement.golden", append(line, '\n'))
}

// Where nothing is compiled and no commit is known, nothing is claimed.
func TestProvenanceOfLess(t *testing.T) {
	t.Parallel()
	b := sample()
	b.Base, b.Flags, b.Toolchains, b.Inputs = "", nil, nil, b.Inputs[:1]
	b.Source.Commit, b.Source.Tree = "", TreeUnknown
	d, err := b.Document()
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := json.Indent(&text, d.Predicate, "", "  "); err != nil {
		t.Fatal(err)
	}
	golden(t, "provenance_less.golden", append(text.Bytes(), '\n'))
}

func TestProvenanceRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Build)
		want   string
	}{
		"no builder":   {func(b *Build) { b.Builder = "" }, "builder required"},
		"short sha256": {func(b *Build) { b.Inputs[1].SHA256 = "12" }, "zlib_1.3.1.orig.tar.gz: digest has incorrect length"},
		"odd commit":   {func(b *Build) { b.Source.Commit = "main" }, "repository: digest is not valid hex"},
		"odd time":     {func(b *Build) { b.Started = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC) }, "startedOn"},
		"not UTF-8":    {func(b *Build) { b.Inputs[1].Name = "\xff" }, "invalid UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := sample()
			c.change(&b)
			_, err := b.Document()
			refused(t, err, c.want)
		})
	}
}
