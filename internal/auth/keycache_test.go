package auth

import (
	"testing"
	"time"

	"qingyuan"
)

// A key that was read before its revocation and is kept after it must not be remembered.
func TestKeyReadBeforeARevocationIsNotRemembered(t *testing.T) {
	now := time.Now()
	c := newKeyCache()
	hash := hashOf("a key")
	p := Principal{Tenant: "t1", Actor: qingyuan.Actor{Kind: qingyuan.ActorKey, ID: keyID}}
	generation := c.mark()
	c.forget(keyRef{"t1", keyID})
	c.keep(hash, p, now, now.Add(time.Hour), generation)
	if _, ok := c.find(hash, now); ok {
		t.Error("remembered")
	}
	if used := c.sweep(now); used["t1"][keyID] != now.UnixMicro() {
		t.Errorf("its use was lost: %v", used)
	}
	c.keep(hash, p, now, now.Add(time.Hour), c.mark())
	if _, ok := c.find(hash, now.Add(keyFresh-1)); !ok {
		t.Error("not remembered")
	}
	if _, ok := c.find(hash, now.Add(keyFresh)); ok {
		t.Error("remembered too long")
	}
	if c.sweep(now.Add(keyFresh)); len(c.entries) != 0 {
		t.Error("a stale entry stays")
	}
}
