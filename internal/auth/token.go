package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"strings"

	"qingyuan"
)

// alphabet writes secrets: Crockford's base 32 in lower case, without the underscore that parts a token.
var alphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// secretLength is the number of characters of 256 bits.
const secretLength = 52

// token is a parsed session token or API key. hash is the SHA-256 of its whole text.
type token struct {
	tenant qingyuan.Tenant
	id     string // of an API key
	hash   [sha256.Size]byte
}

// newSecret makes 256 random bits.
func newSecret() string {
	var b [32]byte
	rand.Read(b[:])
	return alphabet.EncodeToString(b[:])
}

func newSessionToken(t qingyuan.Tenant) string {
	return "qys_" + string(t) + "_" + newSecret()
}

func newKeySecret(t qingyuan.Tenant, id string) string {
	return "qyk_" + string(t) + "_" + strings.TrimPrefix(id, "key_") + "_" + newSecret()
}

// parseSession reads qys_<tenant>_<secret>.
func parseSession(text string) (token, bool) {
	rest, ok := strings.CutPrefix(text, "qys_")
	name, secret, cut := strings.Cut(rest, "_")
	t := qingyuan.Tenant(name)
	if !ok || !cut || !t.Valid() || !validSecret(secret) {
		return token{}, false
	}
	return token{tenant: t, hash: hashOf(text)}, true
}

// parseKey reads qyk_<tenant>_<id>_<secret>.
func parseKey(text string) (token, bool) {
	rest, ok := strings.CutPrefix(text, "qyk_")
	name, rest, cut := strings.Cut(rest, "_")
	short, secret, cut2 := strings.Cut(rest, "_")
	t, id := qingyuan.Tenant(name), "key_"+short
	if !ok || !cut || !cut2 || !t.Valid() || !validSecret(secret) || !qingyuan.ValidID("key", id) {
		return token{}, false
	}
	return token{tenant: t, id: id, hash: hashOf(text)}, true
}

func validSecret(s string) bool {
	return len(s) == secretLength && strings.Trim(s, "0123456789abcdefghjkmnpqrstvwxyz") == ""
}

func hashOf(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }

// csrfOf derives the anti-forgery value of a session: it belongs to the token and says nothing about it.
func csrfOf(sessionToken string) string {
	mac := hmac.New(sha256.New, []byte(sessionToken))
	mac.Write([]byte("csrf"))
	return alphabet.EncodeToString(mac.Sum(nil))
}

// CheckCSRF compares what a request sent with the anti-forgery value of its session, in constant time. Every request
// that a session's cookie authorises and that changes anything needs it. Errors: forbidden.
func CheckCSRF(sessionToken, sent string) error {
	if subtle.ConstantTimeCompare([]byte(csrfOf(sessionToken)), []byte(sent)) != 1 {
		return qingyuan.Errorf(qingyuan.Forbidden, "the request does not carry this session's anti-forgery token: reload the page")
	}
	return nil
}
