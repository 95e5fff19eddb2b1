package lint

import (
	"net/netip"
	"slices"
	"strings"
)

var passes = []string{"proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass"}

var proxyRules = []*Rule{
	{
		ID: "host_spoofing", Severity: Warning,
		Explain: "$http_host is what the client wrote, whatever server was chosen. $host is normalized and never empty; where the port matters, add $server_port.",
		Bad:     "server { location / { proxy_set_header Host $http_host; } }",
		Good:    "server { location / { proxy_set_header Host $host; } }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if strings.EqualFold(d.arg(0), "host") && slices.Contains(variables(d.arg(1)), "http_host") {
					j.reportf(d, "Host is passed on as the client wrote it: use $host")
				}
			}, "proxy_set_header", "grpc_set_header")
		},
	},
	{
		ID: "missing_resolver", Severity: Warning,
		Explain: "A name in a variable is looked up at each request, for which nginx needs a resolver: without one the answer is 502. Name the resolver, or use a group (upstream).",
		Bad:     "server { location / { set $backend app.internal; proxy_pass http://$backend; } }",
		Good:    "server { resolver 127.0.0.11; location / { set $backend app.internal; proxy_pass http://$backend; } }",
		check:   missingResolver,
	},
	{
		ID: "resolver_external", Severity: Warning,
		Explain: "Answers of a resolver beyond the own network can be forged on the way, and lead requests elsewhere. Use the one of the host or the cluster.",
		Bad:     "server { resolver 8.8.8.8; }",
		Good:    "server { resolver 10.0.0.2 valid=30s; }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				for _, arg := range d.args {
					if addr, ok := address(arg); ok && !addr.IsPrivate() && !addr.IsLoopback() && !addr.IsLinkLocalUnicast() {
						j.reportf(d, "the resolver %s is beyond the own network", addr)
					}
				}
			}, "resolver")
		},
	},
	{
		ID: "ssrf", Severity: Error,
		Explain: "The client says where the request goes, and so reaches what only nginx should. Take the host from a map of those that are meant.",
		Bad:     "server { location / { resolver 10.0.0.2; proxy_pass http://$arg_host; } }",
		Good:    "map $arg_host $to { default app; a app-a; }\nserver { location / { resolver 10.0.0.2; proxy_pass http://$to; } }",
		check:   ssrf,
	},
	{
		ID: "proxy_pass_normalized", Severity: Info,
		Explain: "With a path in proxy_pass, the upstream gets the decoded and normalized path instead of what was sent. That is fine unless it relies on %2F and the like.",
		Bad:     "server { location /a/ { proxy_pass http://app/b/; } }",
		Good:    "server { location /a/ { proxy_pass http://app; } }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if _, path := target(d.arg(0)); path != "" && !strings.Contains(path, "$") {
					j.reportf(d, "the upstream gets decoded paths, because proxy_pass ends in %s", clip(path))
				}
			}, "proxy_pass")
		},
	},
	{
		ID: "proxy_pass_traversal", Severity: Warning,
		Explain: "A location without a slash at its end also matches NAME../, which the path in proxy_pass turns into the one above. End the location with a slash.",
		Bad:     "server { location /api { proxy_pass http://app/v1/; } }",
		Good:    "server { location /api/ { proxy_pass http://app/v1/; } }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				_, path := target(d.arg(0))
				l := d.within("location")
				if l == nil || len(path) < 2 || !strings.HasSuffix(path, "/") {
					return
				}
				if how, pattern := l.match(); (how == "" || how == "^~") && !strings.HasSuffix(pattern, "/") {
					j.reportf(d, "%s../ leads above %s at the upstream", pattern[:min(len(pattern), 60)], clip(path))
				}
			}, "proxy_pass")
		},
	},
	{
		ID: "proxy_ssl_verify_off", Severity: Warning,
		Explain: "nginx does not check the certificate of an upstream unless told: anybody on the way can answer. Set proxy_ssl_verify on and proxy_ssl_trusted_certificate.",
		Bad:     "server { location / { proxy_pass https://app; } }",
		Good:    "server { location / { proxy_pass https://app; proxy_ssl_verify on; proxy_ssl_trusted_certificate /etc/nginx/ca.pem; } }",
		check: func(j *judge) {
			for kind, scheme := range map[string]string{"proxy": "https://", "grpc": "grpcs://", "uwsgi": "suwsgi://"} {
				j.each(func(d *directive) {
					if strings.HasPrefix(d.arg(0), scheme) && len(d.parent.effective(kind+"_ssl_verify")) == 0 {
						j.reportf(d, "the certificate of %s is not verified: set %s_ssl_verify on", clip(d.arg(0)), kind)
					}
				}, kind+"_pass")
				value(kind+"_ssl_verify", "off", "the certificate of the upstream is not verified")(j)
			}
		},
	},
	{
		ID: "proxy_headers_shown", Severity: Info, CIS: "2.5.4",
		Explain: "X-Powered-By and the like of the program behind nginx tell its version. Hide them with proxy_hide_header.",
		Bad:     "events { }\nhttp { server_tokens off; server { location / { proxy_pass http://app; } } }",
		Good:    "events { }\nhttp { server_tokens off; server { location / { proxy_hide_header X-Powered-By; proxy_pass http://app; } } }",
		check: func(j *judge) {
			for _, kind := range []string{"proxy", "fastcgi"} {
				j.each(func(d *directive) {
					if !d.parent.partly() && d.within("http") != nil && len(d.parent.effective(kind+"_hide_header")) == 0 {
						j.reportf(d, "no %s_hide_header keeps back X-Powered-By", kind)
					}
				}, kind+"_pass")
			}
		},
	},
}

// target cuts what a proxy_pass names into its host and its path.
func target(address string) (host, path string) {
	_, rest, found := strings.Cut(address, "://")
	if !found || strings.HasPrefix(rest, "unix:") {
		if !strings.HasPrefix(address, "$") {
			return "", ""
		}
		rest = address
	}
	if at := strings.IndexByte(rest, '/'); at >= 0 {
		return rest[:at], rest[at:]
	}
	return rest, ""
}

// address reads an IP address with or without a port and brackets.
func address(s string) (netip.Addr, bool) {
	if port, err := netip.ParseAddrPort(s); err == nil {
		return port.Addr(), true
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return addr, err == nil
}

func missingResolver(j *judge) {
	groups := map[string]bool{}
	j.each(func(d *directive) { groups[d.arg(0)] = true }, "upstream")
	j.each(func(d *directive) {
		// A host without variables is looked up at the start, and is then a group.
		if host, _ := target(d.arg(0)); !strings.Contains(d.arg(0), "$") {
			groups[host] = true
		}
	}, passes...)
	known := func(host string) bool {
		_, ip := address(host)
		return ip || groups[host] || strings.HasPrefix(host, "unix:")
	}
	literal := map[string]bool{} // variables that only ever hold addresses or groups
	note := func(name, value string) {
		if host, _ := target(value); host != "" {
			value = host
		}
		was, seen := literal[name]
		literal[name] = (was || !seen) && known(value)
	}
	j.each(func(d *directive) { note(d.arg(0), d.arg(1)) }, "set")
	j.each(func(d *directive) {
		for _, line := range d.block {
			note(d.arg(1), line.arg(0))
		}
	}, "map")
	j.each(func(d *directive) {
		if !strings.Contains(d.arg(0), "$") || strings.Contains(d.arg(0), "unix:") || d.within("server").implied() {
			return
		}
		host, _ := target(d.arg(0))
		if host == "" {
			host = d.arg(0)
		}
		// The path may begin with a variable too: http://app$request_uri.
		begin, _, _ := strings.Cut(host, "$")
		if len(d.parent.effective("resolver")) == 0 && !literal[host] && !known(begin) {
			j.reportf(d, "the host of %s is looked up at each request, and there is no resolver", clip(d.arg(0)))
		}
	}, passes...)
}

func ssrf(j *judge) {
	given := func(name string) bool {
		return strings.HasPrefix(name, "arg_") || strings.HasPrefix(name, "http_") || strings.HasPrefix(name, "cookie_") ||
			name[0] <= '9' || slices.Contains([]string{"host", "args", "query_string", "request"}, name)
	}
	j.each(func(d *directive) {
		l := d.within("location")
		if l != nil && len(l.own("internal")) > 0 {
			return
		}
		host, _ := target(d.arg(0))
		for _, name := range variables(host) {
			if given(name) {
				j.reportf(d, "the client chooses the host by $%s", clipName(name))
			}
		}
	}, passes...)
}
