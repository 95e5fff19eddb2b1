package apk_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
)

const sum = "Q1pcfTfDNEbNKQc2s1tia7da05M8Q="

// record is the text of a record that has what there must be, and more lines.
func record(name string, more ...string) string {
	lines := append([]string{"C:" + sum, "P:" + name, "V:1.0-r0", "A:x86_64", "S:1"}, more...)
	return strings.Join(lines, "\n") + "\n\n"
}

func TestParseRecords(t *testing.T) {
	t.Parallel()
	text := "\n" + record("nginx", "I:1183347", "T:HTTP\tserver", "L:", "t:1747894670", "k:100", "z:new",
		"D:/bin/sh so:libz.so.1", "p:cmd:nginx=1.28.0-r3", "i:a  b=1", "r:c", "q:7") +
		"\n" + record("gone", "X:y") + strings.ReplaceAll(record("data", "t:0"), "x86_64", "noarch") + "\n"
	text = strings.TrimRight(text, "\n") // the last may end without an empty line
	records, uninstallable, err := apk.ParseRecords(text, "x86_64", small)
	if err != nil || len(records) != 2 {
		t.Fatalf("parsed %+v, %v", records, err)
	}
	n := records[0]
	if n.Name != "nginx" || n.Checksum.String() != sum || n.Installed != 1183347 || n.Summary != "HTTP\tserver" ||
		n.Built.Unix() != 1747894670 || n.Priority != 100 || n.ReplacesPriority != 7 {
		t.Errorf("nginx is %+v", n)
	}
	lists := [][]string{n.Depends, n.Provides, n.InstallIf, n.Replaces}
	if want := [][]string{{"/bin/sh", "so:libz.so.1"}, {"cmd:nginx=1.28.0-r3"}, {"a", "b=1"}, {"c"}}; !reflect.DeepEqual(lists, want) {
		t.Errorf("lists %q, want %q", lists, want)
	}
	if d := records[1]; d.Name != "data" || d.Arch != "noarch" || !d.Built.IsZero() || d.Depends != nil {
		t.Errorf("data is %+v", d)
	}
	if want := []string{"gone-1.0-r0: only a newer apk knows what its field X means"}; !slices.Equal(uninstallable, want) {
		t.Errorf("uninstallable %q", uninstallable)
	}
}

func TestParseRecordsRefuses(t *testing.T) {
	t.Parallel()
	nginx := record("nginx")
	without := func(letter string) string {
		at := strings.Index(nginx, letter+":")
		end := at + strings.Index(nginx[at:], "\n") + 1
		return nginx[:at] + nginx[end:]
	}
	with := func(field, value string) string {
		at := strings.Index(nginx, field+":")
		end := at + strings.Index(nginx[at:], "\n")
		return nginx[:at+2] + value + nginx[end:]
	}
	type refusal struct{ text, want string }
	table := map[string]refusal{
		"no colon":              {record("nginx", "Tx"), `APKINDEX:6: package nginx: "Tx" is not a letter`},
		"one letter":            {record("nginx", "T"), "APKINDEX:6: package nginx"},
		"digit":                 {record("nginx", "1:x"), "is not a letter"},
		"space before":          {record("nginx", " T:x"), "is not a letter"},
		"letter beyond ASCII":   {record("nginx", "ä:x"), "is not a letter"},
		"field twice":           {record("nginx", "T:a", "T:b"), "APKINDEX:7: package nginx: field T is there twice"},
		"unknown field twice":   {record("nginx", "z:a", "z:b"), "field z is there twice"},
		"package twice":         {nginx + nginx, "APKINDEX:12: package nginx: version 1.0-r0 is there twice"},
		"uninstallable twice":   {record("nginx", "X:") + nginx, "is there twice"},
		"not UTF-8":             {record("nginx", "T:\xff"), "APKINDEX:6: package nginx: it is not UTF-8"},
		"NUL":                   {record("nginx", "T:a\x00b"), "control character"},
		"escape":                {record("nginx", "T:a\x1b[31mb"), "control character"},
		"carriage return":       {record("nginx", "T:a\r"), "control character"},
		"overlong line":         {record("nginx", "D:"+strings.Repeat("a ", 3000)), "more than the 4096 bytes"},
		"other architecture":    {with("A", "aarch64"), "APKINDEX:6: package nginx: it is for aarch64: this index must be for x86_64"},
		"architecture, a path":  {with("A", "../x86_64"), "cannot be an architecture"},
		"checksum of version 3": {with("C", "Q2x"), "APKINDEX:1: field C: checksum \"Q2x\" is SHA-256"},
		"size 0":                {with("S", "0"), "cannot have 0 bytes"},
		"installed, negative":   {record("nginx", "I:-1"), `field I: "-1" is no number`},
		"priority, enormous":    {record("nginx", "k:2147483648"), "field k: the number 2147483648 is more"},
		"time, far away":        {record("nginx", "t:253402300800"), "field t: the number"},
		"too many":              {strings.Join(hundredAndOne(), ""), "more than the 100 packages"},
	}
	for _, letter := range []string{"C", "P", "V", "A", "S"} {
		table["without "+letter] = refusal{without(letter), "field " + letter + " is missing"}
	}
	for _, size := range []string{"", "-1", "+1", "1.5", "0x10", "1_0", " 1", "1 ", "1099511627777", "99999999999999999999999"} {
		table["size "+size] = refusal{with("S", size), "APKINDEX:5: package nginx: field S: "}
	}
	for _, name := range []string{"", ".", "..", ".hidden", "-x", "a/b", "../../etc/passwd", "a b", `a\b`, "a%2fb", "ä", strings.Repeat("a", 129)} {
		table["name "+name] = refusal{with("P", name), "APKINDEX:2: field P: "}
	}
	for _, version := range []string{"", "x", "-1", ".1", "1/../2", "1 2", "1:2", "1" + strings.Repeat("0", 127)} {
		table["version "+version] = refusal{with("V", version), "APKINDEX:3: package nginx: field V: "}
	}
	for name, tc := range table {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := apk.ParseRecords(tc.text, "x86_64", small)
			refused(t, err, tc.want)
		})
	}
}

func hundredAndOne() []string {
	var all []string
	for n := range 101 {
		all = append(all, record(fmt.Sprintf("p%d", n)))
	}
	return all
}
