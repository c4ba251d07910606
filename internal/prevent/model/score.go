package model

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"qingyuan"
)

// Scorer says how likely a bad outcome is, and why. [Model] is one; a champion with a challenger, or a stub in a test,
// are others.
type Scorer interface {
	// Version is the identity of what decides the scores.
	Version() string
	// Score is the probability of the bad outcome for one row and the strongest reasons for it, strongest first.
	Score(row map[string]any) (probability float64, reasons []Contribution, err error)
}

// maxReasons is the number of reasons [Model.Score] gives.
const maxReasons = 5

// Contribution is what one column adds to a score.
type Contribution struct {
	Column string `json:"column"`
	Value  any    `json:"value"` // as given; nil if it was missing
	// Effect is the column's exact SHAP value in log-odds of the calibrated probability: positive raises the risk.
	Effect float64       `json:"effect"`
	Text   qingyuan.Text `json:"text"`
}

// Model is a loaded artefact. It is safe for concurrent use.
type Model struct {
	encoder     *Encoder
	forest      *forest
	calibration Calibration
	card        *Card
	version     string
	owners      []int
	names       []string // of what moves a score
	expected    float64  // mean margin
	explainers  sync.Pool
}

// newModel puts the checked parts of an artefact together.
func newModel(e *Encoder, f *forest, c Calibration, card *Card, version string) (*Model, error) {
	switch {
	case e.width != f.features:
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the encoder makes %d features where the trees know %d", e.width, f.features)
	case !(c.Slope > 0) || math.IsInf(c.Slope, 0) || math.IsNaN(c.Offset) || math.IsInf(c.Offset, 0):
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the calibration is not a rising curve")
	}
	m := &Model{encoder: e, forest: f, calibration: c, card: card, version: version, owners: e.owners(), names: e.names(), expected: f.expected()}
	tables := sync.OnceValue(f.newTables)
	m.explainers.New = func() any { return m.newExplainer(tables()) }
	return m, nil
}

// Prepare computes what the first explanation needs, which takes a part of a second.
func (m *Model) Prepare() { m.explainers.Put(m.explainers.Get()) }

// Version is the identity of what decides the scores: "mdl_" and 32 hex digits of the hash of trees, encoder and
// calibration.
func (m *Model) Version() string { return m.version }

// Card is the model card. It must not be changed.
func (m *Model) Card() *Card { return m.card }

// Columns are the names of the columns the model reads.
func (m *Model) Columns() []string {
	names := make([]string, len(m.encoder.Columns))
	for i := range names {
		names[i] = m.encoder.Columns[i].Name
	}
	return names
}

// Probability is the calibrated probability of the bad outcome for one row, without reasons.
//
// Values may be nil, string, bool, int, int64, float64 and time.Time. A column that is absent from the row is missing; so
// are the spellings of "no value" that [ReadCSV] knows. Columns that the model does not read are ignored. Any other type is
// an Invalid error that names the column.
func (m *Model) Probability(row map[string]any) (float64, error) {
	features := make([]float32, m.encoder.width)
	if err := m.encoder.encodeRow(features, row); err != nil {
		return 0, err
	}
	return m.calibration.probability(float64(m.forest.margin(features))), nil
}

// Score is the probability of one row with the five columns that moved it most. It takes the values Probability takes.
func (m *Model) Score(row map[string]any) (float64, []Contribution, error) {
	p, reasons, err := m.strongest(row, maxReasons)
	for i := range reasons {
		reasons[i].Text = reasons[i].text()
	}
	return p, reasons, err
}

// Explain is the probability of one row with the contribution of every column that has any, strongest first, without
// texts. The effects and [Model.Start] add up to the log-odds of the probability.
func (m *Model) Explain(row map[string]any) (float64, []Contribution, error) {
	return m.strongest(row, len(m.names))
}

// strongest is the probability of one row with the n columns that moved it most, strongest first.
func (m *Model) strongest(row map[string]any, n int) (float64, []Contribution, error) {
	e := m.explainers.Get().(*explainer)
	defer m.explainers.Put(e)
	if err := m.encoder.encodeRow(e.features, row); err != nil {
		return 0, nil, err
	}
	effects := m.effects(e, e.features)
	order := e.order[:0]
	for k, effect := range effects {
		if effect == 0 {
			continue
		}
		at := len(order) // insertion: n is small, or all are wanted and few
		for at > 0 && math.Abs(effect) > math.Abs(effects[order[at-1]]) {
			at--
		}
		if at < n {
			order = slices.Insert(order, at, k)
			order = order[:min(len(order), n)]
		}
	}
	reasons := make([]Contribution, len(order))
	for i, k := range order {
		reasons[i] = Contribution{Column: m.names[k], Value: m.valueOf(k, row, e.features), Effect: effects[k]}
	}
	return m.calibration.probability(float64(m.forest.margin(e.features))), reasons, nil
}

// Start is the log-odds that the effects of a row are added to: the calibrated mean margin of the training data.
func (m *Model) Start() float64 { return m.calibration.Slope*m.expected + m.calibration.Offset }

// effects is the calibrated SHAP value of every column and ratio. They are the explainer's until it is used again.
func (m *Model) effects(e *explainer, features []float32) []float64 {
	clear(e.values)
	e.explain(features, e.values)
	clear(e.effects)
	for i, v := range e.values {
		e.effects[m.owners[i]] += m.calibration.Slope * v
	}
	return e.effects
}

// valueOf is the value of what moves a score: of a column as given, of a ratio as it was computed.
func (m *Model) valueOf(k int, row map[string]any, features []float32) any {
	columns := len(m.encoder.Columns)
	if k < columns {
		return present(row[m.names[k]])
	}
	if v := features[len(features)-len(m.encoder.Ratios)+k-columns]; v == v {
		return float64(v)
	}
	return nil
}

// present is v, or nil where v spells "no value".
func present(v any) any {
	if s, ok := v.(string); ok && missing(s) {
		return nil
	}
	return v
}

// text writes the contribution as a sentence.
func (c *Contribution) text() qingyuan.Text {
	zh, en := "推高风险", "raises the risk"
	if c.Effect < 0 {
		zh, en = "降低风险", "lowers the risk"
	}
	if c.Value == nil {
		return qingyuan.Text{ZH: c.Column + " 缺失，" + zh, EN: c.Column + " is missing, which " + en}
	}
	v := shown(c.Value)
	return qingyuan.Text{ZH: c.Column + " = " + v + "，" + zh, EN: c.Column + " = " + v + " " + en}
}

// shown writes a value of a row.
func shown(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'g', 12, 64)
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05")
	}
	return fmt.Sprint(v)
}

// predictBlock is the number of rows encoded at a time.
const predictBlock = 8192

// Predict is the probability of every row of t. All columns of the model must be in t with the kinds it learned:
// [Model.Kinds] tells [ReadCSV].
func (m *Model) Predict(ctx context.Context, t *Table) ([]float64, error) {
	out := make([]float64, 0, t.rows)
	for rows := range slices.Chunk(t.all(), predictBlock) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		features, err := m.encoder.encode(t, rows)
		if err != nil {
			return nil, err
		}
		for x := range slices.Chunk(features, m.encoder.width) {
			out = append(out, m.calibration.probability(float64(m.forest.margin(x))))
		}
	}
	return out, nil
}

// Kinds are the kinds of the columns the model reads, by name.
func (m *Model) Kinds() map[string]Kind {
	kinds := make(map[string]Kind, len(m.encoder.Columns))
	for i := range m.encoder.Columns {
		kinds[m.encoder.Columns[i].Name] = m.encoder.Columns[i].Kind
	}
	return kinds
}
