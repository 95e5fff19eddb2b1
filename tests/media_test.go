package tests

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// box is one part of an MP4 file: its size, its name, what is in it.
func box(name string, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	return append(binary.BigEndian.AppendUint32(nil, uint32(8+len(content))), append([]byte(name), content...)...)
}

// numbers are 32 bits each, as nearly everything in MP4.
func numbers(list ...uint32) []byte {
	var out []byte
	for _, n := range list {
		out = binary.BigEndian.AppendUint32(out, n)
	}
	return out
}

// movie is an MP4 file of ten seconds. Second n is a sample of four bytes, all n.
func movie() []byte {
	first := box("ftyp", []byte("isom"), numbers(0x200), []byte("isom"))
	index := func(data uint32) []byte {
		var sizes, offsets []uint32
		for n := range uint32(10) {
			sizes, offsets = append(sizes, 4), append(offsets, data+4*n)
		}
		table := box("stbl",
			box("stsd", numbers(0, 1), box("mp4v", make([]byte, 8))),
			box("stts", numbers(0, 1, 10, 1000)), // ten samples of a thousand units
			box("stsc", numbers(0, 1, 1, 1, 1)),  // each a chunk of its own
			box("stsz", numbers(append([]uint32{0, 0, 10}, sizes...)...)),
			box("stco", numbers(append([]uint32{0, 10}, offsets...)...)))
		return box("moov",
			box("mvhd", numbers(0, 0, 0, 1000, 10_000), make([]byte, 80)),
			box("trak",
				box("tkhd", numbers(0, 0, 0, 1, 0, 10_000), make([]byte, 60)),
				box("mdia", box("mdhd", numbers(0, 0, 0, 1000, 10_000, 0)), box("hdlr", make([]byte, 25)), box("minf", table))))
	}
	data := []byte("0000111122223333444455556666777788889999")
	start := len(first) + len(index(0)) + 8
	return bytes.Join([][]byte{first, index(uint32(start)), box("mdat", data)}, nil)
}

func TestMediaFromTheMiddle(t *testing.T) {
	t.Parallel()
	whole := string(movie())
	s := start(t, site(map[string]string{"a.mp4": whole, "a.flv": "FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x000123456789", "bad.mp4": "nonsense"}),
		config(map[string]string{"site.conf": `
			server {
				listen 8080;
				root /usr/share/nginx/html;
				location ~ \.mp4$ { mp4; mp4_buffer_size 64; }
				location ~ \.flv$ { flv; }
			}`}))
	client := dialer(t, s.addr(t, "8080/tcp"), nil)
	for query, want := range map[string]string{
		"?start=5":       "55556666777788889999",
		"?start=7.2":     "777788889999",
		"?start=2&end=4": "22223333",
		"?end=3":         "000011112222",
	} {
		t.Run("mp4 "+query, func(t *testing.T) {
			t.Parallel()
			got := fetch(t, client, http.MethodGet, s.URL+"/a.mp4"+query)
			require.Equal(t, http.StatusOK, got.status)
			require.Equal(t, "video/mp4", got.header.Get("Content-Type"))
			require.True(t, strings.HasSuffix(got.body, "mdat"+want), "the file ends with %q", got.body[len(got.body)-48:])
			// The index is made anew: its first chunk is where the data is now.
			_, index, found := strings.Cut(got.body, "stco")
			require.True(t, found)
			require.EqualValues(t, len(want)/4, binary.BigEndian.Uint32([]byte(index[4:8])))
			offset := binary.BigEndian.Uint32([]byte(index[8:12]))
			require.Equal(t, want[:4], got.body[offset:offset+4])
		})
	}
	for path, want := range map[string]string{"/a.mp4": whole, "/a.flv?start=18": "FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x0056789"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, fetch(t, client, http.MethodGet, s.URL+path).body)
		})
	}
	t.Run("nonsense", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, http.StatusInternalServerError, fetch(t, client, http.MethodGet, s.URL+"/bad.mp4?start=5").status)
		require.Equal(t, http.StatusOK, fetch(t, client, http.MethodGet, s.URL+"/a.mp4").status, "nginx goes on")
	})
}
