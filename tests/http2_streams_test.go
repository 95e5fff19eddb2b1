package tests

import (
	"fmt"
	"strings"
	"testing"
)

func TestHTTP2Streams(t *testing.T) {
	t.Parallel()
	files := numbered()
	long := strings.Repeat("h", 3000)
	_, upstream := piecewise(t)
	listens := []string{
		"listen 8080;", "listen 8081 sndbuf=1k;", "listen 8082; sendfile off; output_buffers 1 1k; http2_chunk_size 1k;",
		"listen 8083; sendfile_max_chunk 64k;",
	}
	var conf strings.Builder
	for _, listen := range listens {
		fmt.Fprintf(&conf, framesConf, listen, long)
	}
	s := start(t, upstream, ports("8080/tcp", "8081/tcp", "8082/tcp", "8083/tcp"), site(files), config(map[string]string{"site.conf": spoken(t, conf.String())}))
	s.staysWell(t)
	for i, listen := range listens {
		for name, story := range frameStories {
			t.Run(name+", "+listen, func(t *testing.T) {
				t.Parallel()
				story(t, speak(t, dial(t, s.inside(t, fmt.Sprintf("%d/tcp", 8080+i)))), files)
			})
		}
	}
}
