package size

import (
	"slices"
	"strings"
	"testing"
)

func pad(s string, n int) string { return s + strings.Repeat(" ", n-len(s)) }

func header(name, size string) string { return pad(name, 48) + pad(size, 10) + "`\n" }

func TestMembers(t *testing.T) {
	t.Parallel()
	index := header("/", "18") + "\x00\x00\x00\x02" + "\x00\x00\x00\x56\x00\x00\x00\x56" + "ab\x00cd\x00"
	for name, test := range map[string]struct {
		data string
		want []string // "name data names"
		err  string
	}{
		"empty library":  {data: arMagic},
		"one":            {data: arMagic + index + header("a.o/", "3") + "xyz\n", want: []string{"a.o xyz ab,cd"}},
		"long name":      {data: arMagic + header("//", "16") + "x/a-long-name.o\n" + header("/0", "1") + "z", want: []string{"a-long-name.o z "}},
		"no library":     {data: "\x7fELF", err: "no static library"},
		"short header":   {data: arMagic + "/", err: "truncated"},
		"size too large": {data: arMagic + header("/", "99") + "\x00\x00\x00\x00", err: "wrong size"},
		"size no number": {data: arMagic + header("/", "x") + "\x00\x00\x00\x00", err: "wrong size"},
		"no long name":   {data: arMagic + header("/7", "1") + "z", err: `wrong name "/7"`},
		"short index":    {data: arMagic + header("/", "2") + "\x00\x00", err: "truncated"},
		"absurd count":   {data: arMagic + header("/", "4") + "\xff\xff\xff\xff", err: "wrong count"},
		"names missing":  {data: arMagic + header("/", "14") + "\x00\x00\x00\x02" + "12345678" + "ab", err: "truncated"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, err := members([]byte(test.data))
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Fatalf("error %v, want %q", err, test.err)
			}
			var got []string
			for _, m := range all {
				got = append(got, m.name+" "+string(m.data)+" "+strings.Join(m.defines, ","))
			}
			if test.err == "" && !slices.Equal(got, test.want) {
				t.Errorf("members %q, want %q", got, test.want)
			}
		})
	}
}

func TestOptimized(t *testing.T) {
	t.Parallel()
	for section, want := range map[string]string{
		"local.12.0123456789abcdef": "local", "it.8.682.9a6f": "it.8", ".decls.9a6f": "", ".opts": "", "": "", "x": "", "x.y": "",
	} {
		if got := optimized(section); got != want {
			t.Errorf("%q has %q, want %q", section, got, want)
		}
	}
}

func FuzzMembers(f *testing.F) {
	f.Add([]byte(arMagic))
	f.Add([]byte(arMagic + header("//", "16") + "x/a-long-name.o\n" + header("/0", "1") + "z"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := members(data)
		if err == nil && len(all) > len(data)/arHeaderSize {
			t.Errorf("%d members out of %d bytes", len(all), len(data))
		}
	})
}

func FuzzObject(f *testing.F) {
	f.Add([]byte{})
	f.Add(small())
	f.Fuzz(func(t *testing.T, data []byte) {
		names, err := object(data)
		if err != nil && len(names) > 0 {
			t.Errorf("%d names and %v", len(names), err)
		}
	})
}
