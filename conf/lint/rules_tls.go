package lint

import (
	"slices"
	"strconv"
	"strings"
)

var tlsRules = []*Rule{
	{
		ID: "weak_ssl_tls", Severity: Error, CIS: "4.1.4",
		Explain: "These versions of TLS and these ciphers are broken or deprecated (RFC 8996, RFC 7465). Use TLSv1.2 and TLSv1.3 with suites of AES-GCM and ChaCha20.",
		Bad:     "server { ssl_protocols TLSv1 TLSv1.2; }",
		Good:    "server { ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL; }",
		check:   weakTLS,
	},
	{
		ID: "hsts_header", Severity: Warning, CIS: "4.1.8",
		Explain: "Without Strict-Transport-Security of half a year or more, the first request of each visit may be made without TLS and be redirected by anybody.",
		Bad:     "server { listen 8443 ssl; root /srv/site; }",
		Good:    "server { listen 8443 ssl; root /srv/site; add_header Strict-Transport-Security max-age=63072000 always; }",
		check:   hsts,
	},
	{
		ID: "ssl_session_tickets", Severity: Warning, CIS: "4.1.11",
		Explain: "Without a shared session cache, the key of tickets never changes while nginx runs: who gets it reads past sessions of TLS 1.2. Turn tickets off, or share a cache, in which nginx renews the key.",
		Bad:     "server { listen 8443 ssl; ssl_session_tickets on; add_header Strict-Transport-Security max-age=63072000 always; }",
		Good:    "server { listen 8443 ssl; ssl_session_tickets on; ssl_session_cache shared:tls:10m; add_header Strict-Transport-Security max-age=63072000 always; }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				cache := d.parent.effective("ssl_session_cache")
				shared := slices.ContainsFunc(cache[:min(len(cache), 1)], func(c *directive) bool {
					return strings.HasPrefix(c.arg(0), "shared:") || strings.HasPrefix(c.arg(1), "shared:")
				})
				if d.arg(0) == "on" && !shared && len(d.parent.effective("ssl_session_ticket_key")) == 0 {
					j.reportf(d, "tickets are on without a shared session cache: their key is never renewed")
				}
			}, "ssl_session_tickets")
		},
	},
	{
		ID: "ssl_stapling_without_resolver", Severity: Warning,
		Explain: "To staple, nginx asks the certificate's authority, whose name it has to look up: without a resolver it staples nothing.",
		Bad:     "server { ssl_stapling on; }",
		Good:    "server { ssl_stapling on; resolver 127.0.0.11; }",
		check: func(j *judge) {
			j.each(func(d *directive) {
				if d.arg(0) == "on" && len(d.parent.effective("resolver"))+len(d.parent.effective("ssl_stapling_file")) == 0 {
					j.reportf(d, "there is no resolver to find the authority with")
				}
			}, "ssl_stapling")
		},
	},
	{
		ID: "ssl_early_data", Severity: Warning, CIS: "4.1.12",
		Explain: "What comes before the handshake is complete can be sent again by anybody who saw it: orders are made twice.",
		Bad:     "server { ssl_early_data on; }",
		Good:    "server { ssl_early_data off; }",
		check:   value("ssl_early_data", "on", "early data can be replayed"),
	},
	{
		ID: "ssl_verify_client_weak", Severity: Warning,
		Explain: "optional_no_ca accepts a certificate that nobody vouches for: who relies on its name believes anybody.",
		Bad:     "server { ssl_verify_client optional_no_ca; }",
		Good:    "server { ssl_verify_client on; }",
		check:   value("ssl_verify_client", "optional_no_ca", "certificates of clients are accepted unverified"),
	},
}

func weakTLS(j *judge) {
	j.each(func(d *directive) {
		for _, version := range d.args {
			if slices.Contains([]string{"SSLv2", "SSLv3", "TLSv1", "TLSv1.1"}, version) {
				j.reportf(d, "%s allows %s", d.name, version)
			}
		}
	}, "ssl_protocols", "proxy_ssl_protocols", "grpc_ssl_protocols", "uwsgi_ssl_protocols")
	j.each(func(d *directive) {
		if weak := weakCipher(d.arg(0)); weak != "" {
			j.reportf(d, "%s allows %s", d.name, clip(weak))
		}
	}, "ssl_ciphers", "proxy_ssl_ciphers", "grpc_ssl_ciphers", "uwsgi_ssl_ciphers")
}

// weakCipher is the first word of an OpenSSL cipher list that lets in what is broken.
func weakCipher(list string) string {
	broken := []string{"RC4", "RC2", "DES", "3DES", "MD5", "NULL", "ENULL", "ANULL", "EXP", "EXPORT", "EXPORT40", "EXPORT56", "LOW", "MEDIUM", "ADH", "AECDH", "SEED", "IDEA", "ALL", "COMPLEMENTOFDEFAULT"}
	for word := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ':' || r == ',' || r == ' ' }) {
		if strings.ContainsRune("!-", rune(word[0])) {
			continue
		}
		for part := range strings.FieldsFuncSeq(word, func(r rune) bool { return r == '+' || r == '-' }) {
			if slices.Contains(broken, strings.ToUpper(part)) {
				return word
			}
		}
	}
	return ""
}

func hsts(j *judge) {
	isHSTS := func(d *directive) bool { return strings.EqualFold(d.arg(0), "Strict-Transport-Security") }
	j.each(func(d *directive) {
		if !isHSTS(d) || strings.Contains(d.arg(1), "$") {
			return
		}
		_, age, _ := strings.Cut(strings.ToLower(d.arg(1)), "max-age=")
		age, _, _ = strings.Cut(age, ";")
		if seconds, err := strconv.ParseInt(strings.Trim(age, " \""), 10, 64); err != nil || seconds < 15768000 {
			j.reportf(d, "max-age of %s is less than half a year", clip(d.arg(1)))
		}
	}, "add_header")
	wide := map[*directive]bool{} // whether http has it, which is asked once
	j.each(func(d *directive) {
		if d.implied() || !d.tls() || d.within("http") == nil {
			return
		}
		own := d.own("add_header")
		if len(own) > 0 {
			if !slices.ContainsFunc(own, isHSTS) {
				j.reportf(d, "the server speaks TLS and does not add Strict-Transport-Security")
			}
			return
		}
		has, known := wide[d.parent]
		if !known {
			has = slices.ContainsFunc(d.parent.effective("add_header"), isHSTS)
			wide[d.parent] = has
		}
		if !has {
			j.reportf(d, "the server speaks TLS and does not add Strict-Transport-Security")
		}
	}, "server")
}
