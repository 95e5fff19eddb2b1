package alpine

import (
	"strings"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// DatabasePath is where apk and scanners look for the installed packages.
const DatabasePath = "lib/apk/db/installed"

// Database is apk's database of the packages, with just those of their files
// that are kept: what is not there is not vouched for. Of packages of which
// nothing is kept there are only those that are whole, for those have no files.
func Database(packages []apk.Package, kept []tree.File, whole bool) []byte {
	byPackage := map[string][]tree.File{}
	for _, f := range kept {
		byPackage[f.Origin.Component] = append(byPackage[f.Origin.Component], f)
	}
	var installed []apk.Installed
	for _, p := range packages {
		types := map[string]tree.File{}
		for _, f := range p.Files {
			types[f.Path] = f
		}
		var files []tree.File
		for _, f := range byPackage[p.Record.Name] {
			// A link that was made for a package is not one of its files.
			if own, ok := types[f.Origin.Path]; ok && own.Mode.Type() == f.Mode.Type() {
				files = append(files, f)
			}
		}
		if len(files) > 0 || whole {
			installed = append(installed, apk.Installed{Record: p.Record, Files: files})
		}
	}
	return apk.Database(installed)
}

// Settings are the files that apk works by, where it is in the image: what was
// wanted, so that adding a package removes none, and where packages are from.
// Repositories are their addresses; arch is Alpine's name.
func Settings(wanted, repositories []string, arch string, origin tree.Origin) []tree.File {
	var files []tree.File
	for name, lines := range map[string][]string{"arch": {arch}, "repositories": repositories, "world": wanted} {
		files = append(files, tree.File{
			Path: "etc/apk/" + name, Mode: 0o644, Data: []byte(strings.Join(lines, "\n") + "\n"), Origin: origin,
		})
	}
	return files
}
