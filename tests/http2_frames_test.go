package tests

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// numbered are a hundred files of different sizes and contents.
func numbered() map[string]string {
	files := map[string]string{"large": kinds()["random"][:1<<20]}
	for i := range 100 {
		files[strconv.Itoa(i)] = kinds()["random"][i*100 : i*100+i*i*3]
	}
	return files
}

// tcpCork has Linux send what is written and the connection's end in one packet.
const tcpCork = 3

const framesConf = `
	server {
		%s
		http2 on;
		root /usr/share/nginx/html;
		keepalive_requests 100000;
		client_body_buffer_size 16k;
		client_max_body_size 10m;
		error_page 404 /50;
		location /now { return 200 "now $request_method"; }
		location /nothing { return 204; }
		location /long { add_header X-Long "%s"; return 200 "long"; }
		location /moved { return 301 http://site/; }
		location /limited/ { limit_rate 200k; alias /usr/share/nginx/html/; }
		location /app/ { proxy_pass http://unix:/run/app/app.sock; proxy_http_version 1.1; }
	}`

// frameStories are what a client may do with many streams of a connection.
var frameStories = map[string]func(t *testing.T, w *h2wire, files map[string]string){
	"a hundred in one packet": func(t *testing.T, w *h2wire, files map[string]string) {
		t.Helper()
		for range 3 {
			askAll(t, w, files, func(uint32, int) {})
		}
	},
	"a hundred in packets of their own": func(t *testing.T, w *h2wire, files map[string]string) {
		t.Helper()
		askAll(t, w, files, func(uint32, int) { w.send(t) })
	},
	"with pings between": func(t *testing.T, w *h2wire, files map[string]string) {
		t.Helper()
		askAll(t, w, files, func(_ uint32, i int) { require.NoError(t, w.WritePing(false, [8]byte{byte(i)})) })
		require.Equal(t, 100, w.pongs)
	},
	"with priorities that change": func(t *testing.T, w *h2wire, files map[string]string) {
		t.Helper()
		askAll(t, w, files, func(stream uint32, i int) {
			if stream > 1 {
				on := 1 + 2*rand.Uint32N(stream/2)
				require.NoError(t, w.WritePriority(stream, http2.PriorityParam{StreamDep: on, Exclusive: i%2 == 0, Weight: uint8(i)}))
			}
		})
	},
	"tiny windows": func(t *testing.T, w *h2wire, files map[string]string) {
		t.Helper()
		require.NoError(t, w.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 7}))
		w.grant = func(f *http2.DataFrame) {
			w.open(t, 0, f.Length+1)
			w.open(t, f.StreamID, f.Length+13)
		}
		askAll(t, w, files, func(uint32, int) {})
	},
	"frames that come in bits": func(t *testing.T, w *h2wire, files map[string]string) {
		t.Helper()
		streams := map[uint32]string{}
		for i := range 20 {
			streams[w.ask(t, http.MethodGet, fmt.Sprintf("/%d", i), false)] = strconv.Itoa(i)
		}
		for packet := w.packet.Bytes(); len(packet) > 0; {
			n := min(len(packet), 1+rand.IntN(40))
			_, err := w.Write(packet[:n])
			require.NoError(t, err)
			packet = packet[n:]
			time.Sleep(time.Millisecond)
		}
		w.packet.Reset()
		compare(t, w, streams, files)
	},
	"no window, and then all": func(t *testing.T, w *h2wire, files map[string]string) {
		t.Helper()
		require.NoError(t, w.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}))
		streams, replies := map[uint32]string{}, map[uint32]*reply{}
		for i := 50; i < 60; i++ {
			streams[w.ask(t, http.MethodGet, fmt.Sprintf("/%d", i), false)] = strconv.Itoa(i)
		}
		w.send(t)
		w.hear(t, replies, func() bool {
			headers := 0
			for stream := range streams {
				if r := replies[stream]; r != nil && r.status == "200" {
					headers++
				}
			}
			return headers == len(streams)
		})
		require.NoError(t, w.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 20}))
		w.send(t)
		w.hear(t, replies, func() bool {
			for stream := range streams {
				if !replies[stream].ended {
					return false
				}
			}
			return true
		})
		for stream, name := range streams {
			same(t, files[name], string(replies[stream].body), name)
		}
	},
	"half of them reset": func(t *testing.T, w *h2wire, files map[string]string) {
		t.Helper()
		for range 8 {
			streams := map[uint32]string{}
			for i := range 40 {
				stream := w.ask(t, http.MethodGet, fmt.Sprintf("/%d", 2*i), false)
				if i%2 == 0 {
					require.NoError(t, w.WriteRSTStream(stream, http2.ErrCodeCancel))
				} else {
					streams[stream] = strconv.Itoa(2 * i)
				}
			}
			compare(t, w, streams, files)
		}
	},
	"reset in the middle": func(t *testing.T, w *h2wire, files map[string]string) {
		t.Helper()
		w.grant = func(f *http2.DataFrame) {
			if f.Length > 0 {
				w.open(t, 0, f.Length)
				w.open(t, f.StreamID, f.Length)
			}
			if f.StreamID%4 == 1 && !f.StreamEnded() {
				require.NoError(t, w.WriteRSTStream(f.StreamID, http2.ErrCodeCancel))
			}
		}
		streams := map[uint32]string{}
		for i := range 40 {
			if i%2 == 0 {
				w.ask(t, http.MethodGet, "/large", false)
			} else {
				streams[w.ask(t, http.MethodGet, fmt.Sprintf("/%d", 60+i), false)] = strconv.Itoa(60 + i)
			}
		}
		compare(t, w, streams, files)
		w.settle(t)
	},
	"a client that will go": func(t *testing.T, w *h2wire, files map[string]string) {
		t.Helper()
		askAll(t, w, files, func(_ uint32, i int) {
			if i == 99 {
				require.NoError(t, w.WriteGoAway(0, http2.ErrCodeNo, nil))
			}
		})
	},
	"a client that is gone": func(t *testing.T, w *h2wire, _ map[string]string) {
		t.Helper()
		for i := range 100 {
			w.ask(t, http.MethodGet, []string{"/large", "/99", "/now"}[i%3], false)
		}
		w.send(t)
		require.NoError(t, w.Close())
	},
	"answers without a body": func(t *testing.T, w *h2wire, files map[string]string) {
		t.Helper()
		for range 5 {
			head, no := w.ask(t, http.MethodHead, "/99", false), w.ask(t, http.MethodGet, "/nothing", false)
			same304, moved := w.ask(t, http.MethodGet, "/99", false, "if-none-match", "*"), w.ask(t, http.MethodHead, "/moved", false)
			missing, long := w.ask(t, http.MethodGet, "/missing", false), w.ask(t, http.MethodGet, "/long", false)
			w.send(t)
			got := w.all(t, head, no, same304, moved, missing, long)
			for stream, status := range map[uint32]string{head: "200", no: "204", same304: "304", moved: "301", missing: "404", long: "200"} {
				require.Equal(t, status, got[stream].status)
			}
			for _, stream := range []uint32{head, no, same304, moved} {
				require.Zero(t, got[stream].chunks)
			}
			require.Equal(t, strconv.Itoa(len(files["99"])), got[head].header["content-length"])
			same(t, files["50"], string(got[missing].body), "the error page")
			require.Len(t, got[long].header["x-long"], 3000)
			require.Equal(t, "long", string(got[long].body))
		}
	},
	"answered before the body is there": func(t *testing.T, w *h2wire, _ map[string]string) {
		t.Helper()
		for range 10 {
			post, get := w.ask(t, http.MethodPost, "/now", true), w.ask(t, http.MethodGet, "/now", false)
			w.send(t)
			got := w.all(t, get)
			require.Equal(t, "now GET", string(got[get].body))
			if got[post] == nil || !got[post].ended {
				require.NoError(t, w.WriteData(post, true, make([]byte, 1000)))
				w.send(t)
				got = w.all(t, post)
			}
			require.Equal(t, "now POST", string(got[post].body))
		}
	},
	"some of them wait for their rate": func(t *testing.T, w *h2wire, files map[string]string) {
		t.Helper()
		askAll(t, w, files, func(uint32, int) {})
		slow := w.ask(t, http.MethodGet, "/limited/99", false)
		w.send(t)
		same(t, files["99"], string(w.all(t, slow)[slow].body), "99")
	},
	"a megabyte, with all the window it needs": func(t *testing.T, w *h2wire, files map[string]string) {
		t.Helper()
		require.NoError(t, w.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 4 << 20}))
		w.open(t, 0, 64<<20)
		w.settle(t)
		for range 5 {
			compare(t, w, map[uint32]string{w.ask(t, http.MethodGet, "/large", false): "large"}, files)
		}
	},
	"all of a megabyte": func(t *testing.T, w *h2wire, files map[string]string) {
		t.Helper()
		streams := map[uint32]string{}
		for range 3 { // frames of 1 KB, where they are so small, wait for one another in TCP
			streams[w.ask(t, http.MethodGet, "/large", false)] = "large"
		}
		compare(t, w, streams, files)
	},
	"an error after them": func(t *testing.T, w *h2wire, files map[string]string) {
		t.Helper()
		w.settle(t)
		first, second := w.ask(t, http.MethodGet, "/now", false), w.ask(t, http.MethodGet, "/20", false)
		require.NoError(t, w.WriteRawFrame(http2.FrameData, 0, 0, []byte("x"))) // data of no stream
		w.send(t)
		replies := map[uint32]*reply{}
		goAway := w.hear(t, replies, func() bool { return false })
		require.NotNil(t, goAway)
		require.Equal(t, http2.ErrCodeProtocol, goAway.ErrCode)
		for stream, want := range map[uint32]string{first: "now GET", second: files["20"]} {
			require.NotNil(t, replies[stream], "no answer to what was asked before the error")
			require.True(t, replies[stream].ended)
			same(t, want, string(replies[stream].body), "an answer")
		}
	},
	"a client that only listens on": func(t *testing.T, w *h2wire, files map[string]string) {
		t.Helper()
		w.settle(t)
		first, second := w.ask(t, http.MethodGet, "/now", false), w.ask(t, http.MethodGet, "/20", false)
		conn := w.Conn.(*net.TCPConn)
		raw, err := conn.SyscallConn()
		require.NoError(t, err)
		// Elsewhere than on Linux, the end comes in a packet of its own.
		require.NoError(t, raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpCork, 1) }))
		w.send(t)
		require.NoError(t, conn.CloseWrite())
		replies := map[uint32]*reply{}
		w.hear(t, replies, func() bool { return false })
		for stream, want := range map[uint32]string{first: "now GET", second: files["20"]} {
			require.NotNil(t, replies[stream], "no answer to what was asked before the end")
			same(t, want, string(replies[stream].body), "an answer")
		}
	},
}

// askAll asks for every numbered file, and for something between them.
func askAll(t *testing.T, w *h2wire, files map[string]string, between func(stream uint32, i int)) {
	t.Helper()
	streams := map[uint32]string{}
	for i := range 100 {
		stream := w.ask(t, http.MethodGet, fmt.Sprintf("/%d", i), false)
		streams[stream] = strconv.Itoa(i)
		between(stream, i)
	}
	compare(t, w, streams, files)
}

// compare sends what is written and requires that each stream gets its file.
func compare(t *testing.T, w *h2wire, streams map[uint32]string, files map[string]string) {
	t.Helper()
	w.send(t)
	var list []uint32
	for stream := range streams {
		list = append(list, stream)
	}
	got := w.all(t, list...)
	for stream, name := range streams {
		require.Nil(t, got[stream].reset)
		require.Equal(t, "200", got[stream].status)
		same(t, files[name], string(got[stream].body), name)
	}
}
