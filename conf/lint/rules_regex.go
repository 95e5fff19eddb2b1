package lint

import (
	"strconv"
	"strings"
)

var regexRules = []*Rule{
	{
		ID: "invalid_regex", Severity: Error,
		Explain: "The expression does not compile, or a capture is used that it does not have, which is always empty.",
		Bad:     "server { rewrite ^/a/(.*)$ /b/$2 last; }",
		Good:    "server { rewrite ^/a/(.*)$ /b/$1 last; }",
		check:   invalidRegex,
	},
	{
		ID: "overlapping_captures", Severity: Error,
		Explain: "nginx counts captures that overlap once and writes them twice, past the end of its buffer (CVE-2026-9256). Use one of them, or make the other (?: ).",
		Bad:     "server { rewrite ^/((.*))$ /b?x=$1&y=$2 redirect; }",
		Good:    "server { rewrite ^/((?:.*))$ /b?x=$1 redirect; }",
		check:   overlapping,
	},
	{
		ID: "regex_redos", Severity: Warning,
		Explain: "A repetition in a repetition, such as (a+)+, takes exponential time for a request that nearly matches, and blocks the worker. Make the inner one possessive or bounded.",
		Bad:     "server { location ~ ^/(\\w+)+$ { return 404; } }",
		Good:    "server { location ~ ^/\\w+$ { return 404; } }",
		check: func(j *judge) {
			j.patterns(func(d *directive, pattern string) {
				if examine(pattern).nested {
					j.reportf(d, "%s repeats what repeats already", clip(pattern))
				}
			})
		},
	},
	{
		ID: "unanchored_regex", Severity: Warning,
		Explain: "The expression matches anywhere in the path: \\.php also matches /a.php.jpg. End it with $ or begin it with ^.",
		Bad:     "server { location ~ \\.php { proxy_pass http://app; } }",
		Good:    "server { location ~ \\.php$ { proxy_pass http://app; } location ~ /\\. { deny all; } }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				pattern := d.regex()
				if pattern != "" && !strings.HasPrefix(pattern, "^") && !strings.HasSuffix(pattern, "$") && !strings.Contains(pattern, "(?:$|") && !strings.Contains(pattern, "$)") && !d.refuses() {
					j.reportf(d, "%s matches anywhere in the path", clip(pattern))
				}
			}, "location")
		},
	},
}

// refuses says whether a location only turns requests away: then more is better.
func (d *directive) refuses() bool {
	for _, r := range d.own("return") {
		if strings.HasPrefix(r.arg(0), "4") {
			return true
		}
	}
	return d.closed()
}

// patterns calls f with each regular expression of locations, rewrites, server names
// and conditions.
func (j *judge) patterns(f func(d *directive, pattern string)) {
	j.each(func(d *directive) {
		if pattern := d.regex(); pattern != "" {
			f(d, pattern)
		}
	}, "location")
	j.each(func(d *directive) { f(d, d.arg(0)) }, "rewrite")
	j.each(func(d *directive) {
		for _, name := range d.args {
			if pattern, found := strings.CutPrefix(name, "~"); found {
				f(d, pattern)
			}
		}
	}, "server_name")
	j.each(func(d *directive) {
		if _, operator, pattern := d.condition(); strings.Contains(operator, "~") && pattern != "" {
			f(d, pattern)
		}
	}, "if")
	j.each(func(d *directive) {
		for _, line := range d.block {
			if pattern, found := strings.CutPrefix(line.name, "~"); found {
				f(line, strings.TrimPrefix(pattern, "*"))
			}
		}
	}, "map")
}

func invalidRegex(j *judge) {
	j.patterns(func(d *directive, pattern string) {
		e := examine(pattern)
		if e.problem != "" {
			j.reportf(d, "%s does not compile: %s", clip(pattern), e.problem)
			return
		}
		if d.name != "rewrite" {
			return
		}
		for _, name := range variables(d.arg(1)) {
			if n, err := strconv.Atoi(name); err == nil && n > len(e.groups) {
				j.reportf(d, "$%d is used, but %s has %d captures", n, clip(pattern), len(e.groups))
			}
		}
	})
}

func overlapping(j *judge) {
	j.each(func(d *directive) {
		replacement, groups := d.arg(1), examine(d.arg(0)).groups
		last := d.arg(2)
		if last != "redirect" && last != "permanent" && !strings.Contains(replacement, "?") && !strings.HasPrefix(replacement, "http") {
			return
		}
		used := make([]bool, len(groups))
		for _, name := range variables(replacement) {
			if n, err := strconv.Atoi(name); err == nil && n > 0 && n <= len(groups) {
				used[n-1] = true
			}
		}
		for i, g := range groups {
			for around, deep := g.around, 0; used[i] && around >= 0 && deep < maxDepth; around, deep = groups[around].around, deep+1 {
				if used[around] {
					j.reportf(d, "$%d is within $%d, and both are used", i+1, around+1)
					return
				}
			}
		}
	}, "rewrite")
}
