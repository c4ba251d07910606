package lexicon

import (
	"fmt"
	"strings"
	"testing"

	"qingyuan"
	"qingyuan/internal/prevent/text/normal"
)

func TestShippedLexiconsAreSound(t *testing.T) {
	list, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	sources, err := Sources()
	if err != nil {
		t.Fatal(err)
	}
	covered := map[qingyuan.Typology]bool{}
	ids := map[string]bool{}
	for _, l := range list {
		for _, term := range l.Terms {
			typology := term.Typology
			if typology == "" {
				typology = l.Typology
			}
			covered[typology] = true
			if sources[term.Source] == "" {
				t.Errorf("%s: source %q is not in the list of sources", term.ID, term.Source)
			}
			if ids[term.ID] {
				t.Errorf("%s stands in two lexicons", term.ID)
			}
			ids[term.ID] = true
		}
	}
	for _, typology := range qingyuan.Typologies {
		if !covered[typology] {
			t.Errorf("no term of typology %s", typology)
		}
	}
}

// TestEveryShippedTermIsFound places every term in an ordinary sentence, as it stands and with invisible and drawn insertions.
func TestEveryShippedTermIsFound(t *testing.T) {
	m := shipped(t)
	for _, e := range m.entries {
		if e.Match == Disguised {
			continue
		}
		for _, between := range []string{"", "\u200b", "\u2060\ufe0f"} {
			text := "大家好," + strings.Join(strings.Split(e.Text, ""), between) + "。专业反催收"
			if find(scan(t, m, text), e.Text) == nil {
				t.Errorf("%s not found in %q", e.Text, text)
			}
		}
	}
}

// TestDomainVariants places the variants of the domain brief, table B9, in a sentence with a corroborating term. They are constructed, but for
// a few. Not every one can be found: what is missed is listed, and more than it may not be.
func TestDomainVariants(t *testing.T) {
	m := shipped(t)
	missed := 0
	total := 0
	for canonical, variants := range map[string]string{
		"分期": "分琪 分七 分7 fq 分⭐期", "催收": "崔收 小崔 崔哥 崔叔 摧收 cs 催⃣收", "金融": "JR jin融 金r", "投诉": "投素 投su ts 头诉 tou诉",
		"咨询": "咨寻 zx 姿询", "协商": "鞋商 斜商 xs 协🤝商", "利息": "利熄 利西 lx 力息", "征信": "z信 zx 征x 彳正信 蒸信 正✉",
		"逾期": "yq 玉期 鱼期 余期 🐟期", "信用卡": "xyk", "网贷": "wd 网袋 网带 网黛 🕸袋 网d", "贷款": "dk 贷k 袋款 带款 代贝款",
		"债务": "zw 债w 寨务 亻责务", "负债": "fz 富债 负z", "停息挂账": "停熄挂账 tx挂z 停西挂帐 txgz", "上岸": "上an ⛵上🏖 尚岸 上⛱",
		"微信": "➕V 绿泡泡 wx", "私信": "丝信 sx 滴我 踢我", "银行": "yh 银h 银杭 yin行", "律师": "ls 绿师 律狮 lv师", "法务": "fw 法wu 发务",
		"退保": "tb 退b 腿保 tui保", "退息": "tx 退西 退x", "维权": "wq 维q 唯权", "公章": "gz 🔴章", "证明": "zm 正明 证m",
		"小红书": "xhs 小🍠", "抖音": "dy 抖y", "花呗": "hb 花贝", "借呗": "jb 借贝", "监管": "jg 监g", "举报": "jb 举b", "老赖": "lao赖 老lai",
	} {
		for v := range strings.FieldsSeq(variants) {
			total++
			if find(scan(t, m, "宝子们专业反催收,懂的来,我们帮你搞定"+v+",有需要的说话"), canonical) == nil {
				missed++
				t.Logf("%s: %s is missed", canonical, v)
			}
		}
	}
	if missed*20 > total {
		t.Errorf("missed %d of %d variants", missed, total)
	}
}

func TestParse(t *testing.T) {
	const good = `
name: own
version: 2
date: "2026-11-22"
typology: T3
title: {zh: 自有, en: own}
terms:
  - {id: own-1, term: 黑话, sense: {zh: 甲, en: a}, source: own}
`
	l, err := Parse([]byte(good))
	if err != nil || l.Terms[0].Text != "黑话" {
		t.Fatalf("%+v, %v", l, err)
	}
	for name, change := range map[string][2]string{
		"unknown key":   {"version: 2", "versoin: 2"},
		"no version":    {"version: 2", "version: 0"},
		"no sense":      {"zh: 甲, ", ""},
		"no source":     {", source: own", ""},
		"bad id":        {"own-1", "'own 1'"},
		"bad match":     {"term: 黑话", "term: 黑话, match: fuzzy"},
		"bad typology":  {"term: 黑话", "term: 黑话, typology: T10"},
		"too long":      {"黑话", strings.Repeat("黑", MaxTerm+1)},
		"empty":         {"黑话", "''"},
		"not YAML":      {"terms:", "terms: ["},
		"twice":         {"terms:", "terms:\n  - {id: own-1, term: 别的, sense: {zh: 甲, en: a}, source: own}"},
		"bad context":   {"terms:", "contexts: [{id: x, cues: [甲], scope: near}]\nterms:"},
		"no cues":       {"terms:", "contexts: [{id: x, cues: [], scope: before}]\nterms:"},
		"name with gap": {"name: own", "name: own lexicon"},
	} {
		text := strings.Replace(good, change[0], change[1], 1)
		if _, err := Parse([]byte(text)); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: error %v, want invalid", name, err)
		}
	}
	if _, err := Parse(make([]byte, MaxLexicon+1)); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Errorf("too large: %v", err)
	}
}

func TestTooManyTerms(t *testing.T) {
	n, err := normal.New()
	if err != nil {
		t.Fatal(err)
	}
	l := &Lexicon{Name: "own", Version: 1}
	for i := range MaxTerms + 1 {
		l.Terms = append(l.Terms, Term{ID: fmt.Sprint(i), Text: fmt.Sprint("词", i), Match: Plain, Sense: qingyuan.Text{ZH: "a", EN: "a"}, Source: "own"})
	}
	if _, err := New(Config{Normalizer: n, Lexicons: []*Lexicon{l}}); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Errorf("error %v, want invalid", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("name: a\nversion: 1\nterms: [{id: b, term: c, sense: {zh: d, en: e}, source: f}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if l, err := Parse(data); err == nil && l.Validate() != nil {
			t.Fatal("parsed, but not valid")
		}
	})
}
