package main

import (
	"context"
	"strconv"

	"qingyuan"
	"qingyuan/internal/prevent/text/lexicon"
	"qingyuan/internal/prevent/text/normal"
)

// scans measures the whole path of a scan: with the shipped lexicons, and with many terms more.
func scans(ctx context.Context, c config, texts *corpus, r *Report) error {
	n, err := normal.New()
	if err != nil {
		return err
	}
	lexicons, err := lexicon.Shipped()
	if err != nil {
		return err
	}
	for _, l := range lexicons {
		r.ScanTerms += len(l.Terms)
	}
	for _, s := range []struct {
		into *scanned
		more int
	}{{&r.Scan, 0}, {&r.Scan5k, 5_000}, {&r.Scan30k, 30_000}} {
		terms, err := texts.terms(s.more)
		if err != nil {
			return err
		}
		more := &lexicon.Lexicon{Name: "bench", Version: 1}
		for i, t := range terms {
			more.Terms = append(more.Terms, lexicon.Term{ID: "b" + strconv.Itoa(i), Text: t, Sense: qingyuan.Text{ZH: t, EN: t}, Source: "bench"})
		}
		if *s.into, err = scan(ctx, c, texts, lexicon.Config{Normalizer: n, Lexicons: append(lexicons[:len(lexicons):len(lexicons)], more)}); err != nil {
			return err
		}
	}
	return nil
}

func scan(ctx context.Context, c config, texts *corpus, config lexicon.Config) (s scanned, err error) {
	m, err := lexicon.New(config)
	if err != nil {
		return s, err
	}
	s.Speed, err = speed(ctx, c, texts.size, func() error {
		s.Hits = 0
		for _, t := range texts.texts {
			result, err := m.Scan(ctx, t)
			if err != nil {
				return err
			}
			s.Hits += len(result.Hits)
		}
		return nil
	})
	return s, err
}
