package recipe_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nginx-scratch/nginx-scratch/images"
	"github.com/nginx-scratch/nginx-scratch/images/recipe"
)

// The steps of an edit replace its text as it is written, whatever it means to grep
// and sed, and end the compile where no line has it.
func TestEdits(t *testing.T) {
	t.Parallel()
	const none = "no line has it"
	for _, c := range []struct {
		name, before string
		from         []string
		to           string
		after        string // or none
	}{
		{"a word", "int a;\nint b;\n", []string{"b;"}, "c;", "int a;\nint c;\n"},
		{"left out", "&one,\n&two,\n", []string{"&two,"}, "", "&one,\n\n"},
		{"several texts", "&one,\n&two,\n&three,\n", []string{"&one,", "&three,"}, "", "\n&two,\n\n"},
		{"on every line", "f(a);\nf(b);\n", []string{"f("}, "g(", "g(a);\ng(b);\n"},
		{"once on a line", "a a\n", []string{"a"}, "b", "b a\n"},
		{"star", "aa *p;\nBIO *h;\n", []string{"BIO *h"}, "BIO *x", "aa *p;\nBIO *x;\n"},
		{"star that repeats nothing", "BIOOO\n", []string{"BIO*"}, "x", none},
		{"dot", "axb\na.b\n", []string{"a.b"}, "c.d", "axb\nc.d\n"},
		{"bracket", "a\nx[a]\n", []string{"[a]"}, "[b]", "a\nx[b]\n"},
		{"bracket that does not end", "x[[:alpha:\n", []string{"[[:alpha:"}, "[", "x[\n"},
		{"dollar", "cost $\n$5\n", []string{"$5"}, "$6", "cost $\n$6\n"},
		{"dollar at the end", "a$b\nab$\n", []string{"b$"}, "c$", "a$b\nac$\n"},
		{"no end of the line", "ab\n", []string{"b$"}, "c", none},
		{"caret", "a ^ b\n", []string{"^ b"}, "^ c", "a ^ c\n"},
		{"no start of the line", "ab\n", []string{"^a"}, "c", none},
		{"ampersand", "f(&a);\n", []string{"f(&a)"}, "g(&b, &a)", "g(&b, &a);\n"},
		{"what extended expressions mean", "(a+b)?{1}\n", []string{"(a+b)?{1}"}, "{2}?(a+c)", "{2}?(a+c)\n"},
		{"quotes", `#include "a.inc"` + "\n", []string{`#include "a.inc"`}, "'", "'\n"},
		{"slash", "a/b/c\n", []string{"a/b"}, "/", "//c\n"},
		{"an option", "x -i -e y\n", []string{"-i -e y"}, "-n", "x -n\n"},
		{"for a shell", "`a` $(b) ; c > d\n", []string{"`a` $(b) ; c > d"}, "`e` > f $(g)", "`e` > f $(g)\n"},
		{"not in ASCII", "µs é\n", []string{"µs é"}, "é µs", "é µs\n"},
		{"not there", "int a;\n", []string{"int b;"}, "int c;", none},
		{"the second not there", "&one,\n&two,\n", []string{"&one,", "&three,"}, "", none},
		{"over two lines", "a\nb\n", []string{"a b"}, "", none},
		{"in an empty file", "", []string{"a"}, "", none},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			steps := editing(t, "pcre2", func(p *images.Component) {
				p.Edits = []images.Edit{{File: "src/a.c", From: c.from, To: c.to, Why: "for a test"}}
			})
			if len(steps) != 2*len(c.from) {
				t.Fatalf("the steps are %q", steps)
			}
			got, err := apply(t, steps, "src/a.c", c.before)
			if c.after == none {
				if err == nil {
					t.Errorf("nothing is refused; now it is %q", got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.after, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Edits are made before anything else, in their order, in the component's own source.
func TestEditsComeFirst(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"musl", "zlib", "libisal", "brotli", "pcre2", "openssl", "libnginx-mod-http-brotli", "nginx"} {
		c := component(t, planOf(t, name, func(c *images.Component) {
			c.Edits = []images.Edit{{File: "b", From: []string{"2", "1"}, To: "x"}, {File: "a", From: []string{"3"}}}
		}), name)
		want := [][]string{
			{"grep", "-q", "-F", "-e", "2", "b"}, {"sed", "-i", "-e", "s|2|x|", "b"},
			{"grep", "-q", "-F", "-e", "1", "b"}, {"sed", "-i", "-e", "s|1|x|", "b"},
			{"grep", "-q", "-F", "-e", "3", "a"}, {"sed", "-i", "-e", "s|3||", "a"},
		}
		for i, argv := range want {
			if s := c.Steps[i]; !slices.Equal(s.Argv, argv) || s.Dir != recipe.Source+"/"+name {
				t.Errorf("step %d of %s is %q in %s, not %q", i, name, s.Argv, s.Dir, argv)
			}
		}
	}
}

// planOf is the plan of the committed files with one component changed.
func planOf(t *testing.T, name string, change func(*images.Component)) []recipe.Component {
	t.Helper()
	d, l := committed(t)
	changed(name, change)(&d, &l)
	p, err := recipe.Plan(d, l, "amd64", toolchain)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// editing are the first steps of a component that has been changed: those up to the
// first that does more than to look at files and edit them.
func editing(t *testing.T, name string, change func(*images.Component)) []recipe.Step {
	t.Helper()
	steps := component(t, planOf(t, name, change), name).Steps
	end := slices.IndexFunc(steps, func(s recipe.Step) bool { return s.Argv[0] != "grep" && s.Argv[0] != "sed" })
	return steps[:end]
}

// apply runs steps in a folder that has one file, and returns what is in it then.
func apply(t *testing.T, steps []recipe.Step, name, text string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, file, text)
	for _, s := range steps {
		cmd := exec.Command(s.Argv[0], s.Argv[1:]...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C") // as in a compile
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%q: %w\n%s", s.Argv, err, out)
		}
	}
	after, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(after), nil
}

// provider has tables in the shapes of OpenSSL's defltprov.c: entries in braces and in
// macros, each on one line or on two.
const provider = `static const OSSL_ALGORITHM deflt_digests[] = {
    { PROV_NAMES_SHA1, "provider=default", ossl_sha1_functions },
    { PROV_NAMES_KECCAK_224, "provider=default", ossl_keccak_224_functions },
    { PROV_NAMES_KECCAK_KMAC_128, "provider=default",
      ossl_keccak_kmac_128_functions },
    { PROV_NAMES_SHAKE_128, "provider=default", ossl_shake_128_functions },
    { NULL, NULL, NULL }
};
static const OSSL_ALGORITHM_CAPABLE deflt_ciphers[] = {
    ALG(PROV_NAMES_AES_256_CBC, ossl_aes256cbc_functions),
    ALG(PROV_NAMES_AES_256_XTS, ossl_aes256xts_functions),
    ALG(PROV_NAMES_AES_128_CFB, ossl_aes128cfb_functions),
    ALG(PROV_NAMES_AES_128_CFB1, ossl_aes128cfb1_functions),
    ALGC(PROV_NAMES_AES_128_CBC_HMAC_SHA1, ossl_aes128cbc_hmac_sha1_functions,
         ossl_cipher_capable_aes_cbc_hmac_sha1),
    ALGC(PROV_NAMES_AES_256_CBC_HMAC_SHA256,
         ossl_aes256cbc_hmac_sha256_functions, ossl_cipher_capable_aes_cbc_hmac_sha256),
    ALG(PROV_NAMES_NULL, ossl_null_functions),
    { { NULL, NULL, NULL }, NULL }
};
static const OSSL_ALGORITHM deflt_rands[] = {
    { PROV_NAMES_CTR_DRBG, "provider=default", ossl_drbg_ctr_functions },
    { PROV_NAMES_HMAC_DRBG, "provider=default", ossl_drbg_ossl_hmac_functions },
    { PROV_NAMES_HMAC_DRBG_KDF, "provider=default",
      ossl_kdf_hmac_drbg_functions },
    { PROV_NAMES_HMAC, "provider=default", ossl_hmac_functions },
    { NULL, NULL, NULL }
};
`

// An algorithm leaves the tables with all lines of its entry, and its neighbours stay.
func TestUnregister(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		entries []string
		gone    string // lines, by their numbers, counted from 1
		refused bool
	}{
		{"nothing", nil, "", false},
		{"one line", []string{"KECCAK_224"}, "3", false},
		{"two lines", []string{"KECCAK_KMAC_128"}, "4 5", false},
		{"all of a kind", []string{"KECCAK_*"}, "3 4 5", false},
		{"macro", []string{"AES_*_XTS"}, "11", false},
		{"not those whose names begin so", []string{"AES_*_CFB"}, "12", false},
		{"macro of two lines", []string{"AES_*_CBC_HMAC_SHA1"}, "14 15", false},
		{"macro of two lines after the name", []string{"AES_256_CBC_HMAC_SHA256"}, "16 17", false},
		{"entries of two lines after another", []string{"AES_*_CBC_HMAC_*"}, "14 15 16 17", false},
		{"a name in a longer one", []string{"HMAC_DRBG"}, "23", false},
		{"the longer one", []string{"HMAC_DRBG_KDF"}, "24 25", false},
		{"several", []string{"SHA1", "HMAC", "NULL"}, "2 18 26", false},
		{"star for nothing", []string{"SHA1*"}, "2", false},
		{"not there", []string{"GMAC"}, "", true},
		{"the start of a name", []string{"SHAKE"}, "", true},
		{"the end of a name", []string{"DRBG"}, "", true},
		{"what another takes too", []string{"KECCAK_*", "KECCAK_224"}, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := apply(t, openSSL(t, func(o *images.Component) { o.Unregister = because(c.entries) }), "providers/defltprov.c", provider)
			if c.refused != (err != nil) {
				t.Fatalf("error %v", err)
			}
			var want strings.Builder
			gone := strings.Fields(c.gone)
			for i, line := range slices.Collect(strings.Lines(provider)) {
				if !slices.Contains(gone, fmt.Sprint(i+1)) {
					want.WriteString(line)
				}
			}
			if diff := cmp.Diff(want.String(), got); !c.refused && diff != "" {
				t.Error(diff)
			}
		})
	}
}

// openSSL are the steps that edit OpenSSL's source for one reason only.
func openSSL(t *testing.T, change func(*images.Component)) []recipe.Step {
	t.Helper()
	return editing(t, "openssl", func(o *images.Component) {
		o.Edits, o.Unregister = nil, nil
		change(o)
	})
}

func because(names []string) map[string]string {
	reasons := map[string]string{}
	for _, name := range names {
		reasons[name] = "for a test"
	}
	return reasons
}
