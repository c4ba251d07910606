package intel

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/prevent/text"
)

const tenant qingyuan.Tenant = "t1"

// authored are the authored texts of a split with their families.
func authored(t testing.TB, split string) (all []struct{ ID, Text, Label, Family string }) {
	t.Helper()
	raw, err := os.ReadFile("../../../testdata/text/intents_" + split + ".jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range bytes.Split(bytes.TrimSpace(raw), []byte("\n")) {
		var row struct{ ID, Text, Label, Family string }
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	return all
}

// coined are invented words of a trade, and everyday words that come up at some time: what is new but no slang.
type coined struct{ slang, everyday []string }

var (
	coinedDev = coined{
		slang:    []string{"青鸾渡口", "白鹭计划", "换壳上岸", "灰塔通道", "洗白套餐", "吃单师傅", "老猫工作室", "甩包人", "叠债", "借壳停表", "红章包办", "零风控口子"},
		everyday: []string{"系统升级公告", "新版应用", "春节假期", "免息券活动", "网点搬迁", "暴雨停电"}}
	coinedTest = coined{
		slang:    []string{"渡鸦专线", "铁手团队", "清零术", "影子背户", "代扛姐", "关停秘方", "金蝉协议", "逃单班", "泥鳅料", "挡枪户", "黑盒平账", "抹痕套路"},
		everyday: []string{"人脸核验", "国庆调休", "电子回单", "换卡通知", "台风影响", "短信验证升级"}}
)

// planted puts coined words into authored texts of some families, of the recent days; everything else is spread over both periods.
func planted(t testing.TB, s *Service, words coined, keep func(family string) bool, dice *rand.Rand) (docs []*document, families map[string]int) {
	t.Helper()
	ways := []string{"%s。听说%s管用", "%s，不如走%s", "%s。有人教我用%s办", "%s！现在都做%s了", "%s。%s靠谱吗", "%s，别人说的%s是什么", "%s。我也想试%s呢", "%[2]s，%[1]s", "专业%[2]s：%[1]s", "%s，认准%s", "%s。咨询%s请私信", "找%[2]s就对了。%[1]s"}
	slang := map[string]bool{"promotion": true, "recruitment": true, "coached_complaint": true}
	var bad, good []*document
	for _, split := range []string{"train", "test", "dev"} {
		for i, row := range authored(t, split) {
			if !keep(row.Family) {
				continue
			}
			d := &document{id: row.ID, author: qingyuan.AuthorPublic, writer: row.ID, unit: row.Family, at: int64(i + 1), raw: row.Text, recent: dice.IntN(5) == 0}
			docs = append(docs, d)
			if slang[row.Label] {
				bad = append(bad, d)
			} else {
				good = append(good, d)
			}
		}
	}
	families = map[string]int{}
	plant := func(word string, into []*document, n int, recent bool) {
		units := map[string]bool{}
		for len(units) < n {
			d := into[dice.IntN(len(into))]
			if !units[d.unit] {
				units[d.unit] = true
				copied := *d // a new text of a family of its own, as an agent writes one who knows the trade
				copied.id, copied.writer, copied.unit = d.id+word, d.writer+word, d.unit+word
				copied.raw, copied.recent = fmt.Sprintf(ways[dice.IntN(len(ways))], strings.TrimRight(d.raw, "。！？"), word), recent
				docs = append(docs, &copied)
			}
		}
		families[word] = n
	}
	for _, old := range []string{"停息挂账", "包装流水", "征信修复", "代理退保", "反催收"} { // the trade talked so before
		plant(old, bad, 24, false)
	}
	for i, w := range words.slang {
		plant(w, bad, []int{3, 5, 8, 12}[i%4], true)
	}
	for i, w := range words.everyday {
		plant(w, good, []int{5, 8, 12}[i%3], true)
	}
	for _, d := range docs {
		s.look(context.Background(), tenant, d)
	}
	return docs, families
}

// judged is how discovery did on planted words.
type judged struct {
	precision  float64 // of the first 20: different words of planted slang, as they are or a part
	found      int     // planted slang anywhere in the queue
	top        int     // in the first 20
	exact      int     // of those found: the word itself
	everyday   int     // planted everyday words in the first 20
	queue      int
	candidates []Candidate
}

func judge(t testing.TB, words coined, keep func(string) bool, dice *rand.Rand) (j judged) {
	t.Helper()
	s := newService(t)
	docs, families := planted(t, s, words, keep, dice)
	j.candidates = s.terms(context.Background(), tenant, "run", qingyuan.AuthorPublic, docs)
	j.queue = len(j.candidates)
	var shown []string
	for i, c := range j.candidates[:min(20, j.queue)] {
		mark := "-"
		if of(words.slang, c.Detail.Word) != "" {
			mark = "slang"
		} else if of(words.everyday, c.Detail.Word) != "" {
			j.everyday++
			mark = "everyday"
		}
		d := c.Detail
		shown = append(shown, fmt.Sprintf("%2d %s %s %.1f burst %.1f association %.1f cohesion %.2f entropy %.1f bits %.1f, %d+%d", i, d.Word, mark, c.Score, d.Burst,
			d.Association, d.Cohesion, d.Entropy, s.cfg.Texts.Unusual([]rune(d.Word)), d.Recent, d.Reference))
	}
	for _, w := range words.slang {
		i := slices.IndexFunc(j.candidates, func(c Candidate) bool { return of([]string{w}, c.Detail.Word) != "" })
		if i < 0 {
			shown = append(shown, fmt.Sprintf("missed: %s in %d families", w, families[w]))
			continue
		}
		j.found++
		if i < 20 {
			j.top++
		}
		if j.candidates[i].Detail.Word == w {
			j.exact++
		}
	}
	j.precision = float64(j.top) / 20
	t.Logf("%d texts\n%s", len(docs), strings.Join(shown, "\n"))
	return j
}

// of is the word of a list that another is, or shares half of its characters with as a part.
func of(list []string, word string) string {
	for _, w := range list {
		if strings.Contains(word, w) || strings.Contains(w, word) && 2*len(word) >= len(w) {
			return w
		}
	}
	return ""
}

func newService(t testing.TB) *Service {
	t.Helper()
	texts, err := text.New(text.Config{})
	if err != nil {
		t.Fatal(err)
	}
	rules, err := ShippedRules()
	if err != nil {
		t.Fatal(err)
	}
	return &Service{cfg: Config{Texts: texts}, rules: rules}
}

func half(n uint32) func(string) bool {
	return func(family string) bool {
		h := fnv.New32a()
		h.Write([]byte(family))
		return h.Sum32()%2 == n
	}
}

// TestPlantedSlang measures discovery on words of our own in authored texts: a figure of synthetic data. The rules were set on the development words and
// half of the texts; the judged words and the other half were looked at once.
func TestPlantedSlang(t *testing.T) {
	for _, c := range []struct {
		name  string
		words coined
		half  uint32
		seeds int
	}{{"development", coinedDev, 0, 3}, {"judged", coinedTest, 1, 3}} {
		var all judged
		for seed := range c.seeds {
			j := judge(t, c.words, half(c.half), rand.New(rand.NewPCG(uint64(seed), 7)))
			all.precision += j.precision / float64(c.seeds)
			all.found, all.top, all.exact, all.everyday, all.queue = all.found+j.found, all.top+j.top, all.exact+j.exact, all.everyday+j.everyday, all.queue+j.queue
		}
		n := c.seeds * len(c.words.slang)
		t.Logf("%s: P@20 %.2f (best possible %.2f), planted slang in the queue %d of %d, in the first 20 %d, exact %d; everyday words in the first 20: %d; queue %d",
			c.name, all.precision, float64(len(c.words.slang))/20, all.found, n, all.top, all.exact, all.everyday, all.queue/c.seeds)
		if all.found < n*9/10 || all.precision < 0.4 || all.everyday > 3 {
			t.Errorf("%s: discovery has become worse", c.name)
		}
	}
}

// BenchmarkRun looks for new words in as many texts as a run reads at most, made of authored sentences put together at random.
func BenchmarkRun(b *testing.B) {
	s := newService(b)
	rows := authored(b, "train")
	dice := rand.New(rand.NewPCG(5, 5))
	for b.Loop() {
		var docs []*document
		for i := range s.rules.MaxTexts {
			var words strings.Builder
			for range 4 {
				words.WriteString(rows[dice.IntN(len(rows))].Text)
			}
			id := fmt.Sprint(i)
			d := &document{id: id, author: qingyuan.AuthorPublic, writer: id, unit: id, at: int64(i + 1), raw: words.String(), recent: i%4 == 0}
			s.look(context.Background(), tenant, d)
			docs = append(docs, d)
		}
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		stop := make(chan uint64)
		go func() {
			peak := uint64(0)
			for {
				select {
				case stop <- peak:
					return
				case <-time.After(50 * time.Millisecond):
					runtime.ReadMemStats(&after)
					peak = max(peak, after.HeapAlloc)
				}
			}
		}()
		began := time.Now()
		found := s.terms(context.Background(), tenant, "run", qingyuan.AuthorPublic, docs)
		b.ReportMetric(time.Since(began).Seconds(), "s/count")
		b.ReportMetric(float64(<-stop)/(1<<20), "MB-peak")
		b.ReportMetric(float64(before.HeapAlloc)/(1<<20), "MB-texts")
		b.ReportMetric(float64(len(found)), "found")
	}
}
