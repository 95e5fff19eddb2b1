package interrupts

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

// TestTake is a process of its own, in which somebody else has asked for Ctrl-C before,
// as mage does.
func TestTake(t *testing.T) {
	t.Parallel()
	if os.Getenv("INTERRUPTS_TEST") == "" {
		cmd := exec.Command("/proc/self/exe", "-test.run", "^TestTake$")
		cmd.Env = append(os.Environ(), "INTERRUPTS_TEST=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	mages := make(chan os.Signal, 8)
	signal.Notify(mages, os.Interrupt)
	stop, kill := Take(t.Context())
	if stop.Err() != nil {
		t.Fatal("it stops by itself")
	}
	me(t, syscall.SIGPIPE)
	await(t, "the first signal", stop.Done())
	me(t, syscall.SIGPIPE)
	select {
	case <-kill:
		t.Error("a reader that has gone kills")
	case <-time.After(100 * time.Millisecond):
	}
	me(t, syscall.SIGINT)
	await(t, "the second Ctrl-C", kill)
	if len(mages) > 0 {
		t.Error("mage got Ctrl-C too")
	}
}

func TestTakeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	stop, kill := take(ctx, make(chan os.Signal))
	cancel()
	await(t, "the context", stop.Done())
	select {
	case <-kill:
		t.Error("killed")
	default:
	}
}

func me(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		t.Fatal(err)
	}
}

func await(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s came to nothing", what)
	}
}
