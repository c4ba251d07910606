package auth

import (
	"strings"
	"testing"

	"qingyuan"
)

const keyID = "key_06ek3t0000000000000000000g"

func TestTokens(t *testing.T) {
	session, key := newSessionToken("t-1"), newKeySecret("t-1", keyID)
	if tok, ok := parseSession(session); !ok || tok.tenant != "t-1" || tok.id != "" || tok.hash != hashOf(session) {
		t.Errorf("%s: %+v %v", session, tok, ok)
	}
	if tok, ok := parseKey(key); !ok || tok.tenant != "t-1" || tok.id != keyID || tok.hash != hashOf(key) {
		t.Errorf("%s: %+v %v", key, tok, ok)
	}
	if newSessionToken("t-1") == session {
		t.Error("two tokens are equal")
	}
	secret := strings.Repeat("0", secretLength)
	for _, bad := range []string{"", "qys", "qys_", "qys__", "qys_t1_", "qys_t1", "qys_T1_" + secret, "qys__" + secret, "qys_t1_" + secret[1:],
		"qys_t1_" + secret + "0", "qys_t1_" + secret[1:] + "u", "qys_t1_" + secret[1:] + "A", "qys_t1_" + secret[1:] + "_", " " + session, session + "\n", key,
		"qys_" + strings.Repeat("a", 41) + "_" + secret} {
		if _, ok := parseSession(bad); ok {
			t.Errorf("session %q", bad)
		}
	}
	for _, bad := range []string{"", "qyk_", "qyk_t1__" + secret, "qyk_t1_" + secret, "qyk_t1_" + keyID + "_" + secret, "qyk_t1_" + keyID[4:] + "_",
		"qyk__" + keyID[4:] + "_" + secret, "qyk_t1_" + keyID[5:] + "_" + secret, session, key + "_", strings.ToUpper(key)} {
		if _, ok := parseKey(bad); ok {
			t.Errorf("key %q", bad)
		}
	}
}

func TestCSRF(t *testing.T) {
	a, b := newSessionToken("t1"), newSessionToken("t1")
	if err := CheckCSRF(a, csrfOf(a)); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "x", csrfOf(b), a, csrfOf(a)[1:], csrfOf(a) + "0"} {
		if qingyuan.CodeOf(CheckCSRF(a, bad)) != qingyuan.Forbidden {
			t.Errorf("%q was taken", bad)
		}
	}
	if strings.Contains(a, csrfOf(a)) {
		t.Error("the anti-forgery value gives the token away")
	}
}

// What parses is exactly what the makers make: a text put together from its parsed parts is the text.
func FuzzTokens(f *testing.F) {
	f.Add(newSessionToken("t1"))
	f.Add(newKeySecret("a-b-c", keyID))
	f.Add("qyk_t1__")
	f.Add("qys_\x00_\xff")
	f.Fuzz(func(t *testing.T, text string) {
		s, isSession := parseSession(text)
		k, isKey := parseKey(text)
		if isSession && isKey {
			t.Fatal("both a session and a key")
		}
		if isSession {
			if rest, ok := strings.CutPrefix(text, "qys_"+string(s.tenant)+"_"); !ok || !s.tenant.Valid() || len(rest) != secretLength {
				t.Errorf("%q: %+v", text, s)
			}
		}
		if isKey {
			if rest, ok := strings.CutPrefix(text, "qyk_"+string(k.tenant)+"_"+strings.TrimPrefix(k.id, "key_")+"_"); !ok || !k.tenant.Valid() || !qingyuan.ValidID("key", k.id) || len(rest) != secretLength {
				t.Errorf("%q: %+v", text, k)
			}
		}
	})
}
