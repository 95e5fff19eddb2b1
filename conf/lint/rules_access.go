package lint

import (
	"slices"
	"strings"
)

var accessRules = []*Rule{
	{
		ID: "allow_without_deny", Severity: Warning,
		Explain: "What no rule names is allowed: allow by itself keeps nobody out. End the list with deny all.",
		Bad:     "server { location /admin/ { allow 10.0.0.0/8; } }",
		Good:    "server { location /admin/ { allow 10.0.0.0/8; deny all; } }",
		check: func(j *judge) {
			done := map[*directive]bool{}
			j.each(func(d *directive) {
				if !done[d.parent] && d.arg(0) != "all" && len(d.parent.own("deny")) == 0 && d.parent.name != "limit_except" {
					done[d.parent] = true
					j.reportf(d, "allow %s without a deny in the same block", clip(d.arg(0)))
				}
			}, "allow")
		},
	},
	{
		ID: "access_order", Severity: Error,
		Explain: "The first rule that matches decides: nothing is reached after one for all.",
		Bad:     "server { location / { allow all; deny 192.0.2.1; } }",
		Good:    "server { location / { deny 192.0.2.1; allow all; } }",
		check:   accessOrder,
	},
	{
		ID: "return_bypasses_allow_deny", Severity: Warning,
		Explain: "nginx returns before it looks at allow and deny: everybody gets the answer. Move return to a location of its own, or use try_files.",
		Bad:     "server { location /secret { allow 10.0.0.0/8; deny all; return 200 secret; } }",
		Good:    "server { location /secret { allow 10.0.0.0/8; deny all; try_files /secret.txt =404; } }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if d.parent.name != "if" && !strings.HasPrefix(d.arg(0), "4") && !strings.HasPrefix(d.arg(0), "5") && len(d.parent.effective("deny")) > 0 && len(d.parent.own("internal")) == 0 {
					j.reportf(d, "return answers also those whom deny refuses")
				}
			}, "return")
		},
	},
	{
		ID: "status_page_exposed", Severity: Warning,
		Explain: "The status page tells everybody how busy the server is. Allow only who needs it, or listen on a unix socket.",
		Bad:     "server { listen 8080; location /status { stub_status; } }",
		Good:    "server { listen unix:/dev/shm/status.sock; location /status { stub_status; } }",
		check: func(j *judge) {
			local := map[*directive]bool{}
			j.each(func(d *directive) {
				s := d.within("server")
				if d.parent.closed() || s.implied() {
					return
				}
				if _, known := local[s]; !known {
					local[s] = len(s.own("listen")) > 0 && !slices.ContainsFunc(s.own("listen"), func(l *directive) bool {
						return !strings.HasPrefix(l.arg(0), "unix:") && !strings.HasPrefix(l.arg(0), "127.") && !strings.HasPrefix(l.arg(0), "[::1]") && !strings.HasPrefix(l.arg(0), "localhost:")
					})
				}
				if !local[s] {
					j.reportf(d, "everybody can read %s", d.name)
				}
			}, "stub_status", "api", "vhost_traffic_status_display")
		},
	},
	{
		ID: "real_ip_from_anybody", Severity: Error, CIS: "3.4",
		Explain: "Every client may then say which address it has: logs, limits and allow rules believe it. Name the proxies.",
		Bad:     "server { set_real_ip_from 0.0.0.0/0; }",
		Good:    "server { set_real_ip_from 10.0.0.0/8; }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if strings.HasSuffix(d.arg(0), "/0") {
					j.reportf(d, "%s is everybody: each client chooses its own address", clip(d.arg(0)))
				}
			}, "set_real_ip_from")
		},
	},
	{
		ID: "dav_open", Severity: Error,
		Explain: "Everybody may write or delete files here. Ask for a password, or limit who may.",
		Bad:     "server { location / { dav_methods PUT DELETE; } }",
		Good:    "server { location / { dav_methods PUT DELETE; limit_except GET { allow 10.0.0.0/8; deny all; } } }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if d.arg(0) != "off" && !d.parent.closed() && len(d.parent.own("limit_except")) == 0 {
					j.reportf(d, "everybody may use %s", clip(strings.Join(d.args, " ")))
				}
			}, "dav_methods")
		},
	},
	{
		ID: "default_server_flag", Severity: Warning, CIS: "2.4.2",
		Explain: "Requests for a host that no server names go to the first one that nginx read, which is whatever sorts first. Say default_server at the one that is meant.",
		Bad:     "server { listen 8080; server_name a; }\nserver { listen 8080; server_name b; }",
		Good:    "server { listen 8080 default_server; server_name _; return 444; }\nserver { listen 8080; server_name b; }",
		check:   defaultServer,
	},
}

func accessOrder(j *judge) {
	done := map[*directive]bool{}
	j.each(func(d *directive) {
		if done[d.parent] {
			return
		}
		done[d.parent] = true
		var all *directive
		for _, rule := range d.parent.block {
			if rule.name != "allow" && rule.name != "deny" {
				continue
			}
			if all != nil {
				j.reportf(rule, "%s %s is never reached after %s all", rule.name, clip(rule.arg(0)), all.name)
				return
			}
			if rule.arg(0) == "all" {
				all = rule
			}
		}
	}, "allow", "deny")
}

func defaultServer(j *judge) {
	type socket struct {
		first   *directive
		servers map[*directive]bool
		chosen  bool
	}
	sockets := map[string]*socket{}
	var order []*socket
	j.each(func(d *directive) {
		if d.parent.name != "server" || d.within("http") == nil {
			return
		}
		address := d.arg(0)
		if !strings.Contains(address, ":") && !strings.Contains(address, ".") {
			address = "*:" + address
		}
		address = strings.Replace(address, "0.0.0.0:", "*:", 1)
		if slices.Contains(d.args, "quic") {
			address += " quic"
		}
		s := sockets[address]
		if s == nil {
			s = &socket{first: d, servers: map[*directive]bool{}}
			sockets[address] = s
			order = append(order, s)
		}
		s.servers[d.parent] = true
		s.chosen = s.chosen || slices.Contains(d.args, "default_server") || slices.Contains(d.args, "default")
	}, "listen")
	for _, s := range order {
		if len(s.servers) > 1 && !s.chosen {
			j.reportf(s.first, "%d servers listen on %s, and none is default_server", len(s.servers), clip(s.first.arg(0)))
		}
	}
}
