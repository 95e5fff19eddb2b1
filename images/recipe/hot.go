package recipe

import (
	"path"
	"strings"
)

// hotComponents are those whose Makefile takes flags for single files.
var hotComponents = []string{"brotli", "pcre2", "openssl", "nginx"}

// hot gives the files that the definition calls hot their flags, as variables of
// make's that belong to their objects. Object makes the name of one; the name is %
// for all of a folder. Link-time optimization keeps the flags of each function.
func (s settings) hot(makefile, variable string, object func(folder, name string) string) Step {
	script := []string{"$a # Flags of single files."}
	for _, file := range s.def.Hot.Files {
		folder, name := file, "%"
		if strings.HasSuffix(file, ".c") {
			folder, name = path.Dir(file), strings.TrimSuffix(path.Base(file), ".c")
		}
		script = append(script, "$a "+strings.ReplaceAll(object(folder, name), "%-lib-%", "%")+": "+variable+" += "+strings.Join(s.def.Hot.Flags, " "))
	}
	return s.step("sed", "-i", "-e", strings.Join(script, "\n"), makefile)
}
