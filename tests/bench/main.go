// Command bench races nginx-scratch against nginx as Debian packages it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/nginx-scratch/nginx-scratch/tests/bench/server"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == server.ExecWord {
		fmt.Fprintln(os.Stderr, "bench:", server.Exec(os.Args[2:]))
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := bench(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
