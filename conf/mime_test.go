package conf_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const mimeTypes = "nginx/mime.types"

// types returns the shipped map from extension to media type, and fails the test
// where an extension is mapped twice.
func types(t *testing.T) map[string]string {
	t.Helper()
	byExtension := map[string]string{}
	for _, d := range only(t, parseFile(t, mimeTypes), "types").Block {
		for _, ext := range d.Args {
			if first, twice := byExtension[ext]; twice {
				t.Errorf("%s is both %s and %s", ext, first, d.Name)
			}
			byExtension[ext] = d.Name
		}
	}
	return byExtension
}

func TestTypesAreSorted(t *testing.T) {
	t.Parallel()
	block := only(t, parseFile(t, mimeTypes), "types").Block
	name := regexp.MustCompile(`^(application|audio|font|image|message|model|text|video)/[a-z0-9][a-z0-9.+-]*$`)
	extension := regexp.MustCompile(`^[a-z0-9]+$`)
	last := ""
	for _, d := range block {
		if d.Name <= last {
			t.Errorf("%s follows %s: lines are sorted, one for each type", d.Name, last)
		}
		last = d.Name
		if !name.MatchString(d.Name) {
			t.Errorf("%s is not a media type", d.Name)
		}
		if len(d.Args) == 0 || !slices.IsSorted(d.Args) {
			t.Errorf("%s: extensions %q: want at least one, sorted", d.Name, d.Args)
		}
		for _, ext := range d.Args {
			if !extension.MatchString(ext) {
				t.Errorf("%s: %q is not an extension", d.Name, ext)
			}
		}
	}
}

// What sites rely on, with the name that is current.
func TestTypes(t *testing.T) {
	t.Parallel()
	got := types(t)
	want := map[string]string{
		"html": "text/html", "css": "text/css", "txt": "text/plain",
		"js": "text/javascript", "mjs": "text/javascript", "wasm": "application/wasm",
		"json": "application/json", "map": "application/json", "jsonld": "application/ld+json",
		"webmanifest": "application/manifest+json", "geojson": "application/geo+json",
		"xml": "application/xml", "xsl": "application/xslt+xml", "xhtml": "application/xhtml+xml",
		"rss": "application/rss+xml", "atom": "application/atom+xml", "gpx": "application/gpx+xml",
		"yaml": "application/yaml", "toml": "application/toml", "wgsl": "text/wgsl",
		"md": "text/markdown", "csv": "text/csv", "ics": "text/calendar", "vcf": "text/vcard", "vtt": "text/vtt",
		"svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "ico": "image/vnd.microsoft.icon",
		"avif": "image/avif", "webp": "image/webp", "jxl": "image/jxl", "bmp": "image/bmp",
		"woff": "font/woff", "woff2": "font/woff2", "ttf": "font/ttf", "otf": "font/otf",
		"mp3": "audio/mpeg", "m4a": "audio/mp4", "opus": "audio/ogg", "flac": "audio/flac", "wav": "audio/wav",
		"mp4": "video/mp4", "m4v": "video/mp4", "webm": "video/webm", "mkv": "video/matroska", "3gpp": "video/3gpp",
		"m3u8": "application/vnd.apple.mpegurl", "ts": "video/mp2t", "mpd": "application/dash+xml", "m4s": "video/iso.segment",
		"glb": "model/gltf-binary", "gltf": "model/gltf+json", "usdz": "model/vnd.usdz+zip",
		"zip": "application/zip", "7z": "application/x-7z-compressed", "gz": "application/gzip",
		"zst": "application/zstd", "tar": "application/x-tar", "rar": "application/vnd.rar",
		"pdf": "application/pdf", "epub": "application/epub+zip", "sqlite3": "application/vnd.sqlite3",
		"odt": "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet",
		"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
		"pem":  "application/x-x509-ca-cert", "bin": "application/octet-stream",
	}
	for _, ext := range slices.Sorted(maps.Keys(want)) {
		if got[ext] != want[ext] {
			t.Errorf("%s is %q, want %q", ext, got[ext], want[ext])
		}
	}
}

// A site that moves here from the official image loses none of its types.
func TestTypesOfTheOfficialImage(t *testing.T) {
	t.Parallel()
	got := types(t)
	official := strings.FieldsSeq(`3gp 3gpp 7z ai asf asx atom avi avif bin bmp cco crt css deb
		der dll dmg doc docx ear eot eps exe flv gif hqx htc htm html ico img iso jad jar jardiff
		jng jnlp jpeg jpg js json kar kml kmz m3u8 m4a m4v mid midi mml mng mov mp3 mp4 mpeg mpg
		msi msm msp odg odp ods odt ogg pdb pdf pem pl pm png ppt pptx prc ps ra rar rpm rss rtf
		run sea shtml sit svg svgz swf tcl tif tiff tk ts txt war wasm wbmp webm webp wml wmlc
		wmv woff woff2 xhtml xls xlsx xml xpi xspf zip`)
	for ext := range official {
		if got[ext] == "" {
			t.Errorf("%s has no type", ext)
		}
	}
}
