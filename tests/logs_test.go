package tests

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// accessLine is what people parse: the format of the official image.
var accessLine = regexp.MustCompile(`^(?P<addr>[0-9a-f.:]+) - (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<request>[^"]*)" ` +
	`(?P<status>\d{3}) (?P<bytes>\d+) "(?P<referer>[^"]*)" "(?P<agent>[^"]*)" "(?P<forwarded>[^"]*)"$`)

// parseAccess is one line's fields by the names in accessLine.
func parseAccess(t *testing.T, line string) map[string]string {
	t.Helper()
	values := accessLine.FindStringSubmatch(line)
	require.NotNil(t, values, "not in the documented format: %q", line)
	fields := map[string]string{}
	for i, name := range accessLine.SubexpNames()[1:] {
		fields[name] = values[i+1]
	}
	return fields
}

// logged waits until stdout has one line that contains text, and is that line.
func (s *server) logged(t *testing.T, text string) (line string) {
	t.Helper()
	eventually(t, text+" in the access log", func() bool {
		stdout, _ := s.logs(t)
		for l := range strings.Lines(stdout) {
			if strings.Contains(l, text) && strings.HasSuffix(l, "\n") {
				line = strings.TrimRight(l, "\r\n")
			}
		}
		return line != ""
	})
	return line
}

func TestAccessLogArrivesOnStdoutInTheDocumentedFormat(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, tt := range map[string]struct {
		target string
		header map[string]string
		want   map[string]string
	}{
		"all fields": {
			"/index.html?all=1",
			map[string]string{
				"Authorization": "Basic YWxpY2U6c2VjcmV0", // alice
				"Referer":       "https://example.org/a?b=c", "User-Agent": "contract/1.0 (test)",
				"X-Forwarded-For": "192.0.2.7, 192.0.2.8",
			},
			map[string]string{
				"user": "alice", "request": "GET /index.html?all=1 HTTP/1.1", "status": "200",
				"referer": "https://example.org/a?b=c", "agent": "contract/1.0 (test)", "forwarded": "192.0.2.7, 192.0.2.8",
			},
		},
		"no fields": {
			"/nothing?none=1",
			map[string]string{"User-Agent": ""},
			map[string]string{
				"user": "-", "request": "GET /nothing?none=1 HTTP/1.1", "status": "404",
				"referer": "-", "agent": "-", "forwarded": "-",
			},
		},
		"quotes cannot break out": {
			"/?escaped=1",
			map[string]string{"User-Agent": `a" 200 "b\`},
			map[string]string{"request": "GET /?escaped=1 HTTP/1.1", "status": "200", "agent": `a\x22 200 \x22b\x5C`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+tt.target, http.NoBody)
			require.NoError(t, err)
			for field, value := range tt.header {
				req.Header.Set(field, value)
			}
			before := time.Now().Truncate(time.Second)
			resp := do(t, req)
			line := parseAccess(t, s.logged(t, tt.target))
			for field, want := range tt.want {
				assert.Equal(t, want, line[field], field)
			}
			assert.Equal(t, strconv.Itoa(len(resp.Body)), line["bytes"])
			assert.NotEmpty(t, line["addr"])
			at, err := time.Parse("02/Jan/2006:15:04:05 -0700", line["time"])
			require.NoError(t, err)
			if engineIsLocal() { // the same clock
				assert.WithinRange(t, at, before.Add(-time.Second), time.Now().Add(time.Second))
			}
		})
	}
}

func TestErrorsArriveOnStderr(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.get(t, "/nothing")
	var stdout, stderr string
	eventually(t, "an error on stderr", func() bool {
		stdout, stderr = s.logs(t)
		return strings.HasSuffix(stderr, "\n")
	})
	assert.Regexp(t, `^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[error\] \d+#\d+: \*\d+ open\(\) "/usr/share/nginx/html/nothing" failed `+
		`\(2: No such file or directory\), client: [0-9a-f.:]+, server: localhost, request: "GET /nothing HTTP/1.1", host: "[^"]+"\n$`, stderr)
	assert.NotContains(t, stdout, "[error]")
}

func TestErrorsBeforeTheConfigurationIsReadArriveOnStderr(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		argv []string
		want string
	}{
		"a configuration that is not there": {[]string{"nginx", "-c", "/nowhere.conf"}, `open() "/nowhere.conf" failed (2: No such file or directory)`},
		"an option that is unknown":         {[]string{"nginx", "-x"}, `nginx: invalid option: "x"`},
		"a directive that is broken":        {[]string{"nginx", "-g", "daemon maybe;"}, `invalid value "maybe" in "daemon" directive`},
		"nobody to send a signal to":        {[]string{"nginx", "-s", "reload"}, `open() "/dev/shm/nginx.pid" failed (2: No such file or directory)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := run(t, command(tt.argv...))
			assert.Equal(t, 1, code)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, tt.want)
		})
	}
}

// A terminal is another kind of file, of another owner, than the usual pipes.
func TestLogsArriveOnATerminal(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]option{
		"as the image's user": {tty()},
		"as some other user":  {tty(), user("4242:4343")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, opts...)
			s.get(t, "/nothing?terminal=1")
			line := parseAccess(t, s.logged(t, `"GET /nothing?terminal=1 HTTP/1.1" 404`))
			assert.Equal(t, "404", line["status"])
			all, _ := s.logs(t)
			assert.Contains(t, all, `open() "/usr/share/nginx/html/nothing" failed`)
		})
	}
}

// USR1 is for rotation: there is nothing to rotate, and it must not harm.
func TestLogsCanBeOpenedAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, path := range []string{"/?first", "/?second", "/?third"} {
		s.signal(t, "USR1")
		assert.Equal(t, 200, s.get(t, path).Status)
		s.logged(t, path)
	}
	_, stderr := s.logs(t)
	assert.Empty(t, stderr)
}
