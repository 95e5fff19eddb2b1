package main

import (
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/tests/bench/load"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args            string
		works           int
		images          string
		rounds, seconds int
		peers           string
	}{
		{"", len(load.Works()), "nginx-scratch:static", 7, 3, "all"},
		{"-quick", len(load.Works()), "nginx-scratch:static", 3, 1, "base"},
		{"-quick -peers all", len(load.Works()), "nginx-scratch:static", 3, 1, "all"},
		{"-works=tls100k,small -images=a,b:c -rounds 2 -seconds 5", 2, "a b:c", 2, 5, "all"},
	} {
		o, err := parse(strings.Fields(tc.args))
		if err != nil || len(o.works) != tc.works || strings.Join(o.images, " ") != tc.images || o.rounds != tc.rounds || o.seconds != tc.seconds || o.peers != tc.peers {
			t.Errorf("%s: got %+v, %v", tc.args, o, err)
		}
	}
	for args, want := range map[string]string{
		"-works nothing": "it must be some of small,", "-rounds 0": "1 to 1000", "-seconds 0": "1 to 600", "-peers some": "all, base or none",
		"more": "no flag", "-table": "needs -out", "-works small,,h2": "it must be some of",
	} {
		if _, err := parse(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", args, err, want)
		}
	}
}

func TestShortName(t *testing.T) {
	t.Parallel()
	for image, want := range map[string]string{
		"nginx-scratch:static": "static", "registry.example.com/a/b:c": "registry.example.com-a-b-c", "a@sha256:01": "a-sha256-01", "nginx": "nginx",
	} {
		if got := shortName(image); got != want {
			t.Errorf("%s: got %s, want %s", image, got, want)
		}
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	peers := []contestant{{name: "debian", peer: true}}
	all, err := join(peers, []string{"nginx-scratch:static", "nginx-scratch:candidate"})
	if err != nil || len(all) != 3 || all[0].name != "debian" || all[2].name != "candidate" || all[2].peer {
		t.Errorf("got %v, %v", all, err)
	}
	if _, err := join(peers, []string{"a", "a"}); err == nil || !strings.Contains(err.Error(), "in the race already") {
		t.Errorf("got %v", err)
	}
	if _, err := join(nil, nil); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("got %v", err)
	}
}
