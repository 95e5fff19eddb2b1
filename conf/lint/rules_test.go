package lint

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// findingsOf checks one file, and returns what is found as text.
func findingsOf(t *testing.T, src string) []Finding {
	t.Helper()
	found, err := Check(fstest.MapFS{"nginx.conf": {Data: []byte(src)}}, "nginx.conf", Options{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Each rule objects to its bad example and to nothing in its good one, and a bad
// example shows its own fault only. A good one is good by all rules.
func TestExamples(t *testing.T) {
	t.Parallel()
	// Where one fault is another's too.
	also := map[string][]string{
		"ignore":               {"autoindex"},
		"worker_user_root":     {"user_ignored"},
		"error_log_off":        {"log_to_file"},
		"origins":              {"if_is_evil"},
		"proxy_pass_traversal": {"proxy_pass_normalized"},
	}
	for _, rule := range Rules() {
		t.Run(rule.ID, func(t *testing.T) {
			t.Parallel()
			found := 0
			for _, f := range findingsOf(t, rule.Bad) {
				switch {
				case f.Rule == rule.ID:
					found++
					if f.Severity != rule.Severity || f.Line < 1 || f.File != "nginx.conf" || f.Message == "" {
						t.Errorf("half a finding: %+v", f)
					}
				case f.Severity > Info && !slices.Contains(also[rule.ID], f.Rule):
					t.Errorf("the bad example is bad in another way: %+v", f)
				}
			}
			if found == 0 {
				t.Error("nothing is found in the bad example")
			}
			for _, f := range findingsOf(t, rule.Good) {
				if f.Severity > Info || f.Rule == rule.ID {
					t.Errorf("the good example: %+v", f)
				}
			}
		})
	}
}

func TestRulesAreExplained(t *testing.T) {
	t.Parallel()
	id, cis := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`), regexp.MustCompile(`^([1-9](\.[0-9]+){1,2})?$`)
	last := ""
	for _, rule := range Rules() {
		if rule.ID <= last {
			t.Errorf("%s follows %s: names are sorted, and each is there once", rule.ID, last)
		}
		last = rule.ID
		if !id.MatchString(rule.ID) || !cis.MatchString(rule.CIS) {
			t.Errorf("%s, CIS %q: not a name or a section", rule.ID, rule.CIS)
		}
		if !strings.HasSuffix(rule.Explain, ".") && !strings.HasSuffix(rule.Explain, "}") || len(rule.Explain) < 40 {
			t.Errorf("%s: %q does not explain", rule.ID, rule.Explain)
		}
	}
}

// What other checkers of nginx configurations look for is here under the same name.
func TestKnownRules(t *testing.T) {
	t.Parallel()
	all := Rules()
	for name := range strings.FieldsSeq(`alias_traversal add_header_redefinition add_header_multiline
		allow_without_deny default_server_flag error_log_off filesystem_root_exposure hash_without_default
		host_spoofing http_splitting if_is_evil invalid_regex origins overlapping_captures
		proxy_pass_normalized regex_redos resolver_external return_bypasses_allow_deny
		ssl_stapling_without_resolver ssrf status_page_exposed try_files_is_evil_too unanchored_regex
		valid_referers version_disclosure weak_ssl_tls hsts_header worker_rlimit_nofile_vs_connections
		missing_resolver`) {
		if !slices.ContainsFunc(all, func(r Rule) bool { return r.ID == name }) {
			t.Errorf("there is no rule %s", name)
		}
	}
}

// What this repository ships breaks no rule: neither as nginx reads it nor file by
// file, whatever folder is added.
func TestShippedConfiguration(t *testing.T) {
	t.Parallel()
	conf := os.DirFS("..")
	for _, name := range []string{"nginx", "nginx/nginx.conf", "nginx/conf.d/default.conf"} {
		found, err := Check(conf, name, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			// A file by itself may lack what is around it.
			if f.Severity > Info || name == "nginx" {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}
