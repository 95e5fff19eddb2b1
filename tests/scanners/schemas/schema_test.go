package schemas

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	openvex "github.com/openvex/go-vex/pkg/vex"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The published schemas come with modules of scanners, which test themselves by
// them: a folder of the module, and the schema with those that it refers to.
const (
	syftModule  = "github.com/anchore/syft"
	grypeModule = "github.com/anchore/grype"
)

// document is one of those that a build of static has written beside its layout.
func document(t *testing.T, suffix string) string {
	t.Helper()
	repository := cmp.Or(os.Getenv("NGINX_SCRATCH_REPOSITORY"), filepath.Join("..", "..", ".."))
	files, err := filepath.Glob(filepath.Join(repository, "dist", "static", "static-*"+suffix))
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no document *%s, run mage build: %v", suffix, err)
	}
	return files[0]
}

// moduleFile is where Go keeps a file of a module.
func moduleFile(t *testing.T, module, name string) string {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatalf("looking for %s: %v", module, err)
	}
	return filepath.Join(string(bytes.TrimSpace(dir)), filepath.FromSlash(name))
}

func decode(t *testing.T, file string) any {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return value
}

// schema compiles the first file, which refers to the others by the addresses in
// them. No other is loaded.
func schema(t *testing.T, files ...string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.UseLoader(jsonschema.SchemeURLLoader{})
	var first string
	for _, file := range files {
		value := decode(t, file)
		id, _ := value.(map[string]any)["$id"].(string)
		if id == "" {
			t.Fatalf("%s has no $id", file)
		}
		if err := c.AddResource(id, value); err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = id
		}
	}
	compiled, err := c.Compile(first)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func TestDocumentsFollowTheirSchemas(t *testing.T) {
	const cyclonedx = "grype/presenter/cyclonedx/testdata/"
	for name, tt := range map[string]struct {
		schema *jsonschema.Schema
		suffix string
		breaks func(map[string]any) // what the schema has to notice
	}{
		"SPDX 2.3": {
			schema(t, moduleFile(t, syftModule, "schema/spdx-json/spdx-schema-2.3.json")), ".spdx.json",
			func(doc map[string]any) { delete(doc["packages"].([]any)[1].(map[string]any), "downloadLocation") },
		},
		"CycloneDX 1.6": {
			schema(t, moduleFile(t, grypeModule, cyclonedx+"bom-1.6.schema.json"),
				moduleFile(t, grypeModule, cyclonedx+"spdx.schema.json"), moduleFile(t, grypeModule, cyclonedx+"jsf-0.82.schema.json")),
			".cdx.json",
			func(doc map[string]any) { doc["components"].([]any)[0].(map[string]any)["type"] = "thing" },
		},
	} {
		value := decode(t, document(t, tt.suffix))
		if err := tt.schema.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		tt.breaks(value.(map[string]any))
		if tt.schema.Validate(value) == nil {
			t.Errorf("%s: the schema takes what it must not", name)
		}
	}
}

// No module has the schema of OpenVEX. What it demands is held here, and each
// statement by the project's own library.
func TestOpenVEXIsComplete(t *testing.T) {
	data, err := os.ReadFile(document(t, ".openvex.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openvex.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	for i := range doc.Statements {
		if err := doc.Statements[i].Validate(); err != nil {
			t.Errorf("statement %d: %v", i, err)
		}
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"@context", "@id", "author", "timestamp", "version", "statements"} {
		if fields[name] == nil {
			t.Errorf("the document has no %s", name)
		}
	}
	for i, s := range fields["statements"].([]any) {
		s := s.(map[string]any)
		name, _ := s["vulnerability"].(map[string]any)["name"].(string)
		if name == "" || s["status"] == nil || len(s["products"].([]any)) != 1 {
			t.Errorf("statement %d has no vulnerability, status or product", i)
		}
		if s["status"] == "not_affected" && (s["justification"] == nil || s["impact_statement"] == nil) {
			t.Errorf("statement %d does not say why", i)
		}
	}
}
