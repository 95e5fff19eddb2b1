package lint

import (
	"slices"
	"strings"
)

// arg is the argument at a place, from 0, and empty where there is none.
func (d *directive) arg(i int) string {
	if i >= 0 && i < len(d.args) {
		return d.args[i]
	}
	return ""
}

// own are the directives of a name that stand in the block itself.
func (d *directive) own(name string) []*directive {
	if d.named == nil {
		d.named = make(map[string][]*directive, len(d.block))
		for _, child := range d.block {
			d.named[child.name] = append(d.named[child.name], child)
		}
	}
	return d.named[name]
}

// effective are the directives of a name that apply in a block: its own, or else those
// of the nearest block around it that has some. So does nginx inherit.
func (d *directive) effective(name string) []*directive {
	for ; d != nil; d = d.parent {
		if found := d.own(name); len(found) > 0 {
			return found
		}
	}
	return nil
}

// setting is the first argument of what applies in a block, or the default.
func (d *directive) setting(name, otherwise string) string {
	if found := d.effective(name); len(found) > 0 {
		return found[0].arg(0)
	}
	return otherwise
}

// within is the nearest block of a name around the directive, or nil.
func (d *directive) within(name string) *directive {
	for d = d.parent; d != nil; d = d.parent {
		if d.name == name {
			return d
		}
	}
	return nil
}

// implied says that a block is not written: it stands around a fragment whose place is
// not known, so nothing can be said to be missing from it.
func (d *directive) implied() bool { return d == nil || d.line == 0 }

// partly says whether the block or one around it is implied.
func (d *directive) partly() bool {
	for ; d != nil && d.parent != nil; d = d.parent {
		if d.implied() {
			return true
		}
	}
	return false
}

// A match is how a location is chosen: "" by prefix, "=", "^~", "~" or "~*", or "@".
func (d *directive) match() (how, pattern string) {
	switch first := d.arg(0); {
	case len(d.args) == 2:
		return first, d.args[1]
	case strings.HasPrefix(first, "@"):
		return "@", first
	default:
		for _, how := range []string{"^~", "~*", "=", "~"} {
			if rest, found := strings.CutPrefix(first, how); found {
				return how, rest
			}
		}
		return "", first
	}
}

// regex is the regular expression of a location, or "".
func (d *directive) regex() string {
	if how, pattern := d.match(); how == "~" || how == "~*" {
		return pattern
	}
	return ""
}

// condition cuts that of an if into its parts. Its parentheses may stand by themselves,
// or at the first and the last word.
func (d *directive) condition() (subject, operator, value string) {
	words := slices.Clone(d.args)
	if len(words) < 3 {
		return "", "", ""
	}
	words[0] = strings.TrimPrefix(words[0], "(")
	last := len(words) - 1
	words[last] = strings.TrimSuffix(words[last], ")")
	words = slices.DeleteFunc(words, func(word string) bool { return word == "" })
	if len(words) != 3 {
		return "", "", "" // nginx takes no other
	}
	return words[0], words[1], words[2]
}

// closed says whether not everybody reaches a block.
func (d *directive) closed() bool {
	for _, name := range []string{"auth_basic", "auth_request", "auth_jwt", "ssl_verify_client"} {
		if set := d.setting(name, "off"); set != "off" && set != "optional" && set != "optional_no_ca" {
			return true
		}
	}
	denied := d.effective("deny") // the last is enough: nothing after "all" is reached
	return len(denied) > 0 && denied[len(denied)-1].arg(0) == "all" || len(d.own("internal")) > 0
}

// tls says whether a server answers TLS.
func (d *directive) tls() bool {
	return slices.ContainsFunc(d.own("listen"), func(l *directive) bool {
		return slices.Contains(l.args, "ssl") || slices.Contains(l.args, "quic")
	})
}

// tree puts the implied blocks around a fragment, by what stands in it.
func tree(root *directive) {
	top := map[string]bool{}
	for _, d := range root.block {
		top[d.name] = true
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return top[name] })
	}
	if has("events", "http", "stream", "mail", "worker_processes", "worker_rlimit_nofile", "user", "pid", "daemon", "master_process", "load_module") {
		return
	}
	around := []string{"http", "server"}
	if has("server", "upstream", "map", "geo", "split_clients", "limit_req_zone", "limit_conn_zone", "log_format", "proxy_cache_path", "types") {
		around = around[:1]
	}
	for _, name := range slices.Backward(around) {
		d := &directive{name: name, opens: true, block: root.block, parent: root}
		for _, child := range d.block {
			child.parent = d
		}
		root.block = []*directive{d}
	}
}
