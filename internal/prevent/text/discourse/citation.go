package discourse

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"qingyuan"
)

// Citation is an article of a law that a text cites.
type Citation struct {
	Law     string // without brackets and 中华人民共和国; empty where the text names an article alone
	Article int
	Span    qingyuan.Span
}

var (
	cited   = regexp.MustCompile(`(?:《([^《》\n]{2,40})》|([\p{Han}]{2,12}(?:法|法典|条例|公约|办法|规定|准则)))?(?:第)([0-9]{1,4}|[零一二三四五六七八九十百千]{1,8})条`)
	title   = regexp.MustCompile(`^(?:根据|依据|依照|按照|违反了?|以及|和|及|与)+`)
	digitOf = map[rune]int{'零': 0, '一': 1, '二': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9}
	unitOf  = map[rune]int{'十': 10, '百': 100, '千': 1000}
)

// Citations are the articles that a text cites, in the order of the text. An article without a law belongs to the law
// named before it.
func (d *Detector) Citations(text string) ([]Citation, error) {
	v, err := d.view(text)
	if err != nil {
		return nil, err
	}
	var out []Citation
	law := ""
	for _, m := range cited.FindAllStringSubmatchIndex(v.text, maxCitations) {
		for _, g := range []int{2, 4} {
			if m[g] >= 0 {
				law = title.ReplaceAllString(v.text[m[g]:m[g+1]], "")
				law = strings.TrimPrefix(law, "中华人民共和国")
			}
		}
		out = append(out, Citation{law, number(v.text[m[6]:m[7]]), v.raw(m[0], m[1])})
	}
	return out, nil
}

// minCitations is the shortest list whose order means anything.
const minCitations = 3

// maxCitations are read in one text.
const maxCitations = 200

// Fingerprint is a key of the citations in their order, and empty where there are fewer than three different ones. Equal
// lists have equal fingerprints; families of texts count who uses them.
func Fingerprint(citations []Citation) string {
	var parts []string
	seen := map[string]bool{}
	for _, c := range citations {
		if p := fmt.Sprint(c.Law, "#", c.Article); !seen[p] {
			seen[p] = true
			parts = append(parts, p)
		}
	}
	if len(parts) < minCitations {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "|")))
	return hex.EncodeToString(sum[:8])
}

// number reads an article's number in either script: 一千零三十二 is 1032.
func number(s string) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	sum, digit := 0, 0
	for _, r := range s {
		if u, ok := unitOf[r]; ok {
			sum += max(digit, 1) * u
			digit = 0
			continue
		}
		digit = digitOf[r]
	}
	return sum + digit
}
