//go:build unix

package intake_test

import (
	"syscall"
	"testing"

	"qingyuan/internal/intake"
)

// BenchmarkParse parses a usual application of seventeen fields. cpu-ns/op is the time of all threads, the garbage
// collector's included, and is the figure to compare on a busy machine.
func BenchmarkParse(b *testing.B) {
	raw := []byte(application)
	limits := intake.DefaultLimits()
	before := cpu(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := intake.Parse(raw, now, limits); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op")
}

func BenchmarkMask(b *testing.B) {
	p, err := intake.Parse([]byte(application), now, intake.DefaultLimits())
	if err != nil {
		b.Fatal(err)
	}
	s, _ := intake.SchemaOf(p.Event.Kind)
	for b.Loop() {
		intake.Mask(s, p.Event.Data)
	}
}

func BenchmarkCodec(b *testing.B) {
	p, err := intake.Parse([]byte(application), now, intake.DefaultLimits())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := intake.EncodeData(p.Event.Data); err != nil {
			b.Fatal(err)
		}
	}
}

// cpu is the CPU time of this process in nanoseconds.
func cpu(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
