// Probe is a static program that says what it finds where it runs.
//
//	probe facts              prints all of facts as a gob
//	probe try ACTION PATH... does ACTION to each path, prints PATH: error
//	probe dial ADDRESS...    connects to network:address, prints ADDRESS: error
//	probe hold LOCK          holds a lock that a second process holds too
//	probe leave LOCK         as hold, but ends at once and leaves the second
//	probe exit CODE          prints to both outputs and exits
//
// Called gcc or perl, it prints the file /answers/NAME/ARG that is named after
// itself and its first argument, or complains that there is none.
package main

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if name := filepath.Base(os.Args[0]); name == "gcc" || name == "perl" {
		answer(name, os.Args[1])
		return
	}
	action, args := os.Args[1], os.Args[2:]
	switch action {
	case "facts":
		_ = gob.NewEncoder(os.Stdout).Encode(find())
	case "try":
		for _, path := range args[1:] {
			fmt.Printf("%s: %v\n", path, actions[args[0]](path))
		}
	case "dial":
		for _, arg := range args {
			network, address, _ := strings.Cut(arg, ":")
			conn, err := net.DialTimeout(network, address, time.Second)
			if err == nil {
				_ = conn.Close()
			}
			fmt.Printf("%s: %v\n", arg, err)
		}
	case "hold", "leave":
		lock(args[0], action == "hold")
	case "sleep":
		signal.Ignore(syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
		fmt.Println("held")
		time.Sleep(time.Hour)
	case "exit":
		code, _ := strconv.Atoi(args[0])
		fmt.Println("to stdout")
		fmt.Fprintln(os.Stderr, "to stderr")
		os.Exit(code)
	}
}

func answer(name, arg string) {
	text, err := os.ReadFile(filepath.Join("/answers", name, arg))
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s knows nothing of %s\nand gives up\n", name, arg)
		os.Exit(1)
	}
	fmt.Println(string(text))
}

type facts struct {
	UID, GID, PID, Session, Umask int
	Groups                        []int
	Hostname, Dir                 string
	Args, Env                     []string
	Root                          []string          // names in /
	Files                         map[int]string    // open descriptors
	Input                         string            // the error of reading stdin
	Status                        map[string]string // of /proc/self/status
	Namespaces                    map[string]string // by their name in /proc/self/ns
	Processes                     []string
	Interfaces                    []string // of the network, with their flags
}

func find() facts {
	f := facts{
		UID: os.Getuid(), GID: os.Getgid(), PID: os.Getpid(), Args: os.Args, Env: os.Environ(),
		Files: map[int]string{}, Status: map[string]string{}, Namespaces: map[string]string{},
	}
	for fd := range 256 { // before anything is opened here
		if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0); errno == 0 {
			f.Files[fd], _ = os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
		}
	}
	f.Umask = syscall.Umask(0)
	session, _, _ := syscall.Syscall(syscall.SYS_GETSID, 0, 0, 0)
	f.Session = int(session)
	f.Groups, _ = os.Getgroups()
	f.Hostname, _ = os.Hostname()
	f.Dir, _ = os.Getwd()
	f.Root, _ = filepath.Glob("/*")
	f.Processes, _ = filepath.Glob("/proc/[0-9]*")
	_, err := os.Stdin.Read(make([]byte, 1))
	f.Input = fmt.Sprint(err)
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		f.Status[name] = strings.TrimSpace(value)
	}
	for _, name := range []string{"ipc", "mnt", "net", "pid", "uts"} {
		f.Namespaces[name], _ = os.Readlink("/proc/self/ns/" + name)
	}
	list, _ := net.Interfaces()
	for _, i := range list {
		f.Interfaces = append(f.Interfaces, i.Name+" "+i.Flags.String())
	}
	return f
}

var actions = map[string]func(string) error{
	"stat": func(path string) error { _, err := os.Lstat(path); return short(err) },
	"write": func(path string) error { // a file that is there, or a new one
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
		if err == nil {
			_, err = f.WriteString("written\n")
			err = errors.Join(err, f.Close())
		}
		return short(err)
	},
	"read":    func(path string) error { _, err := os.ReadFile(path); return short(err) },
	"chmod":   func(path string) error { return short(os.Chmod(path, 0o777)) },
	"device":  func(path string) error { return syscall.Mknod(path, syscall.S_IFBLK|0o600, 8<<8) },
	"remount": func(path string) error { return syscall.Mount("", path, "", syscall.MS_REMOUNT|syscall.MS_BIND, "") },
	"unmount": func(path string) error { return syscall.Unmount(path, syscall.MNT_DETACH) },
}

// short is the error without the path.
func short(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// lock starts a second process that leaves the session and holds the same
// lock, and waits until it does.
func lock(path string, stay bool) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
	}
	second := exec.Command(os.Args[0], "sleep")
	second.ExtraFiles = []*os.File{f}
	second.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, pipeErr := second.StdoutPipe()
	if err = errors.Join(err, pipeErr); err == nil {
		err = second.Start()
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	_, _ = io.ReadFull(out, make([]byte, len("held\n")))
	fmt.Println("held")
	if stay {
		time.Sleep(time.Hour)
	}
}
