package lint

// These rules have no check of their own: what they say is found while reading.
var (
	syntaxRule = &Rule{
		ID: "syntax", Severity: Error,
		Explain: "nginx does not start with this. Nothing else is judged until it is mended.",
		Bad:     "server { listen 8080 }",
		Good:    "server { listen 8080; }",
	}
	includeRule = &Rule{
		ID: "include", Severity: Error,
		Explain: "What is included is missing, includes itself, or is too much. nginx does not start without a file that is named; a pattern may match none.",
		Bad:     "http { include missing.conf; server_tokens off; }",
		Good:    "http { include missing*.conf; server_tokens off; }",
	}
	outsideRule = &Rule{
		ID: "include_outside", Severity: Info,
		Explain: "A file outside the folder of the configuration is not at hand here, so nothing is known of it.",
		Bad:     "http { include /usr/share/nginx/modules/*.conf; server_tokens off; }",
		Good:    "http { include /etc/nginx/modules/*.conf; server_tokens off; }",
	}
	ignoreRule = &Rule{
		ID: "ignore", Severity: Warning,
		Explain: "A comment lint:ignore names one rule, says why, and stands on the line that breaks it or on the one before.",
		Bad:     "server {\n  autoindex on; # lint:ignore autoindex\n}",
		Good:    "server {\n  autoindex on; # lint:ignore autoindex a mirror of public files\n}",
	}
	readRules = []*Rule{syntaxRule, includeRule, outsideRule, ignoreRule}
)
