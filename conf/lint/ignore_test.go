package lint

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIgnore(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ src, want string }{
		"on the line":       {"autoindex on; # lint:ignore autoindex public files", ""},
		"on the one before": {"# lint:ignore autoindex public files\nautoindex on;", ""},
		"through comments":  {"# lint:ignore autoindex public files\n# lint:ignore merge_slashes_off why\n# more\nautoindex on; merge_slashes off;", ""},
		"one of two": {
			"autoindex on; merge_slashes off; # lint:ignore autoindex public files",
			"nginx.conf:1: warning merge_slashes_off doubled slashes pass by the locations that restrict access\n",
		},
		"two lines before": {
			"# lint:ignore autoindex public files\n\nautoindex on;",
			"nginx.conf:1: warning ignore nothing on line 2 breaks the rule autoindex: take the exception out\n" +
				"nginx.conf:3: warning autoindex folders are listed to everybody\n",
		},
		"the line after": {
			"autoindex on;\n# lint:ignore autoindex public files",
			"nginx.conf:1: warning autoindex folders are listed to everybody\n" +
				"nginx.conf:2: warning ignore nothing on line 3 breaks the rule autoindex: take the exception out\n",
		},
		"no reason": {
			"autoindex on; # lint:ignore autoindex ",
			"nginx.conf:1: warning autoindex folders are listed to everybody\n" +
				"nginx.conf:1: warning ignore lint:ignore autoindex gives no reason: say why it is right here\n",
		},
		"no rule":      {"a; # lint:ignore", "nginx.conf:1: warning ignore lint:ignore names no rule: write lint:ignore RULE REASON\n"},
		"unknown rule": {"a; # lint:ignore all of it", "nginx.conf:1: warning ignore lint:ignore names \"all\", which is no rule that can be ignored\n"},
		"itself": {
			"a; # lint:ignore ignore because", "nginx.conf:1: warning ignore lint:ignore names \"ignore\", which is no rule that can be ignored\n",
		},
		"syntax": {
			"} # lint:ignore syntax because",
			"nginx.conf:1: error syntax unexpected \"}\": a \";\" or a \"{\" is missing before it\n",
		},
		"not judged": {
			"# lint:ignore autoindex public files\nautoindex on; }",
			"nginx.conf:2: error syntax unexpected \"}\": a \";\" or a \"{\" is missing before it\n",
		},
		"another word":   {"a; # lint:ignored autoindex x", ""},
		"in a quote":     {"a '# lint:ignore autoindex x';", ""},
		"a missing file": {"include none; # lint:ignore include mounted at run time", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, text(Check(files("nginx.conf", tt.src), "nginx.conf", Options{}))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
