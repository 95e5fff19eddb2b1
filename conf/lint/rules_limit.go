package lint

import (
	"strconv"
	"strings"
)

var limitRules = []*Rule{
	{
		ID: "body_size_unlimited", Severity: Warning, CIS: "5.2.2",
		Explain: "With 0, one client fills the disk (here: the memory) with one request. Say how large uploads really are.",
		Bad:     "server { client_max_body_size 0; }",
		Good:    "server { client_max_body_size 20m; }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if size, ok := size(d.arg(0)); ok && (size == 0 || size > 10<<30) {
					j.reportf(d, "a request may have a body of any size")
				}
			}, "client_max_body_size")
		},
	},
	{
		ID: "timeouts_long", Severity: Warning, CIS: "5.2.1",
		Explain: "Clients that send a byte a minute hold all connections for long (slowloris). Lower the timeouts to what a slow phone needs.",
		Bad:     "server { client_header_timeout 10m; }",
		Good:    "server { client_header_timeout 10s; }",
		check: func(j *judge) {
			for name, most := range map[string]int64{"client_header_timeout": 60, "client_body_timeout": 60, "send_timeout": 60, "keepalive_timeout": 300} {
				j.each(func(d *directive) {
					if seconds, ok := seconds(d.arg(0)); ok && seconds > most {
						j.reportf(d, "%s of %d seconds: slow clients hold connections for long", name, seconds)
					}
				}, name)
			}
		},
	},
	{
		ID: "header_buffers_large", Severity: Warning, CIS: "5.2.3",
		Explain: "Each connection may take this much memory for its headers before anything is known of it.",
		Bad:     "server { large_client_header_buffers 64 1m; }",
		Good:    "server { large_client_header_buffers 4 16k; }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				count, err := strconv.ParseInt(d.arg(0), 10, 32)
				if each, ok := size(d.arg(1)); err == nil && ok && count > 0 && each > (1<<20)/count {
					j.reportf(d, "more than 1 MB of headers for each connection")
				}
			}, "large_client_header_buffers")
			j.each(func(d *directive) {
				if bytes, ok := size(d.arg(0)); ok && bytes > 64<<10 {
					j.reportf(d, "%d bytes for each connection before its request is read", bytes)
				}
			}, "client_header_buffer_size")
		},
	},
}

// size reads a size of nginx's: bytes, or with k, m or g.
func size(s string) (int64, bool) {
	unit := int64(1)
	if s != "" {
		if at := strings.IndexByte("kmg", s[len(s)-1]|0x20); at >= 0 {
			unit, s = 1<<(10*(at+1)), s[:len(s)-1]
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n * unit, err == nil && n >= 0 && n <= 1<<62/unit
}

// seconds reads a time of nginx's, such as 1h30m, 500ms or 65.
func seconds(s string) (int64, bool) {
	units := map[string]int64{"ms": 1, "s": 1000, "": 1000, "m": 60e3, "h": 3600e3, "d": 86400e3, "w": 7 * 86400e3, "M": 30 * 86400e3, "y": 365 * 86400e3}
	total, found := int64(0), false
	for rest := strings.ReplaceAll(s, " ", ""); rest != ""; found = true {
		unit := strings.TrimLeft(rest, "0123456789")
		n, err := strconv.ParseInt(rest[:len(rest)-len(unit)], 10, 32)
		if err != nil || total > 1<<60 {
			return 0, false
		}
		next := strings.TrimLeft(unit, "msMhdwy")
		each, known := units[unit[:len(unit)-len(next)]]
		if !known {
			return 0, false
		}
		total, rest = total+n*each, next
	}
	return total / 1000, found
}
