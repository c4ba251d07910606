package model

import (
	"context"
	"runtime"
	"sync"
)

// crew is a few OS threads on which XGBoost runs: the library and OpenMP keep state per thread, and one thread for each
// booster makes results independent of the number of cores. Its threads end with it.
type crew struct{ jobs chan func() }

// newCrew starts the threads.
func newCrew(x *xgboost, threads int) *crew {
	c := &crew{jobs: make(chan func())}
	for range threads {
		go func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
			x.ompThreads(1)
			for job := range c.jobs {
				job()
			}
		}()
	}
	return c
}

// close ends the threads.
func (c *crew) close() { close(c.jobs) }

// do runs fn(0) … fn(n−1) and waits for all of them. It returns an error if one did, or if ctx ended before all began.
func (c *crew) do(ctx context.Context, n int, fn func(i int) error) error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		if errs[i] = ctx.Err(); errs[i] != nil {
			break
		}
		wg.Add(1)
		c.jobs <- func() {
			defer wg.Done()
			errs[i] = fn(i)
		}
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
