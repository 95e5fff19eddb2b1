package check

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestCompareBytes(t *testing.T) {
	t.Parallel()
	large := bytes.Repeat([]byte("nginx"), 100_000)
	for name, test := range map[string]struct {
		content io.Reader
		want    []byte
		err     string
	}{
		"same":            {bytes.NewReader(large), large, ""},
		"byte by byte":    {iotest.OneByteReader(strings.NewReader("same")), []byte("same"), ""},
		"end with data":   {iotest.DataErrReader(strings.NewReader("same")), []byte("same"), ""},
		"empty":           {strings.NewReader(""), nil, ""},
		"the last byte":   {bytes.NewReader(large), append(bytes.Clone(large[:len(large)-1]), 'y'), "other bytes"},
		"less":            {bytes.NewReader(large[:len(large)-1]), large, "other bytes"},
		"more":            {bytes.NewReader(large), large[:len(large)-1], "other bytes"},
		"something":       {strings.NewReader("x"), nil, "other bytes"},
		"cannot be read":  {iotest.ErrReader(errors.New("it is broken")), []byte("x"), "it is broken"},
		"breaks half-way": {io.MultiReader(strings.NewReader("a"), iotest.ErrReader(errors.New("it is broken"))), []byte("ab"), "it is broken"},
	} {
		err := compareBytes(test.content, test.want)
		if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%s: error %v, want %q", name, err, test.err)
		}
	}
}
