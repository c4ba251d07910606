package lexicon

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"qingyuan"
)

// detector names the origin of the signals.
const detector = "text.lexicon"

// versionOf identifies lexicons and scoring: the newest date and a digest of every name and version.
func versionOf(lexicons []*Lexicon, scoring *Scoring) string {
	date := scoring.Date
	sum := sha256.New()
	fmt.Fprintf(sum, "%+v\n", *scoring)
	for _, l := range lexicons {
		fmt.Fprintf(sum, "%+v\n", *l)
		date = max(date, l.Date)
	}
	return date + "." + hex.EncodeToString(sum.Sum(nil)[:4])
}

// Version identifies the lexicons and the scoring the matcher was built from.
func (m *Matcher) Version() string { return m.version }

// Signals are the C2 signals of the hits, one for each typology with at least one hit that accuses: neither weak nor in a context that takes
// the accusation away. The weak hits of such a typology are counted in the detail, not in the spans. A lexicon hit is a fact of low weight, never a verdict
// (domain brief A-3, fairness rule 1).
func (r *Result) Signals(author qingyuan.AuthorKind) []qingyuan.Signal {
	var signals []qingyuan.Signal
	for _, typology := range qingyuan.Typologies {
		s := qingyuan.Signal{Code: "C2", Family: qingyuan.FamilyText, Polarity: qingyuan.Suspicion, Typology: typology, Score: 1,
			Author: author, Detector: detector + "@" + r.Version}
		var terms []string
		weak, disguised := 0, 0
		for i := range r.Hits {
			h := &r.Hits[i]
			switch {
			case h.Typology != typology || h.Context != "":
				continue
			case h.Weak:
				weak++
				continue
			case h.Disguised():
				disguised++
			}
			s.Spans = append(s.Spans, h.Span)
			if !slices.Contains(terms, h.Term) {
				terms = append(terms, h.Term)
			}
		}
		if len(s.Spans) > 0 {
			s.Detail = map[string]string{"terms": strings.Join(terms, ","), "disguised": strconv.Itoa(disguised), "weak": strconv.Itoa(weak)}
			signals = append(signals, s)
		}
	}
	return signals
}

// Explanation is a row of the 暗语说明: courts ask that slang in audio and electronic data be explained in writing (刑诉解释 §115).
type Explanation struct {
	Term   string          `json:"term"`
	Raw    []string        `json:"raw"`   // each different writing found, in order of appearance
	Spans  []qingyuan.Span `json:"spans"` // of all occurrences
	Sense  qingyuan.Text   `json:"sense"`
	Source string          `json:"source"` // written out where the mark is known
}

// Annex explains every term found, in order of first appearance, with all its occurrences, whatever their context.
func (m *Matcher) Annex(r *Result) []Explanation {
	var rows []Explanation
	at := map[string]int{}
	for i := range r.Hits {
		h := &r.Hits[i]
		k, ok := at[h.Term]
		if !ok {
			k = len(rows)
			at[h.Term] = k
			source := h.Source
			if full, known := m.sources[source]; known {
				source += ": " + full
			}
			rows = append(rows, Explanation{Term: h.Text, Sense: h.Sense, Source: source})
		}
		rows[k].Spans = append(rows[k].Spans, h.Span)
		if !slices.Contains(rows[k].Raw, h.Raw) {
			rows[k].Raw = append(rows[k].Raw, h.Raw)
		}
	}
	return rows
}
