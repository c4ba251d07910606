package keys

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"sync"

	"qingyuan"
	"qingyuan/internal/store"
)

// Person is a handle on one person's data key.
type Person struct {
	tenant qingyuan.Tenant
	person string
	id     keyID
	key    *key

	mu        sync.Mutex
	wrapped   []byte
	stored    bool
	destroyed bool
}

// storedKey is a row of person_key.
type storedKey struct {
	person      string
	id, wrapped []byte
}

// Person returns a data key of the person with that blind index, making one where there is none yet; the empty index
// stands for what concerns no person. Whoever seals with the key must call [Person.Persist] in the command that stores
// what was sealed.
func (r *Ring) Person(ctx context.Context, t qingyuan.Tenant, person string) (*Person, error) {
	k, err := r.tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	p := k.persons[person]
	k.mu.Unlock()
	if p != nil {
		return p, nil
	}
	s := storedKey{person: person}
	found, err := r.cfg.DB.Get(ctx, t, `SELECT id, wrapped FROM person_key WHERE tenant = $1 AND person = $2 ORDER BY id LIMIT 1`, []any{person}, &s.id, &s.wrapped)
	if err != nil {
		return nil, err
	}
	if found {
		p, err = r.openPerson(ctx, t, k, s)
	} else {
		p, err = k.make(t, person, r.cfg.Algorithm)
	}
	if err != nil {
		return nil, err
	}
	return k.keep(p, r.cfg.Cached), nil
}

// keep puts p into the cache and returns the handle that is in it.
func (k *tenantKeys) keep(p *Person, limit int) *Person {
	k.mu.Lock()
	defer k.mu.Unlock()
	if was := k.persons[p.person]; was != nil && !p.stored {
		return was
	}
	for name, q := range k.persons { // one goes at random where the cache is full
		if len(k.persons) < limit {
			break
		}
		delete(k.persons, name)
		delete(k.byID, q.id)
	}
	k.persons[p.person], k.byID[p.id] = p, p
	return p
}

func (k *tenantKeys) make(t qingyuan.Tenant, person string, a Algorithm) (*Person, error) {
	made, err := makeKey(a)
	if err != nil {
		return nil, err
	}
	p := &Person{tenant: t, person: person, key: made}
	rand.Read(p.id[:])
	p.wrapped = k.wraps[k.current].wrap(made.bytes[:], k.current, bindPerson(t, person, p.id[:]))
	return p, nil
}

func (k *tenantKeys) unwrap(t qingyuan.Tenant, s storedKey, a Algorithm) (*Person, error) {
	by := k.wraps[wrappedUnder(s.wrapped)]
	if by == nil {
		return nil, errOldRing
	}
	b, err := by.unwrap(s.wrapped, bindPerson(t, s.person, s.id))
	if err != nil {
		return nil, err
	}
	p := &Person{tenant: t, person: s.person, id: keyID(s.id), stored: true}
	p.key, err = newKey(b, a)
	return p, err
}

func bindPerson(t qingyuan.Tenant, person string, id []byte) string {
	return string(t) + "|person|" + person + "|" + string(id)
}

var personKeyRow = store.IntoOrIgnore("person_key", "id", "person", "wrapped", "wrap_version", "created_at")

// Persist stores the data key with the command's rows, where it is not stored yet. Errors: unavailable where the person was erased since
// the key was got: the command must not store what was sealed with it, and its caller may try again.
func (p *Person) Persist(tx *store.Tx) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.destroyed {
		return qingyuan.Errorf(qingyuan.Unavailable, "the person's data was erased at this moment; send the request again")
	}
	if p.stored {
		return nil
	}
	tx.Insert(personKeyRow, p.id[:], p.person, p.wrapped, int64(wrappedUnder(p.wrapped)), tx.Now().UnixMicro())
	tx.OnCommit(func() {
		p.mu.Lock()
		p.stored = true
		p.mu.Unlock()
	})
	return nil
}

// The sealed form: algorithm (1 byte) ‖ key id (8) ‖ nonce (12) ‖ ciphertext and tag.
const sealedHead = 1 + 8 + nonceSize

// Seal seals plain for one place: place is the table and id it is stored under.
func (p *Person) Seal(plain []byte, place string) []byte {
	out := make([]byte, sealedHead, sealedHead+len(plain)+tagSize)
	out[0] = byte(p.key.alg)
	copy(out[1:9], p.id[:])
	rand.Read(out[9:sealedHead])
	return p.aead().Seal(out, out[9:sealedHead], plain, []byte(string(p.tenant)+"|"+place))
}

func (p *Person) aead() cipher.AEAD { return p.key.aead }

func (r *Ring) byID(ctx context.Context, t qingyuan.Tenant, id keyID) (*Person, error) {
	k, err := r.tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	p := k.byID[id]
	k.mu.Unlock()
	if p != nil {
		return p, nil
	}
	s := storedKey{id: id[:]}
	var found bool
	err = r.cfg.DB.Read(ctx, t, func(tx *store.Tx) (err error) {
		found, err = tx.Get(`SELECT person, wrapped FROM person_key WHERE tenant = $1 AND id = $2`, []any{id[:]}, &s.person, &s.wrapped)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "the person's data was erased")
	}
	if p, err = r.openPerson(ctx, t, k, s); err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.byID) < 2*r.cfg.Cached {
		k.byID[id] = p
	}
	return p, nil
}

// KeyIDs are the ids of the data keys of a person: random, so that they name the person to nobody who lacks the keys.
func KeyIDs(tx *store.Tx, person string) (ids [][]byte, err error) {
	rows, err := tx.Query(`SELECT id FROM person_key WHERE tenant = $1 AND person = $2 ORDER BY id`, person)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id []byte
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// PersonOf is the blind index of the person whose data key has that id; empty where there is no such key.
func PersonOf(tx *store.Tx, id []byte) (person string, err error) {
	_, err = tx.Get(`SELECT person FROM person_key WHERE tenant = $1 AND id = $2`, []any{id}, &person)
	return person, err
}

// Destroy deletes every data key of a person within a command: what was sealed with them cannot be opened any more, here or in a copy of
// the record that the same deletion is repeated on. Handles that others hold refuse to persist from now on.
func (r *Ring) Destroy(tx *store.Tx, person string) error {
	if person == "" {
		return qingyuan.Errorf(qingyuan.Internal, "the key of what concerns no person is not a person's")
	}
	k, err := r.tenant(tx.Context(), tx.Tenant())
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM person_key WHERE tenant = $1 AND person = $2`, person); err != nil {
		return err
	}
	var held []*Person
	k.mu.Lock()
	for _, p := range k.byID {
		if p.person == person {
			held = append(held, p)
		}
	}
	k.mu.Unlock()
	mark := func(destroyed bool) {
		for _, p := range held {
			p.mu.Lock()
			p.destroyed = destroyed
			p.mu.Unlock()
		}
	}
	mark(true)
	tx.OnUndo(func() { mark(false) })
	tx.OnCommit(func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.persons, person)
		for _, p := range held {
			delete(k.byID, p.id)
		}
	})
	return nil
}
