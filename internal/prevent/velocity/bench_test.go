package velocity

import (
	"bytes"
	"encoding/binary"
	"math"
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

func benchConfig() Config {
	return Config{Streams: []StreamConfig{{ID: "cold", Longest: 31 * dayD}, {ID: "hot", Longest: 31 * dayD}}}
}

// population is a million keys with five million items over thirty days in stream 0, and in stream 1 one key with 50,000
// items over the same time.
var population = sync.OnceValue(func() *Windows {
	w, err := New(benchConfig())
	if err != nil {
		panic(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range int64(benchEvents) {
		w.Add(0, benchKey(rnd.Uint64N(benchKeys)), Item{benchStart + i*(benchSpan/benchEvents), i, 5, rnd.Uint64()})
	}
	for i := range int64(hotEvents) {
		w.Add(1, benchKey(0), Item{benchStart + i*(benchSpan/hotEvents), i, 5, rnd.Uint64()})
	}
	return w
})

// benchmarkOps measures what a decision does with one key: three queries, then the item. Values are drawn from so many.
func benchmarkOps(b *testing.B, s Stream, keys uint64, gap int64, values uint64) {
	w := population()
	rnd := rand.New(rand.NewPCG(3, 4))
	at, seq := w.streams[s].mark, int64(benchEvents)
	runtime.GC()
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu(b)
	for i := 0; b.Loop(); i++ {
		k := benchKey(rnd.Uint64N(keys))
		at += gap
		seq++
		sink += w.Count(s, k, at, dayD).N + w.Distinct(s, k, at, 7*dayD).N + w.Sum(s, k, at, 30*dayD).N
		w.Mark()
		w.Add(s, k, Item{at, seq, 5, rnd.Uint64N(values)})
		if i%64 == 0 {
			w.Forget(w.Mark())
		}
	}
	w.Forget(w.Mark())
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op")
	st := w.Stats()[s]
	b.ReportMetric(float64(st.Bytes)/float64(st.Keys), "B/key")
}

var sink int64

// BenchmarkCold is the normal case: a random one of a million keys.
func BenchmarkCold(b *testing.B) {
	benchmarkOps(b, 0, benchKeys, benchSpan/benchEvents, math.MaxUint64)
}

// BenchmarkHot is a key with 50,000 items in the last thirty days, at the same pace: ever new values, and few values.
func BenchmarkHot(b *testing.B)    { benchmarkOps(b, 1, 1, benchSpan/hotEvents, math.MaxUint64) }
func BenchmarkHotFew(b *testing.B) { benchmarkOps(b, 1, 1, benchSpan/hotEvents, 20) }

// BenchmarkHotBurst is a thousand items a second on that key.
func BenchmarkHotBurst(b *testing.B) { benchmarkOps(b, 1, 1, 1000, math.MaxUint64) }

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

// BenchmarkSnapshot writes and BenchmarkRestore reads the state of the population.
func BenchmarkSnapshot(b *testing.B) {
	w := population()
	var out bytes.Buffer
	before := cpu(b)
	for b.Loop() {
		out.Reset()
		if err := w.Snapshot(&out, 1); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/1e6, "cpu-ms/op")
	b.ReportMetric(float64(out.Len())/1e6, "MB")
}

func BenchmarkRestore(b *testing.B) {
	var out bytes.Buffer
	if err := population().Snapshot(&out, 1); err != nil {
		b.Fatal(err)
	}
	before := cpu(b)
	for b.Loop() {
		if _, _, err := Restore(benchConfig(), bytes.NewReader(out.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/1e6, "cpu-ms/op")
}
