package load

import (
	"context"
	"sync"
	"time"
)

// own runs one function after the other in each of so many goroutines, until the time is
// over, and measures each call. The first error ends it.
func own(ctx context.Context, last time.Duration, parallel int, one func(ctx context.Context, worker int) error) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	times := make([][]time.Duration, parallel)
	began := time.Now()
	var wg sync.WaitGroup
	for i := range parallel {
		wg.Go(func() {
			for ctx.Err() == nil {
				at := time.Now()
				if at.Sub(began) >= last {
					return
				}
				if err := one(ctx, i); err != nil {
					cancel(err)
					return
				}
				times[i] = append(times[i], time.Since(at))
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(began)
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	var all []time.Duration
	for _, some := range times {
		all = append(all, some...)
	}
	r := Result{Requests: int64(len(all)), Elapsed: elapsed}
	r.P50, r.P99, r.P999 = Percentiles(all)
	return r, nil
}
