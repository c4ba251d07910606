package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed" // the list of common passwords
	"sort"
	"strings"
	"unicode/utf8"

	"qingyuan"

	"github.com/alexedwards/argon2id"
)

// Lengths of a password: at least 12 characters (ASVS 5.0 6.2.1 asks for 8 and recommends 15); at most what a person
// or a password manager may send.
const (
	minPassword      = 12
	maxPasswordBytes = 512
)

// params are those of the OWASP password storage cheat sheet: Argon2id, 19 MiB, two passes, one lane.
var params = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// At most this many hashes are computed at once (40 ms and 19 MiB each), and this many callers wait for their turn.
const (
	hashesAtOnce  = 2
	hashesWaiting = 16
)

// hasher computes password hashes, few at a time.
type hasher struct {
	inside  chan struct{} // those who compute or wait
	running chan struct{}
	decoy   string // compared with where there is no account, so that its absence costs the same
	compare func(password, hash string) (bool, error)
}

func newHasher() (*hasher, error) {
	h := &hasher{
		inside:  make(chan struct{}, hashesAtOnce+hashesWaiting),
		running: make(chan struct{}, hashesAtOnce),
		compare: argon2id.ComparePasswordAndHash,
	}
	var err error
	h.decoy, err = argon2id.CreateHash(newSecret(), &params)
	return h, err
}

// hash is the PHC string of a password. Errors: too_many where too many wait already.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return argon2id.CreateHash(password, &params)
}

// matches compares a password with a PHC string; the empty one stands for no account. Errors: too_many where too many
// wait already.
func (h *hasher) matches(ctx context.Context, password, phc string) (bool, error) {
	known := phc != ""
	if !known {
		phc = h.decoy
	}
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	ok, err := h.compare(password, phc)
	return ok && known, err
}

func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.inside <- struct{}{}:
	default:
		return nil, qingyuan.Errorf(qingyuan.TooMany, "too many people sign in at this moment; try again in a few seconds")
	}
	select {
	case h.running <- struct{}{}:
		return func() { <-h.running; <-h.inside }, nil
	case <-ctx.Done():
		<-h.inside
		return nil, ctx.Err()
	}
}

// common holds the first bytes of the SHA-256 of each common password, sorted; ATTRIBUTION.md says where they come from.
//
//go:embed common.bin
var common string

// commonWidth is the number of bytes kept of each hash: of a million good passwords, fewer than one is refused in error.
const commonWidth = 5

func isCommon(password string) bool {
	sum := sha256.Sum256([]byte(strings.ToLower(password)))
	want := string(sum[:commonWidth])
	n := len(common) / commonWidth
	at := func(i int) string { return common[i*commonWidth : (i+1)*commonWidth] }
	i := sort.Search(n, func(i int) bool { return at(i) >= want })
	return i < n && at(i) == want
}

// checkPassword refuses what is short, common, monotonous, or made of names that everyone here knows.
func checkPassword(password, account string, t qingyuan.Tenant) error {
	if !utf8.ValidString(password) || len(password) > maxPasswordBytes {
		return qingyuan.FieldErrorf("password", "must be text of at most %d bytes", maxPasswordBytes)
	}
	if utf8.RuneCountInString(password) < minPassword {
		return qingyuan.FieldErrorf("password", "must have at least %d characters", minPassword)
	}
	distinct := map[rune]bool{}
	for _, r := range password {
		distinct[r] = true
	}
	if len(distinct) < 5 || isCommon(password) {
		return qingyuan.FieldErrorf("password", "is among those that are tried first: choose another")
	}
	folded := strings.ToLower(password)
	for _, word := range []string{"qingyuan", account, string(t)} {
		if len(word) >= 4 && strings.Contains(folded, strings.ToLower(word)) {
			return qingyuan.FieldErrorf("password", "must not contain the name of the account, the lender or the product")
		}
	}
	return nil
}

// newPassword makes a readable password of 100 random bits: four groups of five characters.
func newPassword() string {
	var b [15]byte
	rand.Read(b[:])
	s := alphabet.EncodeToString(b[:])
	return s[:5] + "-" + s[5:10] + "-" + s[10:15] + "-" + s[15:20]
}
