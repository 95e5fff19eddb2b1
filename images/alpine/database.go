package alpine

import (
	"github.com/nginx-scratch/nginx-scratch/images/apk"
	"github.com/nginx-scratch/nginx-scratch/images/tree"
)

// DatabasePath is where apk and scanners look for the installed packages.
const DatabasePath = "lib/apk/db/installed"

// Database is apk's database of the packages that have something among the
// kept files, with just those files: what is not there is not vouched for.
func Database(packages []apk.Package, kept []tree.File) []byte {
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
		if len(files) > 0 {
			installed = append(installed, apk.Installed{Record: p.Record, Files: files})
		}
	}
	return apk.Database(installed)
}
