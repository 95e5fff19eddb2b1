package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

func TestArguments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, want string }{
		{"", ""},
		{"-l", "-l"},
		{"build", "build static"},
		{"Build", "Build static"},
		{"build alpine", "build alpine"},
		{"build test", "build static test static"},
		{"build alpine test alpine", "build alpine test alpine"},
		{"build -keep", "build static -keep"},
		{"build -jobs 3", "build static -jobs=3"},
		{"build -jobs=3 clean", "build static -jobs=3 clean"},
		{"build --jobs 3 -keep", "build static -jobs=3 -keep"},
		{"build alpine -platform linux/amd64,linux/arm64 -base host", "build alpine -platform=linux/amd64,linux/arm64 -base=host"},
		{"build -platform", "build static -platform"},
		{"lock alpine -update", "lock alpine -update"},
		{"closure alpine -dot", "closure alpine -dot"},
		{"sbom -format openvex", "sbom static -format=openvex"},
		{"size -against static", "size static -against=static"},
		{"size alpine -against=old/size.json build", "size alpine -against=old/size.json build static"},
		{"clean env", "clean env"},
		{"-h build", "-h build static"},
		{"build nothing", "build nothing"},
		{"lint build", "lint build static"},
		{"lint:conf conf.d", "lint:conf conf.d"},
		{"lint:conf build -format json", "lint:conf build -format=json"},
		{"lint:conf", "lint:conf"},
		{"build -inputs registry.example.com/nginx-scratch", "build static -inputs=registry.example.com/nginx-scratch"},
		{"publish registry.example.com/nginx-scratch -image alpine -latest", "publish registry.example.com/nginx-scratch -image=alpine -latest"},
		{"publish", "publish"},
		{"nightly registry.example.com/a --dry-run -base host", "nightly registry.example.com/a -dryrun -base=host"},
		{"join registry.example.com/a -from a-b,c --key=a-b.key", "join registry.example.com/a -from=a-b,c -key=a-b.key"},
		{"keygen", "keygen cosign"},
		{"keygen mine", "keygen mine"},
		{"keygen build", "keygen cosign build static"},
		{"run", "run static"},
		{"run alpine -site public -port 8080", "run alpine -site=public -port=8080"},
		{"run -site site", "run static -site=site"},
		{"site public", "site public"},
		{"verify", "verify static"},
		{"verify -quick -update", "verify static -quick -update"},
		{"verify alpine", "verify alpine"},
		{"verify registry.example.com/nginx-scratch -key cosign.pub -rebuild", "verify registry.example.com/nginx-scratch -key=cosign.pub -rebuild"},
		{"diff static registry.example.com/nginx-scratch -format markdown build", "diff static registry.example.com/nginx-scratch -format=markdown build static"},
		{"diff build test -exit-code", "diff build test -exitcode"},
		{"diff", "diff"},
		{"site site -conf build -tag a:b build", "site site -conf=build -tag=a:b build static"},
		{"bench -quick", "bench -quick"},
		{"bench -image nginx-scratch:a,nginx-scratch:b -works small -quick clean", "bench -image=nginx-scratch:a,nginx-scratch:b -works=small -quick clean"},
		{"site . -image alpine -platform all", "site . -image=alpine -platform=all"},
	} {
		got := strings.Join(Targets.Arguments(strings.Fields(tt.typed)), " ")
		if got != tt.want {
			t.Errorf("%q becomes %q, want %q", tt.typed, got, tt.want)
		}
	}
}

// What the grammar says of the targets has to be what the magefile has.
func TestGrammarIsThatOfTheMagefile(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../magefile.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got Grammar
	got.Flags = map[string][]string{}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || !f.Name.IsExported() {
			continue
		}
		name := strings.ToLower(f.Name.Name)
		if f.Recv != nil {
			name = strings.ToLower(f.Recv.List[0].Type.(*ast.Ident).Name) + ":" + name
		}
		got.Targets = append(got.Targets, name)
		for _, p := range f.Type.Params.List {
			for _, n := range p.Names {
				star, optional := p.Type.(*ast.StarExpr)
				switch {
				case n.Name == "image" && !optional:
					got.Images = append(got.Images, name)
				case n.Name == "prefix", n.Name == "what":
					if Targets.Words[name] == "" {
						t.Errorf("%s takes a %s, which the grammar does not know", name, n.Name)
					}
				case slices.Contains([]string{"path", "reference", "before", "after"}, n.Name):
					got.Paths = append(got.Paths, name)
				case optional && star.X.(*ast.Ident).Name != "bool":
					got.Flags[name] = append(got.Flags[name], n.Name)
				}
			}
		}
	}
	got.Targets = append(got.Targets, "lint") // the alias
	if !slices.Equal(got.Targets, Targets.Targets) || !slices.Equal(got.Images, Targets.Images) || !slices.Equal(got.Paths, Targets.Paths) {
		t.Errorf("the magefile has %+v, the grammar %+v", got, Targets)
	}
	for _, name := range got.Targets {
		if !slices.Equal(got.Flags[name], Targets.Flags[name]) {
			t.Errorf("%s has the flags %q, in the grammar %q", name, got.Flags[name], Targets.Flags[name])
		}
	}
}
