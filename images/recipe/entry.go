package recipe

import (
	"embed"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Entry is the component that is the image's entry point, and the name of its
// program below Output/NAME. Its source is here, so no definition has it.
const Entry = "nginx-entry"

//go:embed entry/*.c entry/*.h
var entry embed.FS

// entryFiles are the program's, with the start-up code that nginx has too.
var entryFiles = func() map[string]string {
	files := map[string]string{"relro.c": relro}
	names, err := fs.Glob(entry, "entry/*")
	if err != nil {
		panic(err) // the pattern is wrong
	}
	for _, name := range names {
		text, err := entry.ReadFile(name)
		if err != nil {
			panic(err) // it was listed
		}
		files[path.Base(name)] = string(text)
	}
	return files
}()

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
