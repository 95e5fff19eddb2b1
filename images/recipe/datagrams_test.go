package recipe_test

import (
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// sending is what datagrams.c does with a kernel's faults: each call, with what it said
// to the kernel, the result, and what arrived.
type sending struct{ fault, source, want string }

var sendings = map[string]sending{
	"the kernel cuts":                       {"is new", "", "cut 5252 = 5252: 1452 1452 1452 896"},
	"a source address":                      {"is new", "source", "cut from 5252 = 5252: 1452 1452 1452 896"},
	"one datagram is not cut":               {"has one only", "", "896 = 896: 896"},
	"one datagram with a source address":    {"has one only", "source", "from 896 = 896: 896"},
	"nginx wants none cut":                  {"does it itself", "", "5252 = 5252: 5252"},
	"nginx wants none cut, with an address": {"does it itself", "source", "from 5252 = 5252: 5252"},
	"before Linux 4.18":                     {"is old", "", "1452 1452 1452 896 = 5252: 1452 1452 1452 896"},
	"a device without checksums":            {"has no checksums", "", "cut 5252 1452 1452 1452 896 = 5252: 1452 1452 1452 896"},
	"such a device and a source address": {"has no checksums", "source",
		"cut from 5252 from 1452 from 1452 from 1452 from 896 = 5252: 1452 1452 1452 896"},
	"a full socket, and nothing is lost": {"is full", "", "cut 5252 = -2:"},
	"a full socket at the first":         {"is old, is full", "", "1452 = -2:"},
	"a full socket later, as a network":  {"has no checksums, is full at the second", "", "cut 5252 1452 1452 = 5252: 1452"},
}

func (s sending) got(t *testing.T, program string) string {
	t.Helper()
	command := []string{s.fault}
	if s.source != "" {
		command = append(command, s.source)
	}
	out, err := exec.Command(program, command...).CombinedOutput()
	if err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(string(out), "\n")
}

// Datagrams go in one call where the kernel can cut them, and arrive one by one everywhere.
func TestDatagrams(t *testing.T) {
	t.Parallel()
	program := datagrams(t, "", "")
	for name, s := range sendings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := s.got(t, program); got != s.want {
				t.Errorf("got  %s\nwant %s", got, s.want)
			}
		})
	}
}

// Some broken forms show that the table sees what is wrong.
func TestDatagramsBroken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, replacement string }{
		"one is cut too":              {"total > size && ", ""},
		"the kernel is not asked":     {"can = getsockopt", "can = 1 || getsockopt"},
		"a full socket is any error":  {"ngx_errno == NGX_EAGAIN", "0"},
		"the source is lost":          {"msg->msg_controllen -= CMSG_SPACE(sizeof(uint16_t));", "msg->msg_controllen = 0;"},
		"what was sent is sent again": {"sent ? (ssize_t) total : n", "n"},
		"all are the first":           {"(u_char *) iov->iov_base + n", "iov->iov_base"},
		"there always is a message":   {"cmsg && cmsg->", "cmsg->"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := datagrams(t, c.old, c.replacement)
			for _, s := range sendings {
				if s.got(t, program) != s.want {
					return
				}
			}
			t.Error("nothing is different")
		})
	}
}

// datagrams makes a program of testdata/datagrams.c and of what the plan adds to nginx,
// with one text of that replaced.
func datagrams(t *testing.T, old, replacement string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range component(t, plan(t, "amd64", toolchain), "nginx").Files {
		if base := path.Base(name); strings.HasPrefix(base, "datagrams.") {
			write(t, filepath.Join(dir, base), strings.Replace(text, old, replacement, 1))
			if old != "" && base == "datagrams.c" && !strings.Contains(text, old) {
				t.Fatalf("%s has no %q", base, old)
			}
		}
	}
	fromTestdata(t, dir, map[string]string{"main.c": "datagrams.c", "ngx_core.h": "datagrams.h"})
	for _, name := range []string{"ngx_config.h", "ngx_event.h"} {
		write(t, filepath.Join(dir, name), "")
	}
	gcc(t, dir, []string{"gcc", "-std=gnu11", "-O1", "-I.", "-Wall", "-Wextra", "-Werror", "-Wno-sign-compare", "-o", "datagrams", "main.c", "datagrams.c"})
	return filepath.Join(dir, "datagrams")
}
