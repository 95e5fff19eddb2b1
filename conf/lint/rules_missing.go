package lint

import (
	"regexp"
	"slices"
	"strings"
)

// These rules say what a server lacks. It may have its reasons, so they are only
// information.
var missingRules = []*Rule{
	{
		ID: "security_headers_missing", Severity: Info, CIS: "5.3",
		Explain: "nosniff, a Content-Security-Policy and a Referrer-Policy cost one line each and stop whole classes of attack in the browser.",
		Bad:     "events { }\nhttp { server_tokens off; server { listen 8080; root /srv/site; } }",
		Good: "events { }\nhttp { server_tokens off; server { listen 8080; root /srv/site; add_header X-Content-Type-Options nosniff always;\n" +
			"add_header Content-Security-Policy \"default-src 'self'\" always; add_header Referrer-Policy same-origin always; } }",
		check: func(j *judge) {
			known := map[*directive]map[string]bool{} // by the first of a list: servers may share one
			j.servers(func(s *directive) {
				names := map[string]bool{}
				if all := s.effective("add_header"); len(all) > 0 {
					if names = known[all[0]]; names == nil {
						names = map[string]bool{}
						for _, d := range securityOf(all) {
							names[strings.ToLower(d.arg(0))] = true
						}
						known[all[0]] = names
					}
				}
				for _, name := range []string{"X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy"} {
					if !names[strings.ToLower(name)] {
						j.reportf(s, "the server serves files without %s", name)
					}
				}
			})
		},
	},
	{
		ID: "hidden_files_served", Severity: Info, CIS: "2.5.3",
		Explain: "A .git or .env that strays into the site is there for everybody. Deny what begins with a dot: location ~ /\\.(?!well-known/) { deny all; }",
		Bad:     "events { }\nhttp { server_tokens off; server { listen 8080; root /srv/site; } }",
		Good:    "events { }\nhttp { server_tokens off; server { listen 8080; root /srv/site; location ~ /\\.(?!well-known/) { deny all; } } }",
		check: func(j *judge) {
			j.servers(func(s *directive) {
				if !slices.ContainsFunc(s.own("location"), func(l *directive) bool {
					return dotfile.MatchString(l.regex()) && l.refuses()
				}) {
					j.reportf(s, "files that begin with a dot are served")
				}
			})
		},
	},
	{
		ID: "limits_missing", Severity: Info, CIS: "5.2.4",
		Explain: "One client can take all connections, or ask as fast as it likes. limit_conn and limit_req bound it.",
		Bad:     "events { }\nhttp { server_tokens off; server { listen 8080; root /srv/site; } }",
		Good: "events { }\nhttp { server_tokens off; limit_conn_zone $binary_remote_addr zone=c:1m; limit_req_zone $binary_remote_addr zone=r:1m rate=50r/s;\n" +
			"limit_conn c 50; limit_req zone=r burst=100 nodelay; server { listen 8080; root /srv/site; } }",
		check: func(j *judge) {
			j.servers(func(s *directive) {
				for _, name := range []string{"limit_conn", "limit_req"} {
					if len(s.effective(name)) == 0 && !slices.ContainsFunc(s.own("location"), func(l *directive) bool { return len(l.own(name)) > 0 }) {
						j.reportf(s, "%s bounds no client", name)
					}
				}
			})
		},
	},
}

// dotfile is a pattern that matches names which begin with a dot.
var dotfile = regexp.MustCompile(`/\(?(\?:)?\\\.`)

// servers calls f with each server of http that serves files, where all around it is
// known.
func (j *judge) servers(f func(*directive)) {
	j.each(func(s *directive) {
		if s.opens && s.within("http") != nil && !s.partly() && len(s.effective("root")) > 0 {
			f(s)
		}
	}, "server")
}
