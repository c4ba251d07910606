package model

import (
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// cpu is the processor time this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// threadTime is the processor time of this thread: what a row takes on a machine that does nothing else.
func threadTime(b *testing.B) time.Duration {
	var t syscall.Timespec
	const threadClock = 3 // CLOCK_THREAD_CPUTIME_ID
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, threadClock, uintptr(unsafe.Pointer(&t)), 0); errno != 0 {
		b.Fatal(errno)
	}
	return time.Duration(t.Nano())
}

// BenchmarkCredit trains on all 20,999 credit card clients and scores them one by one, as a decision does.
func BenchmarkCredit(b *testing.B) {
	library(b)
	table := credit(b, 20_999)
	used, began := cpu(b), time.Now()
	a, err := Train(b.Context(), Config{Table: table, Target: "y", ID: "ID", Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("trained in %.1f s, %.1f s of processor time; %d trees, %d nodes", time.Since(began).Seconds(), (cpu(b) - used).Seconds(),
		len(a.forest.roots), len(a.forest.nodes))
	rows := make([]map[string]any, 2000)
	for i := range rows {
		rows[i] = table.Row(10 * i)
	}
	for name, score := range map[string]func(row map[string]any) error{
		"probability": func(row map[string]any) error { _, err := a.Probability(row); return err },
		"score":       func(row map[string]any) error { _, _, err := a.Score(row); return err },
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			used := cpu(b)
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for i := 0; b.Loop(); i++ {
				began := threadTime(b)
				if err := score(rows[i%len(rows)]); err != nil {
					b.Fatal(err)
				}
				took = append(took, threadTime(b)-began)
			}
			b.ReportMetric(float64(cpu(b)-used)/1e3/float64(b.N), "cpu-µs/op")
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2])/1e3, "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100])/1e3, "p99-µs")
		})
	}
}
