package resolve

import (
	"errors"
	"strings"
	"testing"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ world, repository, want string }{
		"nothing wanted is there": {
			"nginxx cmd:nginx=1", "nginx 2 p:cmd:nginx=2",
			`cmd:nginx=1 (wanted): only cmd:nginx=2 of nginx-2 is there
			 nginxx (wanted): no package of the repositories provides it`,
		},
		"a library is missing": {
			"nginx", "nginx 1.28.0-r3 D:so:libpcre2-8.so.0",
			`nginx-1.28.0-r3 (wanted) needs so:libpcre2-8.so.0: no package of the repositories provides it`,
		},
		"an old version is there": {
			"build-base",
			`build-base 0.5-r3 D:g++
			 g++ 14.2.0-r6 D:gcc=14.2.0-r6
			 gcc 14.2.0-r5`,
			`build-base-0.5-r3 (wanted) -> g++-14.2.0-r6 needs gcc=14.2.0-r6: only gcc-14.2.0-r5 is there`,
		},
		"all that is missing": {
			"a z",
			`a 1 D:b,c,gone
			 b 1 D:gone-too
			 c 1 D:a>1
			 z 1 D:b,lost`,
			`a-1 (wanted) -> b-1 needs gone-too: no package of the repositories provides it
			 a-1 (wanted) -> c-1 needs a>1: only a-1 is there
			 a-1 (wanted) needs gone: no package of the repositories provides it
			 z-1 (wanted) needs lost: no package of the repositories provides it`,
		},
		"missing whichever way": {
			"cmd:sh",
			`dash 1 p:cmd:sh=1 D:gone
			 bash 1 p:cmd:sh=2 D:lost`,
			`cmd:sh (wanted) -> bash-1 needs lost: no package of the repositories provides it
			 cmd:sh (wanted) -> dash-1 needs gone: no package of the repositories provides it`,
		},
		"both want another version": {
			"a b",
			`a 1 D:c
			 c 1 D:lib=1
			 b 1 D:lib>1
			 lib 1
			 lib 2`,
			`b-1 (wanted) needs lib>1: lib-2 does not fit lib=1 of a-1 (wanted) -> c-1`,
		},
		"only one version, and two opinions": {
			"a b",
			`a 1 D:lib
			 b 1 D:!lib
			 lib 1`,
			`a-1 (wanted) needs lib: lib-1 is excluded by !lib of b-1 (wanted)`,
		},
		"excluded by people": {
			"a !lib", "a 1 D:b\nb 1 D:lib\nlib 1",
			`a-1 (wanted) -> b-1 needs lib: lib-1 is excluded by !lib (wanted)`,
		},
		"two provide one name": {
			"a b", "a 1 p:mta=1\nb 1 p:mta=1",
			`b (wanted): b-1 provides mta, as does a-1 (wanted)`,
		},
		"only people can choose": {
			"app", "app 1 D:wifi\niwd 1 p:wifi\nwpa 1 p:wifi",
			`app-1 (wanted) needs wifi, a virtual name that is never chosen for: add the package you want, one of iwd, wpa`,
		},
		"even where there is one": {
			"wifi", "iwd 1 p:wifi",
			`wifi (wanted), a virtual name that is never chosen for: add the package you want, one of iwd`,
		},
		"a record that cannot be read": {
			"app", "app 1 D:lib\nlib 1.2 D:a<<1",
			`app-1 (wanted) needs lib: lib-1.2 cannot be used: depends: dependency "a<<1": "<<" is no operator; those are = < <= > >= ~`,
		},
		"a provided name that cannot be read": {
			"app", "app 1 p:x>1",
			`app (wanted): app-1 cannot be used: provides: provided name "x>1": a provided name is NAME or NAME=VERSION`,
		},
		"a package that is needed has a foe": {
			"a b",
			`a 1 D:v
			 p 1 p:v,x=1 k:2
			 q 1 p:v,x=2 k:1
			 b 1 D:!x`,
			`a-1 (wanted) needs v: p-1 is excluded by !x of b-1 (wanted), q-1 is excluded by !x of b-1 (wanted)`,
		},
		"a foe of what is needed": {
			"a b",
			`a 1 D:v
			 p 1 p:v D:!b k:2
			 b 1`,
			`a-1 (wanted) needs v: !b of p-1 excludes b-1 (wanted)`,
		},
		"crowded out": {
			"a b",
			`a 1 D:v
			 p 1 p:v,x=1 k:2
			 q 1 p:v,x=2 k:1
			 b 1 D:c
			 c 1 D:z
			 x 3 p:z=1`,
			`b-1 (wanted) -> c-1 needs z: x-3 provides x, as does all that fits v of a-1 (wanted)`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Resolve(strings.Fields(c.world), packages(t, c.repository))
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Fatalf("got %v", err)
			}
			if want := strings.ReplaceAll(c.want, "\n\t\t\t ", "\n"); err.Error() != want {
				t.Errorf("got\n%v\nwant\n%s", err, want)
			}
		})
	}
}
