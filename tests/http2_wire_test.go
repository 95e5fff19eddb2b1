package tests

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// An h2wire is a connection of HTTP/2 for what no client would send: frames wait in
// packet until they are sent all at once.
type h2wire struct {
	*wire
	*http2.Framer
	packet  bytes.Buffer
	fields  bytes.Buffer
	encoder *hpack.Encoder
	next    uint32
	// grant gives windows for data that has come; nil is as much as came.
	grant func(*http2.DataFrame)
	pongs int
}

// A reply is what one stream got.
type reply struct {
	status string
	header map[string]string
	body   []byte
	ended  bool
	reset  *http2.ErrCode
	chunks int // frames of data
}

// speak begins a connection without TLS.
func speak(t *testing.T, conn *wire, settings ...http2.Setting) *h2wire {
	t.Helper()
	w := &h2wire{wire: conn, next: 1}
	w.Framer = http2.NewFramer(&w.packet, conn)
	w.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	w.encoder = hpack.NewEncoder(&w.fields)
	w.packet.WriteString(http2.ClientPreface)
	require.NoError(t, w.WriteSettings(settings...))
	return w
}

// send sends what has been written.
func (w *h2wire) send(t *testing.T) {
	t.Helper()
	_, err := w.packet.WriteTo(w.Conn)
	require.NoError(t, err)
}

// ask writes a request and is its stream. With a body, data is still to follow.
func (w *h2wire) ask(t *testing.T, method, path string, body bool, headers ...string) uint32 {
	t.Helper()
	w.fields.Reset()
	all := append([]string{":method", method, ":scheme", "http", ":authority", "site", ":path", path}, headers...)
	for i := 0; i < len(all); i += 2 {
		require.NoError(t, w.encoder.WriteField(hpack.HeaderField{Name: all[i], Value: all[i+1]}))
	}
	stream := w.next
	w.next += 2
	require.NoError(t, w.WriteHeaders(http2.HeadersFrameParam{
		StreamID: stream, BlockFragment: w.fields.Bytes(), EndHeaders: true, EndStream: !body,
	}))
	return stream
}

// hear reads frames until enough says so, or the connection ends. It answers what has
// to be answered.
func (w *h2wire) hear(t *testing.T, replies map[uint32]*reply, enough func() bool) (goAway *http2.GoAwayFrame) {
	t.Helper()
	for !enough() {
		frame, err := w.ReadFrame()
		if err == io.EOF { //nolint:errorlint // what is cut off in a frame is another error
			return goAway
		}
		require.NoError(t, err)
		r := replies[frame.Header().StreamID]
		if r == nil {
			r = &reply{header: map[string]string{}}
			replies[frame.Header().StreamID] = r
		}
		switch f := frame.(type) {
		case *http2.MetaHeadersFrame:
			r.status = f.PseudoValue("status")
			for _, field := range f.RegularFields() {
				r.header[field.Name] = field.Value
			}
			r.ended = f.StreamEnded()
		case *http2.DataFrame:
			require.Falsef(t, r.ended, "data after the end of stream %d: %v, after %d bytes", f.StreamID, f.FrameHeader, len(r.body))
			require.NotEmpty(t, r.status, "data before the header")
			r.body = append(r.body, f.Data()...)
			r.chunks++
			r.ended = f.StreamEnded()
			switch {
			case w.grant != nil:
				w.grant(f)
			case f.Length > 0:
				w.open(t, 0, f.Length)
				w.open(t, f.StreamID, f.Length)
			}
		case *http2.RSTStreamFrame:
			code := f.ErrCode
			r.reset = &code
		case *http2.SettingsFrame:
			if !f.IsAck() {
				require.NoError(t, w.WriteSettingsAck())
			}
		case *http2.PingFrame:
			require.True(t, f.IsAck())
			w.pongs++
		case *http2.GoAwayFrame:
			goAway = &http2.GoAwayFrame{LastStreamID: f.LastStreamID, ErrCode: f.ErrCode}
		}
		if w.packet.Len() > 0 {
			_, _ = w.packet.WriteTo(w.Conn) // where nginx has gone, the next frame says so
		}
	}
	return goAway
}

// open gives a stream, or the connection as stream 0, this much window.
func (w *h2wire) open(t *testing.T, stream, size uint32) {
	t.Helper()
	require.NoError(t, w.WriteWindowUpdate(stream, size))
}

// all reads until each of these streams has ended, or was reset.
func (w *h2wire) all(t *testing.T, streams ...uint32) map[uint32]*reply {
	t.Helper()
	replies := map[uint32]*reply{}
	done := func() bool {
		for _, stream := range streams {
			if r := replies[stream]; r == nil || !r.ended && r.reset == nil {
				return false
			}
		}
		return true
	}
	w.hear(t, replies, done)
	require.True(t, done(), "the connection ended before its streams")
	return replies
}

// settle returns when nginx has answered everything but streams that wait.
func (w *h2wire) settle(t *testing.T) {
	t.Helper()
	require.NoError(t, w.WritePing(false, [8]byte{}))
	w.send(t)
	enough := w.pongs + 1
	w.hear(t, map[uint32]*reply{}, func() bool { return w.pongs == enough })
}
