package velocity

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

const dayD = 24 * time.Hour

// cpu is the CPU time of the process, which a busy machine does not distort as it does wall time.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchKey(i uint64) (k Key) {
	binary.LittleEndian.PutUint64(k[:], mix(i+1))
	binary.LittleEndian.PutUint64(k[8:], mix(i+1<<40))
	return k
}

const (
	benchKeys   = 1_000_000
	benchEvents = 5_000_000
	benchStart  = int64(1_780_000_000e6)
	benchSpan   = 30 * 24 * 3600 * int64(1e6)
	hotEvents   = 50_000
)

// population is a million keys with five million items over thirty days, of which 50,000 are on one hot key.
var population = sync.OnceValue(func() *Windows {
	w, err := New(Config{Streams: []StreamConfig{{ID: "bench", Longest: 31 * dayD}}})
	if err != nil {
		panic(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range int64(benchEvents) {
		k := benchKey(rnd.Uint64N(benchKeys))
		if i%(benchEvents/hotEvents) == 0 {
			k = benchKey(benchKeys)
		}
		w.Add(0, k, Item{benchStart + i*(benchSpan/benchEvents), i, int64(rnd.Uint64N(1e6)), rnd.Uint64()})
	}
	return w
})

// benchmarkOps measures what a decision does with one key: three queries, then the item.
func benchmarkOps(b *testing.B, key func(*rand.Rand) Key, gap int64) {
	w := population()
	rnd := rand.New(rand.NewPCG(3, 4))
	at, seq := w.streams[0].mark, int64(benchEvents)
	runtime.GC()
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu(b)
	for i := 0; b.Loop(); i++ {
		k := key(rnd)
		at += gap
		seq++
		sink += w.Count(0, k, at, dayD).N + w.Distinct(0, k, at, 7*dayD).N + w.Sum(0, k, at, 30*dayD).N
		w.Mark()
		w.Add(0, k, Item{at, seq, 5, rnd.Uint64()})
		if i%64 == 0 {
			w.Forget(w.Mark())
		}
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op")
}

var sink int64

func BenchmarkCold(b *testing.B) {
	benchmarkOps(b, func(rnd *rand.Rand) Key { return benchKey(rnd.Uint64N(benchKeys)) }, benchSpan/benchEvents)
}

func BenchmarkHot(b *testing.B) {
	k := benchKey(benchKeys)
	benchmarkOps(b, func(*rand.Rand) Key { return k }, benchSpan/hotEvents)
}

// BenchmarkHotBurst is a thousand events a second on the hot key.
func BenchmarkHotBurst(b *testing.B) {
	k := benchKey(benchKeys)
	benchmarkOps(b, func(*rand.Rand) Key { return k }, 1000)
}

func BenchmarkRebuild(b *testing.B) {
	for b.Loop() {
		w, err := New(Config{Streams: []StreamConfig{{ID: "bench", Longest: 31 * dayD}}})
		if err != nil {
			b.Fatal(err)
		}
		rnd := rand.New(rand.NewPCG(1, 2))
		before := cpu(b)
		for i := range int64(benchEvents) {
			w.Add(0, benchKey(rnd.Uint64N(benchKeys)), Item{benchStart + i*(benchSpan/benchEvents), i, 5, rnd.Uint64()})
		}
		b.ReportMetric(float64(cpu(b)-before)/benchEvents, "cpu-ns/add")
		s := w.Stats()[0]
		b.ReportMetric(float64(s.Bytes)/float64(s.Keys), "B/key")
	}
}
