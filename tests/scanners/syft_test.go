package scanners

import (
	"strings"
	"testing"
)

// What the tests read of syft's own format.
type syftOutput struct {
	Artifacts []struct{ Name, Version, Type, PURL, FoundBy string }
	Distro    struct{ ID string }
}

func TestSyft(t *testing.T) {
	for form, place := range map[string]string{
		"a layout": "oci-dir:" + imageLayout(t), "an archive": "docker-archive:" + imageArchive(t),
	} {
		var out syftOutput
		scan(t, &out, "syft", "scan", "--quiet", "--output=json", place)
		list, program := found{}, false
		for _, a := range out.Artifacts {
			list[a.Name] = append(list[a.Name], a.Version)
			program = program || a.Type == "binary" && a.Name == "nginx"
			if strings.HasPrefix(a.PURL, "pkg:apk/alpine/") {
				t.Errorf("%s: it takes %s for Alpine's", form, a.PURL)
			}
		}
		list.holds(t, "syft, in "+form+",")
		if !program {
			t.Errorf("%s: it does not know nginx by the program", form)
		}
		if out.Distro.ID != "nginx-scratch" {
			t.Errorf("%s: the distribution is %q", form, out.Distro.ID)
		}
	}
}

// Asked to, syft reads the bill of materials in the image as well.
func TestSyftReadsTheBillOfMaterials(t *testing.T) {
	var out syftOutput
	scan(t, &out, "syft", "scan", "--quiet", "--output=json", "--select-catalogers=+sbom-cataloger", "oci-dir:"+imageLayout(t))
	list := found{}
	for _, a := range out.Artifacts {
		if a.FoundBy == "sbom-cataloger" {
			list[a.Name] = append(list[a.Name], a.Version)
		}
	}
	list.holds(t, "syft, in the bill of materials,")
}
