package text

import (
	"context"

	"qingyuan"
	"qingyuan/internal/prevent/text/agreement"
	"qingyuan/internal/prevent/text/classify"
	"qingyuan/internal/prevent/text/contact"
	"qingyuan/internal/prevent/text/family"
	"qingyuan/internal/prevent/text/lexicon"
	"qingyuan/internal/prevent/text/normal"
)

// Report is all that can be said of one text.
type Report struct {
	Terms     *lexicon.Result
	Annex     []lexicon.Explanation // 暗语说明
	Intent    classify.Prediction
	Version   string              // of the model of intents
	Evidence  []classify.Evidence // spans that speak for the intent
	Typology  classify.Prediction // where the intent is suspicious
	Signals   []qingyuan.Signal   // as an event with this text would have, but for its contacts
	Contacts  []contact.Mention
	Agreement *agreement.Report // where it was asked for
	Near      []family.Match    // texts of the record
	Knowledge int64             // version of what the tenant has confirmed
}

// evidenceShown is how many spans explain the intent.
const evidenceShown = 8

// Examine reads one text as the tenant's texts are read, without keeping it. Errors: invalid where it is too long.
func (d *Detector) Examine(ctx context.Context, t qingyuan.Tenant, text string, author qingyuan.AuthorKind, clauses bool) (*Report, error) {
	texts, err := d.tenant(t)
	if err != nil {
		return nil, err
	}
	k := texts.known.Load()
	r := &Report{Knowledge: k.Version}
	if r.Terms, err = k.words.Scan(ctx, text); err != nil {
		return nil, err
	}
	w := Written{Author: author, Text: text}
	r.Annex = k.words.Annex(r.Terms)
	r.Intent, r.Version = d.intents.Intent.Classify(text), d.intents.Intent.Version()
	if d.intents.Explain != nil {
		r.Evidence = d.intents.Explain(text, r.Intent.Label, evidenceShown)
	}
	if r.Intent.Suspicious {
		r.Typology = d.intents.Typology.Classify(text)
	}
	r.Signals = append(d.read(k, w), d.template(k, t, w)...)
	r.Contacts = d.contacts.Read(text)
	if clauses {
		report, err := d.clauses.Review(text)
		if err != nil {
			return nil, err
		}
		r.Agreement = &report
		r.Signals = append(r.Signals, d.review(w)...)
	}
	r.Near = texts.index.Find(text, author)
	return r, nil
}

// Mentions are the contacts in a text.
func (d *Detector) Mentions(text string) []contact.Mention { return d.contacts.Read(text) }

// Suspicious says whether the intent of a text is one of those that recruit, promote or coach.
func (d *Detector) Suspicious(text string) bool { return d.intents.Intent.Classify(text).Suspicious }

// Gap ends a run of characters in what [Detector.Symbols] returns.
const Gap rune = -1

// Symbols are the characters of a text as words are looked for in it: folded, simplified, without what only splits words, and a Gap for
// whatever is no Chinese character. Each has its bytes in the raw text.
func (d *Detector) Symbols(text string) (symbols []rune, start, end []int32) {
	v, err := d.views.View(text, normal.Compact)
	if err != nil {
		return nil, nil, nil
	}
	for i, r := range v.Symbols {
		if normal.ClassOf(r) != normal.Han {
			if r = Gap; len(symbols) == 0 || symbols[len(symbols)-1] == Gap {
				continue
			}
		}
		span := v.Raw(i, i+1)
		symbols, start, end = append(symbols, r), append(start, int32(span.Start)), append(end, int32(span.End))
	}
	return symbols, start, end
}

// Unusual is how surprising a word is in ordinary Chinese, in bits a character.
func (d *Detector) Unusual(word []rune) (bits float64) {
	for i, r := range word {
		if i == 0 {
			bits += float64(d.views.Surprisal(r))
			continue
		}
		bits += float64(d.views.SurprisalAfter(word[i-1], r))
	}
	return bits / float64(max(len(word), 1))
}
