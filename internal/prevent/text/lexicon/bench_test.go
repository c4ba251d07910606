package lexicon

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

// corpus is the texts of the evaluation data: transcripts, short messages, posts.
func corpus(b testing.TB) []string {
	var texts []string
	for _, name := range []string{"teleanti_dialogues.jsonl", "fbs_sms.jsonl", "mudou_sms.jsonl", "fraud_r1_zh.jsonl"} {
		rows, err := readRows(data(b, name))
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range rows {
			texts = append(texts, r.Text)
		}
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	return texts
}

// benchLexicon is a lexicon of n terms: the entities of the perturbed posts, and then sequences of 3 to 5 characters cut from the posts.
func benchLexicon(b testing.TB, n int) *Lexicon {
	l := &Lexicon{Name: "bench", Version: 1}
	seen := map[string]bool{}
	add := func(w string) {
		if utf8.RuneCountInString(w) > 1 && !seen[w] && len(l.Terms) < n && len(w) < MaxTerm {
			seen[w] = true
			l.Terms = append(l.Terms, Term{ID: fmt.Sprint("b", len(l.Terms)), Text: w, Sense: qingyuan.Text{ZH: w, EN: w}, Source: "bench"})
		}
	}
	rows, err := readRows(data(b, "cntp_perturbed.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	var posts []string
	for _, r := range rows {
		for _, e := range r.Entities {
			add(e)
		}
		if r.Perturb == "none" {
			posts = append(posts, r.Text)
		}
	}
	for r := rand.New(rand.NewPCG(3, 4)); len(l.Terms) < n; {
		runes := []rune(posts[r.IntN(len(posts))])
		at := r.IntN(len(runes))
		if w := string(runes[at:min(len(runes), at+3+r.IntN(3))]); strings.IndexFunc(w, func(r rune) bool { return normal.ClassOf(r) != normal.Han }) < 0 {
			add(w)
		}
	}
	return l
}

// cpu is the processor time of the process so far: the machine is shared, wall time is not a measure.
func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkScan(b *testing.B) {
	n, err := normal.New()
	if err != nil {
		b.Fatal(err)
	}
	texts := corpus(b)
	sample := texts[:2000]
	for _, terms := range []int{300, 5000, 30000} {
		b.Run(fmt.Sprint(terms), func(b *testing.B) {
			m, err := New(Config{Normalizer: n, Lexicons: []*Lexicon{benchLexicon(b, terms)}})
			if err != nil {
				b.Fatal(err)
			}
			size, hits := 0, 0
			for _, t := range sample {
				size += len(t)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			start, rounds := cpu(), 0
			for b.Loop() {
				rounds++
				hits = 0
				for _, t := range sample {
					r, err := m.Scan(b.Context(), t)
					if err != nil {
						b.Fatal(err)
					}
					hits += len(r.Hits)
				}
			}
			b.ReportMetric(float64(rounds*size)/1e6/(cpu()-start).Seconds(), "cpu-MB/s")
			b.ReportMetric(float64(hits), "hits")
			b.ReportMetric(float64(m.index[sounds].auto.States()), "states")
		})
	}
}
