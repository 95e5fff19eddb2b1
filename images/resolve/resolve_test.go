package resolve

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
)

// base is a repository as Alpine's are: nginx needs a shell by a virtual name
// that has priorities, and libraries by what they provide.
const base = `
	nginx 1.28.0-r3 D:/bin/sh,so:libc.musl-x86_64.so.1,so:libssl.so.3,so:libz.so.1 p:cmd:nginx=1.28.0-r3
	nginx-doc 1.28.0-r3 i:docs,nginx=1.28.0-r3
	nginx-mod-lua 1.28.0-r3 D:nginx=1.28.0-r3,lua
	busybox 1.37.0-r19 D:so:libc.musl-x86_64.so.1 p:cmd:busybox=1.37.0-r19
	busybox-binsh 1.37.0-r19 D:busybox=1.37.0-r19 p:/bin/sh,cmd:sh=1.37.0-r19 k:100
	dash 0.5.12-r3 D:so:libc.musl-x86_64.so.1
	dash-binsh 0.5.12-r3 D:dash=0.5.12-r3 p:/bin/sh,cmd:sh=0.5.12-r3 k:60
	ssl_client 1.37.0-r19 D:so:libc.musl-x86_64.so.1,so:libssl.so.3 i:busybox=1.37.0-r19,libssl3
	libssl3 3.5.4-r0 D:so:libc.musl-x86_64.so.1,so:libcrypto.so.3 p:so:libssl.so.3=3
	libcrypto3 3.5.4-r0 D:so:libc.musl-x86_64.so.1 p:so:libcrypto.so.3=3
	musl 1.2.5-r10 p:so:libc.musl-x86_64.so.1=1
	zlib 1.3.1-r2 D:so:libc.musl-x86_64.so.1 p:so:libz.so.1=1.3.1
	zlib-ng 2.2.4-r0 D:so:libc.musl-x86_64.so.1 p:so:libz.so.1=1.3.1 R:community
	docs 0.2-r6
	lua5.1 5.1.5-r13 p:lua k:1
	lua5.4 5.4.7-r0 p:lua k:4
`

func TestResolve(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ world, repository, want string }{
		"nothing": {"", base, ""},
		"nginx": {
			"nginx", base,
			"busybox-1.37.0-r19 busybox-binsh-1.37.0-r19 libcrypto3-3.5.4-r0 libssl3-3.5.4-r0 musl-1.2.5-r10 nginx-1.28.0-r3 " +
				"ssl_client-1.37.0-r19 zlib-1.3.1-r2",
		},
		"another shell, by name": {
			"nginx dash-binsh !ssl_client", base,
			"dash-0.5.12-r3 dash-binsh-0.5.12-r3 libcrypto3-3.5.4-r0 libssl3-3.5.4-r0 musl-1.2.5-r10 nginx-1.28.0-r3 zlib-1.3.1-r2",
		},
		"another shell, because the first is excluded": {
			"/bin/sh !busybox", base, "dash-0.5.12-r3 dash-binsh-0.5.12-r3 musl-1.2.5-r10",
		},
		"docs come along":                               {"docs cmd:busybox", base, "busybox-1.37.0-r19 docs-0.2-r6 musl-1.2.5-r10"},
		"a file":                                        {"/bin/sh", base, "busybox-1.37.0-r19 busybox-binsh-1.37.0-r19 musl-1.2.5-r10"},
		"the highest priority of a virtual name":        {"lua", base, "lua5.4-5.4.7-r0"},
		"both by name":                                  {"lua5.1 lua5.4", base, "lua5.1-5.1.5-r13 lua5.4-5.4.7-r0"},
		"the earlier repository":                        {"so:libz.so.1", base, "musl-1.2.5-r10 zlib-1.3.1-r2"},
		"the later repository, by name":                 {"so:libz.so.1 zlib-ng", base, "musl-1.2.5-r10 zlib-ng-2.2.4-r0"},
		"the newest":                                    {"a", "a 1.9\na 1.10\na 1.10_rc1", "a-1.10"},
		"the newest that fits":                          {"a<1.10", "a 1.9\na 1.10\na 1.10_rc1", "a-1.10_rc1"},
		"the newest that begins so":                     {"a~1.9", "a 1.9\na 1.9.1\na 1.10", "a-1.9.1"},
		"the newest of two repositories":                {"a", "a 1 R:main\na 2 R:community", "a-2"},
		"the newest by the name that is wanted":         {"cmd:x", "a 9 p:cmd:x=1 k:5\nb 1 p:cmd:x=2", "b-1"},
		"priority where versions are equal":             {"cmd:x", "a 1 p:cmd:x=1 k:1\nb 1 p:cmd:x=1 k:2", "b-1"},
		"names where all is equal":                      {"cmd:x", "b 1 p:cmd:x=1\na 2 p:cmd:x=1", "a-2"},
		"an older one, as the new one misses something": {"a", "a 2 D:gone\na 1", "a-1"},
		"an older one, as the new one conflicts":        {"a b", "a 2 D:!b\na 1\nb 1", "a-1 b-1"},
		"an older one far behind": {
			"a b", `a 1 D:c
			b 1 D:d
			c 2 D:d<2
			c 1
			d 2
			d 1 D:!a`,
			"a-1 b-1 c-1 d-2",
		},
		"a virtual name that somebody else brings": {"app iwd", "app 1 D:wifi\niwd 1 p:wifi\nwpa 1 p:wifi", "app-1 iwd-1"},
		"a virtual name stands for every version":  {"app", "app 1 D:wifi>3\niwd 1 p:wifi k:1", "app-1 iwd-1"},
		"a conflict with itself means the others":  {"a", "a 1 p:mta D:!mta\nb 1 p:mta", "a-1"},
		"a package that provides itself":           {"a", "a 1 p:a=1,a,a=2 D:a", "a-1"},
		"a cycle":                                  {"a", "a 1 D:b\nb 1 D:c\nc 1 D:a", "a-1 b-1 c-1"},
		"a conflict with an old version":           {"a b", "a 1 D:!b<2\nb 1\nb 2", "a-1 b-2"},
		"the world excludes a version":             {"a !a=2", "a 1\na 2", "a-1"},
		"what comes along brings more along":       {"a", "a 1\nb 1 i:a D:c\nc 1\nd 1 i:c>0,a", "a-1 b-1 c-1 d-1"},
		"what comes along is optional":             {"a", "a 1\nb 1 i:a D:gone\nc 1 i:a D:!a\nd 1 i:a", "a-1 d-1"},
		"what comes along is not of this version":  {"a", "a 1\nb 1 i:a=2\nc 1 i:a<2", "a-1 c-1"},
		"what comes along unless something is there": {
			"a", "a 1\nb 1 i:a,!c\nc 1 i:a\nd 1 i:a,!e\nf 1 i:a D:e\ne 1 D:gone", "a-1 c-1 d-1",
		},
		"what came along keeps others away":    {"a", "a 1\nb 1 i:a,!c\nd 1 i:b D:c\nc 1", "a-1 b-1"},
		"nothing comes along for being absent": {"a", "a 1\nb 1 i:!c\nc 1", "a-1"},
		"an install_if that cannot be read":    {"a b", "a 1\nb 1 i:a,a<<1", "a-1 b-1"},
		"records nobody asks for":              {"a", "a 1\nb 1 D:<\n@ 1\nc x D:a=y", "a-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Resolve(strings.Fields(c.world), packages(t, c.repository))
			if err != nil {
				t.Fatal(err)
			}
			if names(got) != c.want {
				t.Errorf("got  %s\nwant %s", names(got), c.want)
			}
		})
	}
}

func TestChains(t *testing.T) {
	t.Parallel()
	got, err := Resolve([]string{"nginx>1", "docs", "cmd:sh"}, packages(t, base))
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, c := range got {
		text = append(text, c.Name+": "+strings.Join(c.Chain, " -> "))
	}
	want := []string{
		"busybox: cmd:sh -> busybox-binsh",
		"busybox-binsh: cmd:sh",
		"docs: docs",
		"libcrypto3: nginx>1 -> nginx -> libssl3",
		"libssl3: nginx>1 -> nginx",
		"musl: nginx>1 -> nginx",
		"nginx: nginx>1",
		"nginx-doc: docs",
		"ssl_client: cmd:sh -> busybox-binsh -> busybox",
		"zlib: nginx>1 -> nginx",
	}
	if !slices.Equal(text, want) {
		t.Errorf("got\n%s", strings.Join(text, "\n"))
	}
}

func TestResolveRefusesWorld(t *testing.T) {
	t.Parallel()
	_, err := Resolve([]string{"nginx", "lua@edge"}, packages(t, base))
	if err == nil || !strings.HasPrefix(err.Error(), `the packages wanted: dependency "lua@edge": @edge pins`) {
		t.Error(err)
	}
}

// The order of the world and that of the records within a repository mean
// nothing.
func TestOrder(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	world := []string{"nginx", "lua", "docs", "so:libz.so.1", "!dash"}
	records := packages(t, base)
	want, err := Resolve(world, records)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		random.Shuffle(len(world), func(i, j int) { world[i], world[j] = world[j], world[i] })
		random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		slices.SortStableFunc(records, func(a, b apk.Record) int { return strings.Compare(b.Repository, a.Repository) })
		got, err := Resolve(world, records)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
	}
}
