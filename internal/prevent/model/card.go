package model

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Card is the model card: where a model comes from, how good it is, for whom, and where it must not be trusted.
// All figures are out of fold: every row was scored by trees that had not seen it.
type Card struct {
	Version   string       `json:"version"`
	TrainedAt time.Time    `json:"trained_at"`
	Seconds   float64      `json:"seconds"`
	Library   string       `json:"library"` // XGBoost and its version
	Seed      uint64       `json:"seed"`
	Fast      bool         `json:"fast"`
	Data      DataNote     `json:"data"`
	Columns   []ColumnNote `json:"columns"`
	// Members are the boosters whose mean margin is the model's, Tried all candidates of the search.
	Members     []Member     `json:"members"`
	Tried       []Member     `json:"tried"`
	Ratios      []Ratio      `json:"ratios,omitempty"` // of columns that the model computes
	Metrics     Metrics      `json:"metrics"`
	Reliability []Reliable   `json:"reliability"`
	Brier       float64      `json:"brier"`
	Importance  []Importance `json:"importance"`
	Segments    []Segment    `json:"segments"`
	Baseline    Baseline     `json:"baseline"`
	Parity      Parity       `json:"parity"`
	Leaks       []Leak       `json:"leaks,omitempty"` // suspects that were let through
	Limits      []string     `json:"limits"`
}

// DataNote says what the model was trained on.
type DataNote struct {
	Hash      string `json:"hash"`
	Rows      int    `json:"rows"`
	Labelled  int    `json:"labelled"`
	Positives int    `json:"positives"`
	Target    string `json:"target"`
	ID        string `json:"id,omitempty"`
	AsOf      string `json:"as_of,omitempty"`
}

// Member is one set of parameters and what cross-validation said of it.
type Member struct {
	Params
	AUC   float64   `json:"auc"`   // mean over the folds
	Folds []float64 `json:"folds"` // AUC of each
	// Ratios says that it was tried with ratios of columns.
	Ratios bool `json:"ratios,omitempty"`
}

// Reliable compares one tenth of the rows, by probability, with what happened.
type Reliable struct {
	N         int     `json:"n"`
	Predicted float64 `json:"predicted"` // mean probability
	Observed  float64 `json:"observed"`  // share of positives
}

// Importance is the mean size of a column's contributions, in log-odds, over a sample of the training rows.
type Importance struct {
	Column string  `json:"column"`
	Mean   float64 `json:"mean"`
}

// Segment is how the model does on the rows of one level of one column.
type Segment struct {
	Column    string  `json:"column"`
	Level     string  `json:"level"` // "" is missing
	N         int     `json:"n"`
	Positives int     `json:"positives"`
	Rate      float64 `json:"rate"`      // share of positives
	Predicted float64 `json:"predicted"` // mean probability
	AUC       float64 `json:"auc"`
}

// Parity is the largest difference between this package and XGBoost on a sample of the training rows.
type Parity struct {
	Rows          int     `json:"rows"`
	Margin        float64 `json:"margin"`
	Contributions float64 `json:"contributions"`
}

const (
	// segmentLevels is the largest number of levels of a column that is cut into segments; segmentRows and
	// segmentPositives are the least a segment needs for its figures to mean something.
	segmentLevels    = 8
	segmentRows      = 200
	segmentPositives = 20
	// maxSegmentColumns bounds the table of segments.
	maxSegmentColumns = 12
)

// segments measures the levels of columns with few of them, from out-of-fold probabilities by place in rows.
func segments(t *Table, notes []ColumnNote, rows []int, positive []bool, probabilities []float64) []Segment {
	var out []Segment
	columns := 0
	for _, note := range notes {
		if note.Use != UseFeature || note.Distinct > segmentLevels || columns == maxSegmentColumns {
			continue
		}
		columns++
		c := t.Column(note.Name)
		places := map[any][]int{}
		for i, r := range rows {
			v := c.Value(r)
			places[v] = append(places[v], i)
		}
		for level, at := range places {
			truth, p := make([]bool, len(at)), pick(probabilities, at)
			for i, k := range at {
				truth[i] = positive[rows[k]]
			}
			m := Measure(p, truth)
			if m.N < segmentRows || m.Positives < segmentPositives || m.Positives == m.N {
				continue
			}
			s := Segment{Column: note.Name, N: m.N, Positives: m.Positives, Rate: float64(m.Positives) / float64(m.N), Predicted: mean(p), AUC: m.AUC}
			if level != nil {
				s.Level = shown(level)
			}
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b Segment) int {
		return cmp.Or(cmp.Compare(a.Column, b.Column), cmp.Compare(a.Level, b.Level))
	})
	return out
}

// reliability compares tenths of the rows.
func reliability(probabilities []float64, positive []bool) []Reliable {
	order := make([]int, len(probabilities))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(probabilities[a], probabilities[b]) })
	var out []Reliable
	for part := range slices.Chunk(order, max(1, (len(order)+9)/10)) {
		r := Reliable{N: len(part), Predicted: mean(pick(probabilities, part))}
		for _, i := range part {
			if positive[i] {
				r.Observed += 1 / float64(len(part))
			}
		}
		out = append(out, r)
	}
	return out
}

// mean is the mean of values, 0 if there are none.
func mean(values []float64) float64 {
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(max(1, len(values)))
}

// limits says, in general words, where the model must not be trusted.
func (c *Card) limits() []string {
	out := []string{
		"模型只反映训练数据所在的人群与时期；人群或作案手法变化后须重新检验。 The model knows the people and the period of its training data only; check it anew when either changes.",
		"贡献说明模型为何这样评分，不说明因果。 Contributions say why the model scored as it did, not what caused the outcome.",
		"分数是线索而非结论，任何不利处置须有第二类独立证据。 A score is a lead, never a verdict: adverse treatment needs independent evidence of another kind.",
		"折内调参与折外评估同源，折外指标略偏乐观；以留出文件或时间外样本为准。 Parameters were chosen on the same rows, so the out-of-fold figures flatter slightly; judge by a held-out or out-of-time file.",
	}
	if c.Data.Positives < 500 {
		out = append(out, fmt.Sprintf("正样本仅 %d 个，指标波动较大。 Only %d positives: the figures vary widely.", c.Data.Positives, c.Data.Positives))
	}
	for _, leak := range c.Leaks {
		out = append(out, fmt.Sprintf("疑似泄漏字段。 A column may know the answer: %s.", leak))
	}
	for _, note := range c.Columns {
		if note.Use == UseFeature && note.Kind == Time {
			out = append(out, fmt.Sprintf("日期字段 %q 使模型能记住时期。 The date %q lets the model remember a period.", note.Name, note.Name))
		}
	}
	return out
}

// Markdown is the card to read, in Chinese and English.
func (c *Card) Markdown() []byte {
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# 模型卡 · Model card %s\n", c.Version)
	line("- 数据 · data: `%s`, %d 行 rows, %d 有标签 labelled, %d 正例 positives (%.3f %%), 目标 target `%s`", c.Data.Hash, c.Data.Rows,
		c.Data.Labelled, c.Data.Positives, 100*float64(c.Data.Positives)/float64(max(1, c.Data.Labelled)), c.Data.Target)
	line("- 训练 · trained: %s, %.1f s, %s, seed %d, fast %t", c.TrainedAt.Format(time.RFC3339), c.Seconds, c.Library, c.Seed, c.Fast)
	line("- 折外 · out of fold: AUC %.4f, KS %.4f, AP %.4f, Brier %.5f", c.Metrics.AUC, c.Metrics.KS, c.Metrics.AP, c.Brier)
	line("- 与 XGBoost 之差 · difference from XGBoost: margin %.1e, contributions %.1e (%d rows)", c.Parity.Margin, c.Parity.Contributions, c.Parity.Rows)
	line("\n## 局限 · Limits\n")
	for _, limit := range c.Limits {
		line("- %s", limit)
	}
	line("\n## 成员 · Members\n\n| depth | eta | min child | subsample | columns | lambda | rounds | AUC |\n|---|---|---|---|---|---|---|---|")
	for _, m := range c.Members {
		line("| %d | %g | %g | %g | %g | %g | %d | %.4f |", m.Depth, m.Eta, m.MinChild, m.Subsample, m.ColSample, m.Lambda, m.Rounds, m.AUC)
	}
	for i := range c.Ratios {
		line("- 比值 · ratio: %s, %.3f", cell(c.Ratios[i].name()), c.importance(c.Ratios[i].name()))
	}
	line("\n## 校准 · Reliability\n\n| rows | predicted | observed |\n|---|---|---|")
	for _, r := range c.Reliability {
		line("| %d | %.4f | %.4f |", r.N, r.Predicted, r.Observed)
	}
	line("\n## 字段 · Columns\n\n| column | kind | use | missing | distinct | AUC alone | mean effect |\n|---|---|---|---|---|---|---|")
	for _, n := range c.Columns {
		line("| %s | %s | %s | %.3f | %d | %.3f | %.3f |", cell(n.Name), n.Kind, cell(strings.Trim(n.Use+": "+n.Why, ": ")), n.Missing, n.Distinct, n.AUC, c.importance(n.Name))
	}
	line("\n## 分群 · Segments\n\n| column | level | rows | observed | predicted | AUC |\n|---|---|---|---|---|---|")
	for _, s := range c.Segments {
		line("| %s | %s | %d | %.4f | %.4f | %.4f |", cell(s.Column), cell(s.Level), s.N, s.Rate, s.Predicted, s.AUC)
	}
	return b.Bytes()
}

// importance is the importance of a column, 0 where it has none.
func (c *Card) importance(column string) float64 {
	for _, i := range c.Importance {
		if i.Column == column {
			return i.Mean
		}
	}
	return 0
}

// cell makes text safe for a cell of a table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "<", "&lt;").Replace(s)
}
