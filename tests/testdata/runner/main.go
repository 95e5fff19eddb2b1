// Runner tries to run itself in every way that Linux has, and prints what came of it.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"unsafe"
)

const self = "/usr/sbin/nginx"

func main() {
	if len(os.Args) > 1 {
		fmt.Println("it runs")
		return
	}
	argv := []string{self, "again"}
	fmt.Println("execve:", syscall.Exec(self, argv, nil))

	path, err := syscall.BytePtrFromString(self)
	if err != nil {
		panic(err)
	}
	words, err := syscall.SlicePtrFromStrings(argv)
	if err != nil {
		panic(err)
	}
	where := uintptr(unsafe.Pointer(path))
	list := uintptr(unsafe.Pointer(&words[0]))
	const execveat = 322 // on amd64
	here := -100         // AT_FDCWD
	_, _, errno := syscall.RawSyscall6(execveat, uintptr(here), where, list, 0, 0, 0)
	fmt.Println("execveat:", errno)
	_, _, errno = syscall.RawSyscall6(syscall.SYS_EXECVE, where, list, 0, 1, 2, 3)
	fmt.Println("execve with numbers:", errno)

	err = exec.Command(self, "again").Run()
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	}
	fmt.Println("fork and execve:", err)
}
