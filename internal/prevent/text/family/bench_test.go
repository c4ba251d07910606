package family

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"
)

// synthetic makes texts of 40–120 characters out of phrases, a tenth of them variants of one of 200 templates.
func synthetic(rng *rand.Rand, n int) string {
	letters := []rune("我们贷款逾期还款协商客服电话利息征信银行平台催收投诉退款合同分期金额时间问题处理回复要求希望今天昨天已经没有可以不能怎么为什么请帮忙查询账单扣费记录")
	word := func(r *rand.Rand, k int) string {
		out := make([]rune, k)
		for i := range out {
			out[i] = letters[r.IntN(len(letters))]
		}
		return string(out)
	}
	if n%10 == 0 {
		t := rand.New(rand.NewPCG(uint64(n/10%200), 5))
		return word(t, 30) + word(rng, 4) + word(t, 40) + word(rng, 3)
	}
	return word(rng, 40+rng.IntN(80))
}

// BenchmarkSignature is the way from the text to its signature: views, shingles, MinHash.
func BenchmarkSignature(b *testing.B) {
	x, _ := mustIndex(b)
	rng := rand.New(rand.NewPCG(1, 2))
	texts := make([]string, 2000)
	var bytes int
	for i := range texts {
		texts[i] = synthetic(rng, i)
		bytes += len(texts[i])
	}
	b.SetBytes(int64(bytes / len(texts)))
	for i := 0; b.Loop(); i++ {
		Sign(x.shingles.set(texts[i%len(texts)]))
	}
}

// BenchmarkMinHash is the signature alone, from a set of shingles.
func BenchmarkMinHash(b *testing.B) {
	x, _ := mustIndex(b)
	rng := rand.New(rand.NewPCG(1, 2))
	sets := make([][]uint32, 2000)
	for i := range sets {
		sets[i] = x.shingles.set(synthetic(rng, i))
	}
	for i := 0; b.Loop(); i++ {
		Sign(sets[i%len(sets)])
	}
}

// TestMillion indexes a million texts and states memory and latency. It runs where QINGYUAN_MILLION is set.
func TestMillion(t *testing.T) {
	var want int
	if fmt.Sscan(os.Getenv("QINGYUAN_MILLION"), &want); want == 0 {
		t.Skip("set QINGYUAN_MILLION to the number of texts")
	}
	x, _ := mustIndex(t)
	rng := rand.New(rand.NewPCG(1, 2))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	times := make([]time.Duration, want)
	for i := range want {
		text := Text{ID: fmt.Sprintf("msg_%026d", i), Text: synthetic(rng, i), Subject: fmt.Sprint("s", i/2), City: fmt.Sprint("c", i%300)}
		start := time.Now()
		mustAdd(t, x, text)
		times[i] = time.Since(start)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	slices.Sort(times)
	t.Logf("%d texts: %.0f MB live; insert p50 %v p99 %v p99.9 %v max %v", want, float64(after.HeapAlloc-before.HeapAlloc)/1e6,
		times[want/2], times[want*99/100], times[want*999/1000], times[want-1])
	if p99 := times[want*99/100]; p99 > 2*time.Millisecond {
		t.Errorf("insert p99 is %v, want 2 ms", p99)
	}
	runtime.KeepAlive(x)
}
