package syscalls

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Numbers are the system calls of an architecture by their names, as the kernel's
// headers have them: golang.org/x/sys is made from those.
func Numbers(ctx context.Context, arch string) (map[string]uintptr, error) {
	dir, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", "golang.org/x/sys/unix").Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("finding golang.org/x/sys: %w", err)
	}
	path := filepath.Join(strings.TrimSpace(string(dir)), "zsysnum_linux_"+arch+".go")
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("reading the system calls of %s: %w", arch, err)
	}
	numbers := map[string]uintptr{}
	for _, decl := range file.Decls {
		constants, ok := decl.(*ast.GenDecl)
		if !ok || constants.Tok != token.CONST {
			continue
		}
		for _, spec := range constants.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok {
				continue
			}
			literal, ok := value.Values[0].(*ast.BasicLit)
			if !ok {
				return nil, fmt.Errorf("%s: %s is no number", path, value.Names[0])
			}
			number, err := strconv.ParseUint(literal.Value, 0, 32)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", path, value.Names[0], err)
			}
			numbers[strings.ToLower(strings.TrimPrefix(value.Names[0].Name, "SYS_"))] = uintptr(number)
		}
	}
	return numbers, nil
}
