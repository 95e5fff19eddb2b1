package recipe

import (
	"embed"
	"maps"
	"slices"
	"strings"
)

// Entry is the component that is the image's entry point, and the name of its
// program below Output/NAME. Its source is here, so no definition has it.
const Entry = "nginx-entry"

//go:embed entry/*.c entry/*.h
var entry embed.FS

// entryFiles are the program's, with the start-up code that nginx has too.
var entryFiles = merge(map[string]string{"relro.c": relro}, texts(entry, "entry"))

// entrySteps compile for size: the program runs for a millisecond.
func entrySteps(s settings) []Step {
	compile := slices.Concat(strings.Fields(s.cc()), []string{"-Os"}, s.flags, []string{"-Wall", "-Wextra", "-Werror", "-o", Entry})
	for _, name := range slices.Sorted(maps.Keys(entryFiles)) {
		if strings.HasSuffix(name, ".c") {
			compile = append(compile, name)
		}
	}
	compile = append(compile, s.link...)
	if s.arch == "arm64" {
		// Pages may have 64 KB there, and the file would be filled up to that
		// wherever one kind of memory ends and another begins. It still is where
		// data that is protected after relocation ends.
		compile = append(compile, "-Wl,-z,noseparate-code")
	}
	return []Step{s.step(compile...), s.step(s.tool("strip"), "--strip-all", "-o", s.output()+"/"+Entry, Entry)}
}
