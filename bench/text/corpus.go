package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// corpus is the text that is searched and the words that terms are made of.
type corpus struct {
	origin   string
	texts    []string
	size     int      // bytes of texts
	messages []string // short ones among all texts
	words    []string // entities
	posts    []string // texts that terms are cut from
}

// A message is a text of at most so many bytes; so many of them are enough.
const (
	maxMessage  = 400
	maxMessages = 5000
)

// row is one line of the data.
type row struct {
	Text     string   `json:"text"`
	Perturb  string   `json:"perturb"`
	Entities []string `json:"entities"`
}

// read collects the texts: those of the evaluation data, or the authored ones where there is none.
func read(c config) (*corpus, error) {
	out := &corpus{origin: "evaluation data"}
	var rows []row
	for _, name := range []string{"teleanti_dialogues", "fbs_sms", "mudou_sms", "fraud_r1_zh"} {
		more, err := readFile(filepath.Join(c.data, "text", name+".jsonl"))
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
		rows = append(rows, more...)
	}
	if len(rows) == 0 {
		out.origin = "authored texts"
		files, _ := filepath.Glob("testdata/text/*.jsonl")
		for _, f := range files {
			more, err := readFile(f)
			if err != nil {
				return nil, err
			}
			rows = append(rows, more...)
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("no texts: neither %s nor testdata/text is here", c.data)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	for _, r := range rows {
		if float64(out.size) < c.mb*1e6 {
			out.texts = append(out.texts, r.Text)
			out.size += len(r.Text)
		}
		out.posts = append(out.posts, r.Text)
		if len(r.Text) <= maxMessage && len(out.messages) < maxMessages {
			out.messages = append(out.messages, r.Text)
		}
	}
	return out, out.readTerms(c)
}

// readTerms takes the entities and, to cut terms from, the posts of the perturbed posts, where they are there.
func (c *corpus) readTerms(cfg config) error {
	rows, err := readFile(filepath.Join(cfg.data, "text", "cntp_perturbed.jsonl"))
	if os.IsNotExist(err) {
		return nil
	}
	c.posts = nil
	for _, r := range rows {
		if r.Perturb == "none" {
			c.posts = append(c.posts, r.Text)
			c.words = append(c.words, r.Entities...)
		}
	}
	return err
}

func readFile(name string) ([]row, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	var rows []row
	for s.Scan() {
		var r row
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", name, len(rows)+1, err)
		}
		rows = append(rows, r)
	}
	return rows, s.Err()
}

// terms are n different terms of two or more characters: the entities, then sequences of three to five Han characters.
func (c *corpus) terms(n int) ([]string, error) {
	seen := map[string]bool{}
	var list []string
	add := func(w string) {
		if size := utf8.RuneCountInString(w); size > 1 && size < 20 && !seen[w] && len(list) < n {
			seen[w] = true
			list = append(list, w)
		}
	}
	for _, w := range c.words {
		add(w)
	}
	random := rand.New(rand.NewPCG(3, 4))
	for tries := 0; len(list) < n; tries++ {
		if tries > 1000*n {
			return nil, fmt.Errorf("the texts have fewer than %d different terms", n)
		}
		runes := []rune(c.posts[random.IntN(len(c.posts))])
		size := 3 + random.IntN(3)
		if len(runes) < size {
			continue
		}
		at := random.IntN(len(runes) - size + 1)
		if w := string(runes[at : at+size]); strings.IndexFunc(w, func(r rune) bool { return !unicode.Is(unicode.Han, r) }) < 0 {
			add(w)
		}
	}
	return list, nil
}
