package recipe

import (
	"embed"
	"io/fs"
	"maps"
	"path"
)

// texts are the files of one embedded folder, by name.
func texts(from embed.FS, folder string) map[string]string {
	files := map[string]string{}
	entries, err := from.ReadDir(folder)
	if err != nil {
		panic(err) // the compiler has put it there
	}
	for _, e := range entries {
		text, err := fs.ReadFile(from, path.Join(folder, e.Name()))
		if err != nil {
			panic(err) // it was listed
		}
		files[e.Name()] = string(text)
	}
	return files
}

// merge returns the files of both.
func merge(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}
