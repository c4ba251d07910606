package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"qingyuan"
	"qingyuan/internal/prevent/text/family"
	"qingyuan/internal/prevent/text/normal"
)

// newIndex is an empty index of families with the shipped rules.
func newIndex() (*family.Index, error) {
	n, err := normal.New()
	if err != nil {
		return nil, err
	}
	rules, err := family.DefaultRules()
	if err != nil {
		return nil, err
	}
	return family.New(family.Config{Views: n, Rules: rules, Key: 7})
}

// signatures measures how many messages a second of processor time are turned into signatures, from the raw text and from their shingles.
func signatures(ctx context.Context, c config, texts *corpus, r *Report) error {
	x, err := newIndex()
	if err != nil {
		return err
	}
	size := 0
	sets := make([][]uint32, len(texts.messages))
	for i, m := range texts.messages {
		size += len(m)
		sets[i] = x.Shingles(m)
	}
	r.Messages = len(sets)
	r.MessageBytes = float64(size) / float64(max(1, len(sets)))
	perSecond := func(f func()) (float64, error) {
		mbs, err := speed(ctx, c, size, func() error { f(); return nil })
		return mbs * 1e6 / r.MessageBytes, err
	}
	if r.Signatures, err = perSecond(func() {
		for _, m := range texts.messages {
			family.Sign(x.Shingles(m))
		}
	}); err != nil {
		return err
	}
	r.MinHashes, err = perSecond(func() {
		for _, s := range sets {
			family.Sign(s)
		}
	})
	return err
}

// families fills an index and states its memory and how long one insertion takes, by the clock.
func families(ctx context.Context, c config, _ *corpus, r *Report) error {
	x, err := newIndex()
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	took := make([]time.Duration, c.texts)
	for i := range took {
		if err := ctx.Err(); err != nil {
			return err
		}
		t := family.Text{ID: fmt.Sprintf("msg_%026d", i), Author: qingyuan.AuthorCustomer, Text: synthetic(rng, i), Subject: fmt.Sprint("s", i/2), City: fmt.Sprint("c", i%300)}
		start := time.Now()
		if _, err := x.Add(t); err != nil {
			return err
		}
		took[i] = time.Since(start)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	slices.Sort(took)
	r.Families, r.FamilyMB = c.texts, float64(after.HeapAlloc-before.HeapAlloc)/1e6
	at := func(share float64) float64 {
		return float64(took[min(len(took)-1, int(share*float64(len(took))))].Nanoseconds()) / 1e3
	}
	r.InsertP50, r.InsertP99, r.InsertMax = at(.5), at(.99), at(1)
	runtime.KeepAlive(x)
	return nil
}

// synthetic is a text of 40 to 120 characters, one in ten a variant of one of 200 templates.
func synthetic(rng *rand.Rand, n int) string {
	letters := []rune("我们贷款逾期还款协商客服电话利息征信银行平台催收投诉退款合同分期金额时间问题处理回复要求希望今天昨天已经没有可以不能怎么为什么请帮忙查询账单扣费记录")
	words := func(r *rand.Rand, k int) string {
		out := make([]rune, k)
		for i := range out {
			out[i] = letters[r.IntN(len(letters))]
		}
		return string(out)
	}
	if n%10 == 0 {
		t := rand.New(rand.NewPCG(uint64(n/10%200), 5))
		return words(t, 30) + words(rng, 4) + words(t, 40) + words(rng, 3)
	}
	return words(rng, 40+rng.IntN(80))
}
