package apk

import (
	"archive/tar"
	"errors"
	"fmt"
	"strings"
)

const infoName = ".PKGINFO"

// scripts are the files of a control member that apk would run.
var scripts = map[string]bool{
	".pre-install": true, ".post-install": true, ".pre-upgrade": true, ".post-upgrade": true,
	".pre-deinstall": true, ".post-deinstall": true, ".trigger": true,
}

// parseControl reads an unpacked control member: .PKGINFO and scripts, all
// with a leading dot, and what other builders than Alpine's leave there.
func parseControl(plain []byte, limits Limits) (parsed info, run []string, err error) {
	seen := map[string]bool{}
	err = walk(plain, limits.Entries, func(header *tar.Header, body []byte) (err error) {
		name := header.Name
		switch {
		case !strings.HasPrefix(name, ".") || strings.Contains(name, "/") || header.Typeflag != tar.TypeReg:
			return errors.New("only files whose name begins with a dot belong here")
		case strings.HasPrefix(name, ".SIGN."):
			return errors.New("a signature must have a member of its own")
		case seen[name]:
			return errors.New("it is there twice")
		}
		seen[name] = true
		if scripts[name] {
			run = append(run, name)
		}
		if name == infoName {
			parsed, err = parseInfo(string(body), limits)
		}
		return err
	})
	if err == nil && !seen[infoName] {
		err = fmt.Errorf("%s is missing", infoName)
	}
	return parsed, run, err
}
