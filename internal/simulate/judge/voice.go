package judge

import (
	"strings"

	"qingyuan"
	"qingyuan/internal/simulate/leaf"
)

// voice is how a firm writes: which wording it has for each thing it says, in which order. It drifts as it is used.
type voice struct {
	said  [][]string // for each thing said, the wordings there are
	word  []int      // the wording in use
	order []int
	joint string // what stands between sentences
}

// newVoice gives a firm the phrases of its trade, at random.
func (m *Model) newVoice(t qingyuan.Typology) *voice {
	said, ok := phrases[t]
	if !ok {
		said = phrases[qingyuan.T3]
	}
	v := &voice{said: said, joint: leaf.Pick(m.r, []string{"", "", "\n", " "})}
	for i := range said {
		v.word, v.order = append(v.word, m.r.IntN(len(said[i]))), append(v.order, i)
	}
	m.shuffleMiddle(v)
	return v
}

// mutate changes each wording with probability p, and sometimes the order.
func (m *Model) mutate(v *voice, p float64) {
	for i := range v.word {
		if m.r.Chance(p) {
			v.word[i] = m.r.IntN(len(v.said[i]))
		}
	}
	if m.r.Chance(p / 2) {
		m.shuffleMiddle(v)
	}
}

func (m *Model) shuffleMiddle(v *voice) {
	if n := len(v.order); n > 3 {
		m.r.Shuffle(n-2, func(i, j int) { v.order[i+1], v.order[j+1] = v.order[j+1], v.order[i+1] })
	}
}

// compose writes a letter for s in the firm's voice. The voice drifts a little each time; things are left out, and some
// clients put in words of their own.
func (m *Model) compose(f *firm, s *soul, c *clerk) string {
	m.mutate(f.voice, 0.03)
	facts := m.firmFacts(f, c, s)
	var b strings.Builder
	for n, i := range f.voice.order {
		if n > 0 && n < len(f.voice.order)-1 && m.r.Chance(0.08) {
			continue
		}
		if n > 0 {
			b.WriteString(f.voice.joint)
		}
		b.WriteString(leaf.Spin(m.r, f.voice.said[i][f.voice.word[i]], facts))
		if n == 0 && m.r.Chance(0.25) {
			cause := s.cause
			if cause == "" {
				cause = leaf.Pick(m.r, []string{"dismissed", "hours", "kin"})
			}
			b.WriteString(leaf.Spin(m.r, leaf.Pick(m.r, reasons[cause]), facts))
		}
	}
	text := b.String()
	if f.moves > 1 || m.r.Chance(0.15) {
		text = m.veil(text)
	}
	return text
}

// veil hides some of the words that a reader might look for.
func (m *Model) veil(text string) string {
	for _, w := range veils {
		if m.r.Chance(0.4) {
			text = strings.ReplaceAll(text, w[0], w[1+m.r.IntN(len(w)-1)])
		}
	}
	return text
}

// veils are words with what is written in their place.
var veils = [][]string{{"投诉", "投.诉", "头诉", "t诉"}, {"催收", "c收", "摧shou", "催婆"}, {"利息", "li息", "厉息", "利xi"}, {"征信", "征Ⅹ", "怔信", "zheng信"},
	{"本金", "本J", "苯金"}, {"逾期", "愈期", "yu期"}, {"退保", "退堡", "tui宝"}, {"监管", "监guan", "舰管"}, {"分期", "分qi", "份期"}, {"贷款", "货款", "贷kuan"}}
