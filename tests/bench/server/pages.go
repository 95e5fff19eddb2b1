package server

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
)

// The pages that are served, and their sizes in bytes.
const (
	SmallPage = "small.html"
	LargePage = "large.html"
	smallSize = 1_400
	largeSize = 100_000
)

// Pages are the pages by name. They are the same on every machine.
func Pages() map[string][]byte {
	return map[string][]byte{SmallPage: page(smallSize), LargePage: page(largeSize)}
}

// words are as frequent in a page as in a text: the first most, the last least.
var words = strings.Fields(`the of and to in a is that for it was on are as with his they be at one have this from
	or had by hot word but what some we can out other were all there when up use your how said an each she which do
	their time if will way about many then them write would like so these her long make thing see him two has look
	more day could go come did number sound no most people my over know water than call first who may down side been
	now find any new work part take get place made live where after back little only round man year came show every
	good me give our under name very through just form sentence great think say help low line differ turn cause much
	mean before move right boy old too same tell does set three want air well also play small end put home read hand
	port large spell add even land here must big high such follow act why ask men change went light kind off need house
	picture try us again animal point mother world near build self earth father head stand own page should country`)

// page is a table in HTML of so many bytes, which compresses about as well as pages do.
func page(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // to be the same everywhere
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>A page</title></head>\n<body>\n<table class=\"list\">\n")
	for row := 1; b.Len() < size; row++ {
		fmt.Fprintf(&b, "<tr id=\"row-%d\"><td class=\"number\">%d</td><td><a href=\"/items/%x\">", row, row, r.Uint32())
		for range 6 + r.IntN(20) {
			b.WriteString(words[int(float64(len(words))*r.Float64()*r.Float64()*r.Float64())])
			b.WriteByte(' ')
		}
		b.WriteString("</a></td></tr>\n")
	}
	return []byte(b.String()[:size])
}

func writePages(dir string) error {
	if err := makeDir(dir); err != nil {
		return fmt.Errorf("writing the pages: %w", err)
	}
	for name, content := range Pages() {
		if err := writeFile(filepath.Join(dir, name), content); err != nil {
			return fmt.Errorf("writing the pages: %w", err)
		}
	}
	return nil
}
