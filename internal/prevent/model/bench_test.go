package model

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// largeModel is a model of 300 trees of depth 6 over 24 columns, larger than training makes of the credit data, and a
// number of rows for it.
func largeModel(b *testing.B) (*Model, []map[string]any) {
	b.Helper()
	const columns = 24
	rng := rand.New(rand.NewPCG(6, 6))
	trees := make([]xgbTree, 300)
	for i := range trees {
		trees[i] = randomTree(rng, columns, 6)
	}
	f, err := readForest(modelOf(b, "24", trees...))
	if err != nil {
		b.Fatal(err)
	}
	e := &Encoder{}
	for k := range columns {
		e.Columns = append(e.Columns, ColumnEncoder{Name: fmt.Sprint("column ", k), Kind: Number, Method: AsNumber})
	}
	if err := e.prepare(); err != nil {
		b.Fatal(err)
	}
	m, err := newModel(e, f, Calibration{Slope: 1}, &Card{}, "")
	if err != nil {
		b.Fatal(err)
	}
	rows := make([]map[string]any, 1000)
	for i := range rows {
		rows[i] = map[string]any{}
		for k := range columns {
			if rng.Float64() < .95 {
				rows[i][e.Columns[k].Name] = rng.NormFloat64()
			}
		}
	}
	b.Logf("%d trees, %d nodes", len(f.roots), len(f.nodes))
	return m, rows
}

// latencies runs fn on row after row and reports the median and the 99th percentile of its wall time.
func latencies(b *testing.B, rows []map[string]any, fn func(row map[string]any) error) {
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		if err := fn(rows[i%len(rows)]); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/100])/1e3, "p1-µs")
	b.ReportMetric(float64(took[len(took)/2])/1e3, "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100])/1e3, "p99-µs")
}

func BenchmarkProbability(b *testing.B) {
	m, rows := largeModel(b)
	latencies(b, rows, func(row map[string]any) error {
		_, err := m.Probability(row)
		return err
	})
}

func BenchmarkScore(b *testing.B) {
	m, rows := largeModel(b)
	latencies(b, rows, func(row map[string]any) error {
		_, _, err := m.Score(row)
		return err
	})
}
