package lint

import (
	"maps"
	"slices"
	"strings"
)

// securityHeaders are those whose loss nobody notices until it matters.
var securityHeaders = []string{
	"content-security-policy", "strict-transport-security", "x-frame-options", "x-content-type-options", "referrer-policy",
	"permissions-policy", "cross-origin-opener-policy", "cross-origin-embedder-policy", "cross-origin-resource-policy",
}

func isSecurityHeader(d *directive) bool {
	return slices.Contains(securityHeaders, strings.ToLower(d.arg(0)))
}

var headerRules = []*Rule{
	{
		ID: "add_header_redefinition", Severity: Warning, CIS: "5.3",
		Explain: "One add_header in a block drops all that the blocks around it add. Repeat them, or include them from one file in both places.",
		Bad:     "server { add_header X-Content-Type-Options nosniff always; location / { add_header Cache-Control no-store; } }",
		Good:    "server { add_header X-Content-Type-Options nosniff always; location / { add_header X-Content-Type-Options nosniff always; add_header Cache-Control no-store; } }",
		check:   headerLoss,
	},
	{
		ID: "add_header_multiline", Severity: Warning,
		Explain: "A header with a line break in it is refused by HTTP/2 and by many clients. Write it on one line.",
		Bad:     "server { add_header Content-Security-Policy \"default-src 'self';\n  img-src *\" always; }",
		Good:    "server { add_header Content-Security-Policy \"default-src 'self'; img-src *\" always; }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if slices.ContainsFunc(d.args, func(arg string) bool { return strings.ContainsAny(arg, "\r\n") }) {
					j.reportf(d, "%s %s has a line break in its value", d.name, clip(d.arg(0)))
				}
			}, "add_header", "add_trailer", "more_set_headers", "proxy_set_header")
		},
	},
	{
		ID: "add_header_without_always", Severity: Warning, CIS: "5.3",
		Explain: "Without always, nginx leaves the header out of errors, and an attacker chooses which page that is.",
		Bad:     "server { add_header X-Content-Type-Options nosniff; }",
		Good:    "server { add_header X-Content-Type-Options nosniff always; }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if isSecurityHeader(d) && d.arg(2) != "always" {
					j.reportf(d, "%s is missing from error responses: add always", d.arg(0))
				}
			}, "add_header")
		},
	},
	{
		ID: "http_splitting", Severity: Error,
		Explain: "$uri is decoded: %0d%0a in a request becomes a line break, and what follows a header of its own. Use $request_uri. A capture that admits line breaks, such as [^/], does the same in a location: write [^/\\s].",
		Bad:     "server { location / { return 301 https://example.com$uri; } }",
		Good:    "server { location / { return 301 https://example.com$request_uri; } }",
		check:   splitting,
	},
	{
		ID: "origins", Severity: Warning,
		Explain: "The check of an origin or a referrer lets others through: anchor the expression at both ends and escape its dots. An origin that is sent back unchecked admits everybody.",
		Bad:     "server { location / { if ($http_origin ~* (www.example.com)) { add_header Access-Control-Allow-Origin $http_origin; } } }",
		Good:    "map $http_origin $cors { default ''; ~^https://www\\.example\\.com$ $http_origin; }\nserver { add_header Access-Control-Allow-Origin $cors; }",
		check:   origins,
	},
	{
		ID: "version_disclosure", Severity: Warning, CIS: "2.5.1",
		Explain: "The Server header and error pages name the version, which tells what to attack. Set server_tokens off in http.",
		Bad:     "events { }\nhttp { server_tokens on; server { listen 8080; } }",
		Good:    "events { }\nhttp { server_tokens off; server { listen 8080; } }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if d.arg(0) == "on" || d.arg(0) == "build" {
					j.reportf(d, "server_tokens %s names nginx's version", d.arg(0))
				}
			}, "server_tokens")
			j.each(func(d *directive) {
				if !d.partly() && len(d.own("server_tokens")) == 0 {
					j.reportf(d, "server_tokens off is missing: the version is named by default")
				}
			}, "http")
		},
	},
	{
		ID: "header_names_unchecked", Severity: Warning,
		Explain: "X_Real_IP and X-Real-IP are the same to most programs behind nginx, so a client can forge what nginx sets.",
		Bad:     "server { underscores_in_headers on; }",
		Good:    "server { underscores_in_headers off; }",
		check: func(j *judge) {
			value("underscores_in_headers", "on", "headers with underscores pass, which can stand for those that nginx sets")(j)
			value("ignore_invalid_headers", "off", "headers with forbidden characters in their names pass")(j)
		},
	},
}

func headerLoss(j *judge) {
	done := map[*directive]bool{}
	outside := map[*directive][]*directive{} // by the first of a list, its security headers, each once
	j.each(func(d *directive) {
		block := d.parent
		if done[block] || block.parent == nil || len(block.own("add_header_inherit")) > 0 {
			return
		}
		done[block] = true
		kept := map[string]bool{}
		for _, own := range block.own("add_header") {
			kept[strings.ToLower(own.arg(0))] = true
		}
		all := block.parent.effective("add_header")
		if len(all) == 0 {
			return
		}
		if _, known := outside[all[0]]; !known {
			outside[all[0]] = securityOf(all)
		}
		for _, outer := range outside[all[0]] {
			if !kept[strings.ToLower(outer.arg(0))] {
				j.reportf(d, "drops %s, which line %d of %s adds", outer.arg(0), outer.line, outer.file)
			}
		}
	}, "add_header")
}

// securityOf are the security headers in a list, each name once.
func securityOf(all []*directive) []*directive {
	found := map[string]*directive{}
	for _, d := range all {
		if isSecurityHeader(d) {
			found[strings.ToLower(d.arg(0))] = d
		}
	}
	return slices.Collect(maps.Values(found))
}

func splitting(j *judge) {
	j.each(func(d *directive) {
		location := d.within("location")
		for _, text := range sent(d) {
			for _, name := range variables(text) {
				if name == "uri" || name == "document_uri" {
					j.reportf(d, "$%s is decoded and may hold line breaks: use $request_uri", name)
				} else if d.name != "rewrite" && location != nil && location.breaking()[name] && !ownCaptures(d) {
					j.reportf(d, "$%s may hold a line break by %s", clipName(name), clip(location.regex()))
				}
			}
		}
	}, "return", "rewrite", "add_header", "add_trailer", "proxy_set_header", "proxy_pass")
}

// sent are the arguments of a directive that become part of a head: not the body that
// return sends, nor a path that is rewritten only inside.
func sent(d *directive) []string {
	switch d.name {
	case "return":
		if len(d.args) == 2 && !slices.Contains([]string{"301", "302", "303", "307", "308"}, d.args[0]) {
			return nil
		}
	case "rewrite":
		last := d.arg(2)
		if last != "redirect" && last != "permanent" && !strings.HasPrefix(d.arg(1), "http") {
			return nil
		}
		return []string{d.arg(1)}
	}
	return d.args
}

// ownCaptures says whether $1 is of something nearer than the location.
func ownCaptures(d *directive) bool {
	return d.parent.name == "if" || len(d.parent.own("rewrite")) > 0
}

func origins(j *judge) {
	j.each(func(d *directive) {
		subject, operator, pattern := d.condition()
		checks := (subject == "$http_origin" || subject == "$http_referer") && strings.Contains(operator, "~")
		if checks && weakOrigin(subject, pattern) {
			j.reportf(d, "%s is checked with %s, which others can match", subject, clip(pattern))
		}
	}, "if")
	j.each(func(d *directive) {
		for _, line := range d.block {
			pattern, found := strings.CutPrefix(line.name, "~")
			if pattern = strings.TrimPrefix(pattern, "*"); found && d.arg(0) == "$http_origin" && weakOrigin(d.arg(0), pattern) {
				j.reportf(line, "%s is checked with %s, which others can match", d.arg(0), clip(pattern))
			}
		}
	}, "map")
	j.each(func(d *directive) {
		if strings.EqualFold(d.arg(0), "access-control-allow-origin") && d.arg(1) == "$http_origin" && d.within("if") == nil {
			j.reportf(d, "every origin is sent back as allowed: map $http_origin to those that are")
		}
	}, "add_header")
}

// weakOrigin says whether a pattern also matches what others can write. A referrer
// goes on after the host, so it is enough if the host ends with a slash.
func weakOrigin(subject, pattern string) bool {
	if !strings.HasPrefix(pattern, "^") || bareDot(pattern) {
		return true
	}
	_, host, _ := strings.Cut(pattern, "//")
	return !strings.HasSuffix(pattern, "$") && (subject != "$http_referer" || !strings.Contains(host, "/"))
}
