package auth

import (
	"crypto/sha256"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"qingyuan"
)

// keyFresh is how long a verified key is believed without asking the database.
const keyFresh = 5 * time.Second

// keyRef names a key among all tenants'.
type keyRef struct {
	tenant qingyuan.Tenant
	id     string
}

// keyUse is when a key was last used, in microseconds; 0 where that is stored already.
type keyUse struct{ at atomic.Int64 }

type cachedKey struct {
	principal Principal
	until     time.Time
	use       *keyUse
}

// keyCache holds keys that were verified, by the hash of their secret, and when keys were used. Both are bounded by the
// number of keys in force: what is not valid never enters.
type keyCache struct {
	mu         sync.RWMutex
	entries    map[[sha256.Size]byte]*cachedKey
	uses       map[keyRef]*keyUse
	generation uint64 // counts revocations
}

func newKeyCache() *keyCache {
	return &keyCache{entries: map[[sha256.Size]byte]*cachedKey{}, uses: map[keyRef]*keyUse{}}
}

func (c *keyCache) find(hash [sha256.Size]byte, now time.Time) (Principal, bool) {
	c.mu.RLock()
	e := c.entries[hash]
	c.mu.RUnlock()
	if e == nil || !now.Before(e.until) {
		return Principal{}, false
	}
	e.use.at.Store(now.UnixMicro())
	p := e.principal
	p.Scopes = slices.Clone(p.Scopes)
	return p, true
}

// mark is the generation before a key is read from the database.
func (c *keyCache) mark() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.generation
}

// keep remembers a verified key, unless a key was revoked since generation: it may be this one.
func (c *keyCache) keep(hash [sha256.Size]byte, p Principal, now, expires time.Time, generation uint64) {
	ref := keyRef{p.Tenant, p.Actor.ID}
	c.mu.Lock()
	defer c.mu.Unlock()
	use := c.uses[ref]
	if use == nil {
		use = &keyUse{}
		c.uses[ref] = use
	}
	use.at.Store(now.UnixMicro())
	if c.generation != generation {
		return
	}
	until := now.Add(keyFresh)
	if expires.Before(until) {
		until = expires
	}
	c.entries[hash] = &cachedKey{principal: p, until: until, use: use}
}

// forget drops a key that was revoked.
func (c *keyCache) forget(ref keyRef) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	for hash, e := range c.entries {
		if e.principal.Tenant == ref.tenant && e.principal.Actor.ID == ref.id {
			delete(c.entries, hash)
		}
	}
}

// sweep drops what is stale and returns, by tenant and key, the uses that were not stored yet.
func (c *keyCache) sweep(now time.Time) map[qingyuan.Tenant]map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	for hash, e := range c.entries {
		if !now.Before(e.until) {
			delete(c.entries, hash)
		}
	}
	used := map[qingyuan.Tenant]map[string]int64{}
	for ref, use := range c.uses {
		at := use.at.Swap(0)
		if at == 0 {
			continue
		}
		if used[ref.tenant] == nil {
			used[ref.tenant] = map[string]int64{}
		}
		used[ref.tenant][ref.id] = at
	}
	return used
}
