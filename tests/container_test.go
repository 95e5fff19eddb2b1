package tests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/stretchr/testify/require"
	tcexec "github.com/testcontainers/testcontainers-go/exec"
)

// addr is where a published port such as "8443/udp" is reached, as host:port.
func (s *server) addr(t *testing.T, port string) string {
	t.Helper()
	host, err := s.Host(t.Context())
	require.NoError(t, err)
	mapped, err := s.MappedPort(t.Context(), port)
	require.NoError(t, err)
	return net.JoinHostPort(host, mapped.Port())
}

// await returns when nginx listens on a published TCP port. The engine's proxy
// accepts before nginx does and then hangs up, on a busy machine only after a while.
// Nothing is sent, so that nothing gets into the access log: where the kernel can be
// asked, it is; elsewhere a connection that stays open is nginx's.
func (s *server) await(t *testing.T, port string) {
	t.Helper()
	eventually(t, "nginx on port "+port, func() bool {
		state := s.state(t)
		require.Truef(t, state.Running, "nginx ended with %d before it listened on %s", state.ExitCode, port)
		if listens, known := listening(state.Pid, port); known && !listens {
			return false
		}
		// A container that just ended has no ports: that is for the next round to say.
		addr, err := s.PortEndpoint(t.Context(), port, "")
		return err == nil && staysOpen(t.Context(), addr)
	})
}

// listening reports whether a TCP port such as "8080/tcp" is open on all addresses of
// a process's network.
func listening(pid int, port string) (listens, known bool) {
	number, err := strconv.ParseUint(strings.TrimSuffix(port, "/tcp"), 10, 16)
	if err != nil || !engineIsLocal() {
		return false, false
	}
	table, err := os.ReadFile(path.Join("/proc", strconv.Itoa(pid), "net", "tcp"))
	// In hexadecimal: the address of this side, that of the other, and the state LISTEN.
	return strings.Contains(string(table), fmt.Sprintf(" 00000000:%04X 00000000:0000 0A ", number)), err == nil
}

func staysOpen(ctx context.Context, addr string) bool {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		return false
	}
	_, err = conn.Read(make([]byte, 1))
	return err == nil || errors.Is(err, os.ErrDeadlineExceeded)
}

// eventually waits for what has no event to wait for. Unlike testify's, it asks on
// the test's own goroutine, so that asking may fail the test.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(10 * time.Millisecond) {
		require.Truef(t, time.Now().Before(deadline), "%v is not there after %v", what, patience)
	}
}

// state is the container's present state.
func (s *server) state(t *testing.T) *container.State {
	t.Helper()
	got, err := s.engine.ContainerInspect(t.Context(), s.GetContainerID(), client.ContainerInspectOptions{})
	require.NoError(t, err)
	return got.Container.State
}

// logs is all that nginx wrote so far. With a terminal all of it is in stdout.
func (s *server) logs(t *testing.T) (stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	stream, err := s.engine.ContainerLogs(ctx, s.GetContainerID(), client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true})
	require.NoError(t, err)
	var out, errs bytes.Buffer
	if s.tty {
		_, err = io.Copy(&out, stream)
	} else {
		_, err = stdcopy.StdCopy(&out, &errs, stream)
	}
	require.NoError(t, errors.Join(err, stream.Close()))
	return out.String(), errs.String()
}

// signal sends one, such as "HUP", to nginx's master process.
func (s *server) signal(t *testing.T, name string) {
	t.Helper()
	_, err := s.engine.ContainerKill(t.Context(), s.GetContainerID(), client.ContainerKillOptions{Signal: name})
	require.NoError(t, err)
}

// exit waits until nginx has ended by itself and is its exit code.
func (s *server) exit(t *testing.T) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	wait := s.engine.ContainerWait(ctx, s.GetContainerID(), client.ContainerWaitOptions{})
	select {
	case end := <-wait.Result:
		require.Nil(t, end.Error)
		return int(end.StatusCode)
	case err := <-wait.Error:
		require.NoError(t, err)
	}
	return -1
}

// exec runs argv in the container; output is stdout and then stderr.
func (s *server) exec(t *testing.T, argv ...string) (code int, output string) {
	t.Helper()
	code, stream, err := s.Exec(t.Context(), argv, tcexec.Multiplexed())
	require.NoError(t, err)
	text, err := io.ReadAll(stream)
	require.NoError(t, err)
	return code, string(text)
}

// run starts a container that ends by itself, and is what it said.
func run(t *testing.T, opts ...option) (code int, stdout, stderr string) {
	t.Helper()
	s := start(t, append(opts, noWait())...)
	code = s.exit(t)
	stdout, stderr = s.logs(t)
	return code, stdout, stderr
}

// A page is one whole response.
type page struct {
	Status int
	Header http.Header
	Body   string
}

// get asks for path on port 8080.
func (s *server) get(t *testing.T, path string) page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, http.NoBody)
	require.NoError(t, err)
	return do(t, req)
}

// do sends a request on a connection of its own. The body is as it was sent: Go
// would ask for gzip, and undo it, by itself.
func do(t *testing.T, req *http.Request) page {
	t.Helper()
	req.Close = true
	if req.Header.Get("Accept-Encoding") == "" {
		req.Header.Set("Accept-Encoding", "identity")
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, errors.Join(err, resp.Body.Close()))
	return page{resp.StatusCode, resp.Header, string(body)}
}
