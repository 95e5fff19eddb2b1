package conf_test

import (
	"crypto/sha256"
	"encoding/base64"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestPages(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"index.html", "404.html", "50x.html"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := read(t, name)
			if len(page) >= 3000 {
				t.Errorf("%d bytes, want less than 3000", len(page))
			}
			for _, want := range []string{
				"<!DOCTYPE html>\n<html lang=\"en\">", `<meta charset="utf-8">`, `<meta name="viewport"`,
				"<title>", "<main>", "<h1>", `<link rel="icon" href="data:,">`, "prefers-color-scheme: dark",
			} {
				if !strings.Contains(page, want) {
					t.Errorf("%s is missing", want)
				}
			}
			// A page loads nothing, and one hash of its style is all that a
			// content security policy needs to know.
			if strings.Count(page, "<style>") != 1 {
				t.Error("want exactly one <style>")
			}
			forbidden := regexp.MustCompile(`(?i)//|url\(|@import|<script|<img|<iframe|\s(style|src|srcset|on[a-z]+)\s*=`)
			if found := forbidden.FindString(page); found != "" {
				t.Errorf("%q does not belong into the page", found)
			}
			if name != "index.html" && strings.Contains(strings.ToLower(page), "nginx") {
				t.Error("an error page names the server")
			}
		})
	}
}

// The pages allow themselves nothing but their own style and an empty icon.
func TestPagePolicy(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"index.html", "404.html", "50x.html"} {
		page := read(t, name)
		_, rest, _ := strings.Cut(page, "<style>")
		style, _, _ := strings.Cut(rest, "</style>")
		sum := sha256.Sum256([]byte(style))
		policy := `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; base-uri 'none'; ` +
			`form-action 'none'; img-src data:; style-src 'sha256-` + base64.StdEncoding.EncodeToString(sum[:]) + `'">`
		if at := strings.Index(page, policy); at < 0 || at > strings.Index(page, "<style>") {
			t.Errorf("%s does not have, before its style, %s", name, policy)
		}
	}
}

// WCAG 2.2 asks for 4.5:1 between a text and what it stands on.
func TestContrast(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"index.html", "404.html", "50x.html"} {
		for i, scheme := range []string{"light", "dark"} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				t.Parallel()
				roots := regexp.MustCompile(`:root \{([^}]*)\}`).FindAllStringSubmatch(read(t, name), -1)
				if len(roots) != 2 {
					t.Fatalf("%d sets of colours, want light and dark", len(roots))
				}
				colours := map[string]float64{}
				for _, m := range regexp.MustCompile(`--(\w+): #([0-9a-f]+);`).FindAllStringSubmatch(roots[i][1], -1) {
					colours[m[1]] = luminance(t, m[2])
				}
				for _, pair := range [][2]string{{"ink", "card"}, {"ink", "bg"}, {"soft", "card"}, {"mark", "card"}} {
					text, under := colours[pair[0]], colours[pair[1]]
					ratio := (max(text, under) + 0.05) / (min(text, under) + 0.05)
					if ratio < 4.5 {
						t.Errorf("%s on %s is %.1f:1, want 4.5:1", pair[0], pair[1], ratio)
					}
				}
			})
		}
	}
}

func read(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("nginx", "html", page))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// luminance is WCAG's relative luminance, 0 to 1, of a colour in three or six
// hexadecimal digits.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	n, err := strconv.ParseUint(hex, 16, 24)
	if err != nil || len(hex) != 6 {
		t.Fatalf("#%s is not a colour", hex)
	}
	linear := func(channel uint64) float64 {
		c := float64(channel&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(n>>16) + 0.7152*linear(n>>8) + 0.0722*linear(n)
}
