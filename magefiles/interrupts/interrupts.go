// Package interrupts takes Ctrl-C over from mage, which gives a target five seconds
// after the first and none after the second: too little for a server that finishes its
// responses, and for one that has to be killed.
package interrupts

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// stopping are the signals after which nobody wants to watch any more: Ctrl-C, kill, a
// terminal that was closed, and a reader of the output that has gone.
var stopping = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE}

// Take ends stop at the first of them, or with ctx, and closes kill at the second
// Ctrl-C. It is for the rest of the process.
func Take(ctx context.Context) (stop context.Context, kill <-chan struct{}) {
	signal.Reset(os.Interrupt)
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, stopping...)
	return take(ctx, signals)
}

func take(ctx context.Context, signals <-chan os.Signal) (stop context.Context, kill <-chan struct{}) {
	stop, cancel := context.WithCancel(ctx)
	killed := make(chan struct{})
	go func() {
		<-signals
		cancel()
		for s := range signals {
			// Each further line to a reader that has gone is one more of these.
			if s != syscall.SIGPIPE {
				close(killed)
				return
			}
		}
	}()
	return stop, killed
}
