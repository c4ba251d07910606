package keys

import (
	"context"
	"crypto/sha256"
	"hash"
	"unicode"

	"qingyuan"
)

// TokenSize is the length of a blind token in bytes. Tokens are short on purpose: a few values share each, so that what is found must be
// opened and compared, and a token alone proves nothing.
const TokenSize = 5

// MaxTokens bounds the tokens of one text; what follows is not searchable.
const MaxTokens = 2000

// Tokens are the blind bigrams of a text under the tenant's key for that field, none twice: letters, figures and ideographs in lower case,
// everything else left out, two by two; a text of one character gives that character. Searching is for all tokens of what is sought.
func (r *Ring) Tokens(ctx context.Context, t qingyuan.Tenant, field, text string) ([][]byte, error) {
	k, err := r.tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	pool := k.mac("blind bigrams of " + field)
	mac := pool.Get().(hash.Hash)
	defer pool.Put(mac)
	var out [][]byte
	seen := map[[2]rune]bool{}
	for _, gram := range Bigrams(text) {
		if seen[gram] {
			continue
		}
		if seen[gram] = true; len(seen) > MaxTokens {
			break
		}
		mac.Reset()
		mac.Write([]byte(string(gram[:])))
		var sum [sha256.Size]byte
		out = append(out, append([]byte(nil), mac.Sum(sum[:0])[:TokenSize]...))
	}
	return out, nil
}

// Bigrams are the pairs of characters of a text that Tokens hides; one character alone is paired with 0.
func Bigrams(text string) [][2]rune {
	var out [][2]rune
	var last rune
	n := 0
	for _, c := range text {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			continue
		}
		c = unicode.ToLower(c)
		if n++; n > 1 {
			out = append(out, [2]rune{last, c})
		}
		last = c
	}
	if n == 1 {
		out = append(out, [2]rune{last, 0})
	}
	return out
}
