package tests

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/fcgi"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The protocols of application servers. Each answer is made of what was asked.
func TestApplicationServers(t *testing.T) {
	t.Parallel()
	const params = `
		client_max_body_size 0; client_body_buffer_size 16k;
		%[1]s_param REQUEST_METHOD $request_method; %[1]s_param REQUEST_URI $request_uri; %[1]s_param SERVER_PROTOCOL $server_protocol;
		%[1]s_param CONTENT_LENGTH $content_length; %[1]s_param CONTENT_TYPE $content_type; %[1]s_param QUERY_STRING $args;
		%[1]s_pass unix:/run/app/app.sock;`
	for protocol, serve := range map[string]func(net.Listener){
		"fastcgi": func(listener net.Listener) {
			_ = fcgi.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // ends with the listener
				body, err := io.ReadAll(r.Body)
				w.Header().Set("X-App", fmt.Sprint(err))
				w.WriteHeader(http.StatusAccepted)
				_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.RequestURI(), body) // what is lost is missed by the client
			}))
		},
		"scgi": func(listener net.Listener) {
			serving(t, listener, func(conn net.Conn) error { return cgi(conn, scgiParams) })
		},
		"uwsgi": func(listener net.Listener) {
			serving(t, listener, func(conn net.Conn) error { return cgi(conn, uwsgiParams) })
		},
	} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			listener, app := socket(t)
			go serve(listener)
			s := start(t, app, config(map[string]string{
				"site.conf": "server { listen 8080; location / { " + fmt.Sprintf(params, protocol) + "} }",
			}))
			client := dialer(t, s.addr(t, "8080/tcp"), nil)
			for _, body := range []string{"", "hello", randomText(t, 1<<20)} {
				got := send(t, client, http.MethodPost, s.URL+"/a%20b?c", strings.NewReader(body))
				require.Equal(t, http.StatusAccepted, got.status)
				require.Equal(t, "<nil>", got.header.Get("X-App"))
				same(t, "POST /a%20b?c "+body, got.body, "the answer")
			}
		})
	}
}

// cgi answers one request, whose parameters and then body come from a connection.
func cgi(conn net.Conn, read func(*bufio.Reader) (map[string]string, error)) error {
	reader := bufio.NewReader(conn)
	params, err := read(reader)
	if err != nil {
		return err
	}
	size, err := strconv.Atoi(params["CONTENT_LENGTH"])
	if err != nil {
		return err
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(reader, body); err != nil {
		return err
	}
	_, err = fmt.Fprintf(conn, "Status: 202 Accepted\r\nX-App: <nil>\r\n\r\n%s %s %s", params["REQUEST_METHOD"], params["REQUEST_URI"], body)
	return err
}

// scgiParams reads a netstring of names and values that each end with a zero.
func scgiParams(r *bufio.Reader) (map[string]string, error) {
	digits, err := r.ReadString(':')
	if err != nil {
		return nil, err
	}
	size, err := strconv.Atoi(strings.TrimSuffix(digits, ":"))
	if err != nil {
		return nil, err
	}
	text := make([]byte, size+1) // and a comma
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, err
	}
	params, words := map[string]string{}, strings.Split(string(text[:size]), "\x00")
	for i := 0; i+1 < len(words); i += 2 {
		params[words[i]] = words[i+1]
	}
	return params, nil
}

// uwsgiParams reads names and values that each follow their size in two bytes.
func uwsgiParams(r *bufio.Reader) (map[string]string, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	block := make([]byte, binary.LittleEndian.Uint16(head[1:]))
	if _, err := io.ReadFull(r, block); err != nil {
		return nil, err
	}
	params, words := map[string]string{}, []string{}
	for len(block) >= 2 {
		size := 2 + int(binary.LittleEndian.Uint16(block))
		if size > len(block) {
			return nil, fmt.Errorf("a parameter of %d bytes in the last %d", size, len(block))
		}
		words, block = append(words, string(block[2:size])), block[size:]
	}
	for i := 0; i+1 < len(words); i += 2 {
		params[words[i]] = words[i+1]
	}
	return params, nil
}

// The official image brings these files, and configurations for PHP and Python rely on them.
func TestOfficialParameterFilesCanBeIncluded(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"fastcgi", "scgi", "uwsgi"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			code, _, stderr := run(t, command("nginx", "-t"), config(map[string]string{"site.conf": `
				server { listen 8080; location / { include ` + protocol + `_params; ` + protocol + `_pass 127.0.0.1:9000; } }`}))
			require.Equal(t, 0, code, stderr)
		})
	}
}
