package lint

import "slices"

var ifRules = []*Rule{
	{
		ID: "if_is_evil", Severity: Warning,
		Explain: "An if in a location is a location of its own that inherits only part of what is around it. Only return, rewrite, set and break are safe in it; use map or another location for the rest.",
		Bad:     "server { location / { if ($arg_a) { add_header X-A 1; } } }",
		Good:    "server { location / { if ($arg_a) { return 403; } } }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if d.within("location") == nil {
					return
				}
				for _, inner := range d.block {
					if !slices.Contains([]string{"return", "rewrite", "set", "break"}, inner.name) {
						j.reportf(inner, "%s in an if in a location does not do what it says", clip(inner.name))
					}
				}
			}, "if")
		},
	},
	{
		ID: "limit_except_misuse", Severity: Warning, CIS: "5.1.2",
		Explain: "limit_except applies its block to the methods that it does not name: without deny all (or a password) there, it limits nothing.",
		Bad:     "server { location / { limit_except GET { allow 10.0.0.0/8; } } }",
		Good:    "server { location / { limit_except GET { deny all; } } }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				denied := d.own("deny")
				closes := len(denied) > 0 && denied[len(denied)-1].arg(0) == "all" || len(d.own("auth_basic"))+len(d.own("auth_jwt")) > 0
				if !closes {
					j.reportf(d, "limit_except has no deny all: other methods pass too")
				}
			}, "limit_except")
		},
	},
	{
		ID: "hash_without_default", Severity: Info,
		Explain: "A map without default gives an empty string for all else, which reads as false, zero or no limit. Say what is meant.",
		Bad:     "map $http_upgrade $connection { websocket upgrade; }",
		Good:    "map $http_upgrade $connection { default close; websocket upgrade; }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if d.opens && len(d.own("default")) == 0 {
					j.reportf(d, "%s %s has no default", d.name, clip(d.arg(len(d.args)-1)))
				}
			}, "map", "geo")
		},
	},
	{
		ID: "valid_referers", Severity: Warning,
		Explain: "Any page can make a browser send no referrer: with none, the check keeps nobody out.",
		Bad:     "server { location / { valid_referers none server_names; if ($invalid_referer) { return 403; } } }",
		Good:    "server { location / { valid_referers server_names; if ($invalid_referer) { return 403; } } }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if slices.Contains(d.args, "none") || slices.Contains(d.args, "blocked") {
					j.reportf(d, "requests without a referrer are valid, and any site can make those")
				}
			}, "valid_referers")
		},
	},
}
