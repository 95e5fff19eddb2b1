package tests

import (
	"crypto/rand"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	dockernetwork "github.com/moby/moby/api/types/network"
	"github.com/stretchr/testify/require"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"
)

const realIP = `
	server {
		listen 8080;
		include snippets/real-ip.conf;
		return 200 "$realip_remote_addr $remote_addr";
	}`

// askedFrom is who nginx sees at the other end of the connection, and whom it believes to
// be the client.
func askedFrom(t *testing.T, s *server, forwarded ...string) (peer, client string) {
	t.Helper()
	var headers []string
	for _, line := range forwarded {
		headers = append(headers, "X-Forwarded-For", line)
	}
	got := fetch(t, dialer(t, s.addr(t, "8080/tcp"), nil), http.MethodGet, "http://site", headers...)
	peer, client, found := strings.Cut(got.body, " ")
	require.True(t, found, got.body)
	return peer, client
}

// Containers are in a private network as a rule: this test is the trusted proxy.
func TestSnippetRealIPFromTrustedAddresses(t *testing.T) {
	t.Parallel()
	s := start(t, config(map[string]string{"site.conf": realIP}))
	own, _ := askedFrom(t, s)
	if address, err := netip.ParseAddr(own); err != nil || !address.IsPrivate() {
		t.Skipf("the engine has its containers in a network that is not private: %s", own)
	}
	for name, tt := range map[string]struct {
		forwarded []string
		want      string
	}{
		"nobody forwarded":          {nil, own},
		"one client":                {[]string{"198.51.100.7"}, "198.51.100.7"},
		"IPv6":                      {[]string{"2001:db8::7"}, "2001:db8::7"},
		"a client that forges":      {[]string{"10.0.0.1, 203.0.113.9, 198.51.100.7"}, "198.51.100.7"},
		"through proxies":           {[]string{"198.51.100.7, 10.0.0.1,192.168.3.4,  172.31.255.255, 127.0.0.2"}, "198.51.100.7"},
		"through proxies of IPv6":   {[]string{"2001:db8::7, fd00::1, ::1"}, "2001:db8::7"},
		"through proxies of others": {[]string{"198.51.100.7, 172.32.0.1, 10.0.0.1"}, "172.32.0.1"},
		"two lines":                 {[]string{"203.0.113.9", "198.51.100.7, 10.0.0.1"}, "198.51.100.7"},
		"with a port":               {[]string{"198.51.100.7:4711"}, "198.51.100.7"},
		"all of them trusted":       {[]string{"10.0.0.5, 10.0.0.1"}, "10.0.0.5"},
		"no address":                {[]string{"unknown"}, own},
		"nothing":                   {[]string{""}, own},
		"no address on the right":   {[]string{"198.51.100.7, unknown"}, own},
		"no address behind a proxy": {[]string{"unknown, 10.0.0.1"}, "10.0.0.1"},
		"a tab at the end":          {[]string{"198.51.100.7, 10.0.0.1\t"}, "198.51.100.7"},
		"very many":                 {[]string{"198.51.100.7" + strings.Repeat(", 10.0.0.1", 500)}, "198.51.100.7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer, client := askedFrom(t, s, tt.forwarded...)
			require.Equal(t, own, peer)
			require.Equal(t, tt.want, client)
		})
	}
}

// A network of addresses that are not private: who comes from there is believed nothing.
func TestSnippetRealIPFromOtherAddresses(t *testing.T) {
	t.Parallel()
	var random [2]byte
	_, _ = rand.Read(random[:]) // it never fails
	// Reserved for benchmarks: nobody's, and one of many, as other tests may run.
	subnet := netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, random[0], random[1] &^ 7}), 29)
	n, err := network.New(t.Context(), network.WithIPAM(&dockernetwork.IPAM{Config: []dockernetwork.IPAMConfig{{Subnet: subnet}}}))
	testcontainers.CleanupNetwork(t, n)
	require.NoError(t, err)
	s := start(t, onNetwork(n.Name, "edge"), config(map[string]string{"site.conf": realIP}))
	own, _ := askedFrom(t, s)
	address, err := netip.ParseAddr(own)
	require.NoError(t, err)
	require.True(t, subnet.Contains(address), "the engine connects from %s", own)
	for _, forwarded := range []string{"198.51.100.7", "10.0.0.1", "127.0.0.1", own + ", 10.0.0.1", "::1"} {
		peer, client := askedFrom(t, s, forwarded)
		require.Equal(t, [2]string{own, own}, [2]string{peer, client}, forwarded)
	}
}
