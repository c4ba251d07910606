package classify

import (
	"bytes"
	_ "embed"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

// The shipped models, trained from the authored texts by
//
//	go test ./internal/prevent/text/classify -run TestShippedModels -update
//
// with ShippedOptions.
var (
	//go:embed models/intent.qym
	intentModel []byte
	//go:embed models/typology.qym
	typologyModel []byte
)

// The intents of the shipped model.
const (
	Promotion        = "promotion"
	Recruitment      = "recruitment"
	CoachedComplaint = "coached_complaint"
	GenuineComplaint = "genuine_complaint"
	EducationNews    = "education_news"
	Neutral          = "neutral"
)

// ShippedOptions are the options with which the shipped model of a label is trained: "label" for intents, "typology".
func ShippedOptions(label string) Options {
	o := Options{Name: label, Label: label, Seed: 1, Cost: 0.4, Grams: Grams{Chars: 2, Sounds: 1}, MaxFeatures: 30_000}
	if label == defaultLabel {
		o.Name, o.Positive, o.MaxFalse = "intent", []string{Promotion, Recruitment, CoachedComplaint}, 0.02
	}
	return o
}

// LoadIntent loads the shipped model of intents.
func LoadIntent(n *normal.Normalizer) (*Model, error) { return Load(bytes.NewReader(intentModel), n) }

// LoadTypology loads the shipped model of typologies, which is trained on suspicious texts only.
func LoadTypology(n *normal.Normalizer) (*Model, error) {
	return Load(bytes.NewReader(typologyModel), n)
}

// Detector turns texts into signals by their intent.
type Detector struct {
	Intent   Classifier
	Typology Classifier
	Explain  func(text, label string, n int) []Evidence // of Intent; nil where it cannot explain
}

// NewDetector makes a detector of the shipped models.
func NewDetector(n *normal.Normalizer) (*Detector, error) {
	intent, err := LoadIntent(n)
	if err != nil {
		return nil, err
	}
	typology, err := LoadTypology(n)
	if err != nil {
		return nil, err
	}
	return &Detector{intent, typology, intent.Explain}, nil
}

// Leaning is the code of a public text that is more probably suspicious than not, though not surely. It is good for a look at the
// post, which hurts nobody; of a customer's text nothing is said below the threshold.
const Leaning = "leaning"

// The least calibrated probabilities that are worth a signal, and the number of spans shown.
const (
	sureOfHardship = 0.8
	moreLikely     = 0.5 // suspicion of a public text that is below the threshold and yet more probable than not
	shownSpans     = 5
)

// Signals is what the intent of a text says: suspicion with the code text.<intent> where the sum over suspicious intents
// reaches the model's threshold, text.leaning where that of a public text is more probable than not, or hardship with the
// code text.genuine_complaint. Texts by the lender and by operators say nothing: they are not the customer's words.
func (d *Detector) Signals(text string, author qingyuan.AuthorKind) []qingyuan.Signal {
	if author == qingyuan.AuthorLender || author == qingyuan.AuthorOperator {
		return nil
	}
	p := d.Intent.Classify(text)
	s := qingyuan.Signal{Family: qingyuan.FamilyText, Author: author, Detector: d.Intent.Version()}
	label := p.Label
	switch {
	case p.Suspicious, author == qingyuan.AuthorPublic && p.Suspicion >= moreLikely:
		label = d.strongest(p)
		s.Polarity, s.Score, s.Typology = qingyuan.Suspicion, p.Suspicion, qingyuan.Typology(d.Typology.Classify(text).Label)
	case p.Label == GenuineComplaint && p.Probability >= sureOfHardship:
		s.Polarity, s.Score = qingyuan.Hardship, p.Probability
	default:
		return nil
	}
	s.Code = "text." + label
	if s.Polarity == qingyuan.Suspicion && !p.Suspicious {
		s.Code = "text." + Leaning
	}
	if d.Explain != nil {
		for _, e := range d.Explain(text, label, shownSpans) {
			s.Spans = append(s.Spans, e.Span)
		}
	}
	return []qingyuan.Signal{s}
}

// strongest is the most probable suspicious intent.
func (d *Detector) strongest(p Prediction) string {
	best, top := CoachedComplaint, -1.0
	for k, l := range d.Intent.Labels() {
		if suspicious := l == Promotion || l == Recruitment || l == CoachedComplaint; suspicious && p.Probabilities[k] > top {
			best, top = l, p.Probabilities[k]
		}
	}
	return best
}
