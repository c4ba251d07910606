package model

import (
	"context"
	"runtime"
	"sync"
)

// crew is a few OS threads on which XGBoost runs. The library keeps predictions of a booster per thread, by its address, and
// forgets them only on the thread that frees it: a booster that changed threads would leave them behind for the next one at
// that address. So place i of the work is always done by the same thread, and a booster stays where it was made. One thread
// for each makes results independent of the number of cores. The threads end with the crew.
type crew struct{ threads []chan func() }

// newCrew starts the threads.
func newCrew(x *xgboost, threads int) *crew {
	c := &crew{threads: make([]chan func(), threads)}
	for i := range c.threads {
		jobs := make(chan func(), outerFolds) // so that handing out work does not wait for one thread
		c.threads[i] = jobs
		go func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
			x.ompThreads(1)
			for job := range jobs {
				job()
			}
		}()
	}
	return c
}

// close ends the threads.
func (c *crew) close() {
	for _, jobs := range c.threads {
		close(jobs)
	}
}

// do runs fn(0) … fn(n−1), each i always on the same thread, and waits for all of them. It returns an error if one did, or
// if ctx ended before all began.
func (c *crew) do(ctx context.Context, n int, fn func(i int) error) error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		if errs[i] = ctx.Err(); errs[i] != nil {
			break
		}
		wg.Add(1)
		c.threads[i%len(c.threads)] <- func() {
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
