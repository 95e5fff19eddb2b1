package apk_test

import (
	"testing"

	"github.com/nginx-scratch/nginx-scratch/images/apk"
)

func TestParseChecksum(t *testing.T) {
	t.Parallel()
	const text = "Q1pcfTfDNEbNKQc2s1tia7da05M8Q="
	c, err := apk.ParseChecksum(text)
	if err != nil || c.String() != text || c[0] != 0xa5 || c[19] != 0xc4 {
		t.Errorf("parsed %v (% x), %v", c, c[:], err)
	}
	for name, tc := range map[string]struct{ text, want string }{
		"empty":               {"", "does not begin with Q1"},
		"no Q1":               {"pcfTfDNEbNKQc2s1tia7da05M8Q=", "does not begin with Q1"},
		"Q2":                  {"Q2e3b0c44298fc1c149afbf4c8996fb92427ae41e46=", "SHA-256"},
		"short":               {"Q1pcfTfDNEbNKQc2s1tia7da05M8==", "base64 of 20 bytes"},
		"empty hash":          {"Q1", "base64 of 20 bytes"},
		"long":                {"Q1pcfTfDNEbNKQc2s1tia7da05M8QAAA", "base64 of 20 bytes"},
		"not padded":          {"Q1pcfTfDNEbNKQc2s1tia7da05M8Q", "base64 of 20 bytes"},
		"bits after the end":  {"Q1pcfTfDNEbNKQc2s1tia7da05M8R=", "base64 of 20 bytes"},
		"line break inside":   {"Q1pcfTfDNEbNKQ\nc2s1tia7da05M8Q=", "base64 of 20 bytes"},
		"space after":         {"Q1pcfTfDNEbNKQc2s1tia7da05M8Q= ", "base64 of 20 bytes"},
		"alphabet of URLs":    {"Q1pcfTfDNEbNKQc2s1tia7da05M8_=", "base64 of 20 bytes"},
		"hexadecimal, no Q1":  {"a5c7d37c33446cd290736b35b626bb75ad3933c4", "does not begin with Q1"},
		"lower-case q, old":   {"q1pcfTfDNEbNKQc2s1tia7da05M8Q=", "does not begin with Q1"},
		"something before Q1": {" Q1pcfTfDNEbNKQc2s1tia7da05M8Q=", "does not begin with Q1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := apk.ParseChecksum(tc.text)
			refused(t, err, tc.want)
		})
	}
}
