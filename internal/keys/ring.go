package keys

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"hash"
	"io/fs"
	"sync"

	"qingyuan"
	"qingyuan/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the package's migration line.
func Migrations() store.Line {
	files, _ := fs.Sub(migrations, "migrations")
	return store.Line{Name: "keys", Files: files}
}

// Config says where keys are kept.
type Config struct {
	DB     *store.DB
	KEK    []byte // 32 bytes, see LoadKEK
	Cached int    // data keys kept in memory per tenant; 0: 50,000
}

// Ring holds the unwrapped keys. It is safe for concurrent use.
type Ring struct {
	cfg Config
	kek cipher.AEAD
	id  string

	mu      sync.RWMutex
	tenants map[qingyuan.Tenant]*tenantKeys
}

// tenantKeys are one tenant's unwrapped keys and the data keys in use.
type tenantKeys struct {
	wrap  cipher.AEAD
	blind []byte
	macs  sync.Map // EntityKind → *sync.Pool of hash.Hash

	mu      sync.Mutex
	persons map[string]*Person
	byID    map[keyID]*Person
}

type keyID [8]byte

// New makes a ring. A wrong KEK is found when a tenant's keys are first used, or at once by [Ring.Check].
func New(cfg Config) (*Ring, error) {
	if len(cfg.KEK) != 32 {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the key-encryption key must have 32 bytes")
	}
	if cfg.Cached <= 0 {
		cfg.Cached = 50_000
	}
	aead, err := newAEAD(cfg.KEK)
	if err != nil {
		return nil, err
	}
	return &Ring{cfg: cfg, kek: aead, id: kekID(cfg.KEK), tenants: map[qingyuan.Tenant]*tenantKeys{}}, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Check opens the keys of every tenant, so that a wrong KEK stops a program at its start. It changes nothing.
func (r *Ring) Check(ctx context.Context) error {
	all, err := r.cfg.DB.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range all {
		if _, err := r.load(ctx, t); err != nil && qingyuan.CodeOf(err) != qingyuan.NotFound {
			return err
		}
	}
	return nil
}

// CreateTenant makes the tenant's keys where it has none.
func (r *Ring) CreateTenant(ctx context.Context, t qingyuan.Tenant) error {
	return r.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		for _, purpose := range []string{"wrap", "blind"} {
			key := make([]byte, 32)
			rand.Read(key)
			wrapped := seal(r.kek, key, string(t)+"|"+purpose)
			_, err := tx.Exec(`INSERT INTO tenant_key (tenant, purpose, kek_id, wrapped, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
				purpose, r.id, wrapped, tx.Now().UnixMicro())
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *Ring) tenant(ctx context.Context, t qingyuan.Tenant) (*tenantKeys, error) {
	r.mu.RLock()
	k := r.tenants[t]
	r.mu.RUnlock()
	if k != nil {
		return k, nil
	}
	return r.load(ctx, t)
}

func (r *Ring) load(ctx context.Context, t qingyuan.Tenant) (*tenantKeys, error) {
	unwrapped := map[string][]byte{}
	err := r.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT purpose, kek_id, wrapped FROM tenant_key WHERE tenant = $1`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var purpose, id string
			var wrapped []byte
			if err := rows.Scan(&purpose, &id, &wrapped); err != nil {
				return err
			}
			key, err := open(r.kek, wrapped, string(t)+"|"+purpose)
			if err != nil {
				return qingyuan.Wrap(qingyuan.Invalid, err, "the key file (id "+r.id+") does not open this database (it wants id "+id+"); nothing was changed")
			}
			unwrapped[purpose] = key
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	if len(unwrapped) != 2 {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "there is no tenant %q, or it has no keys", t)
	}
	wrap, err := newAEAD(unwrapped["wrap"])
	if err != nil {
		return nil, err
	}
	k := &tenantKeys{wrap: wrap, blind: unwrapped["blind"], persons: map[string]*Person{}, byID: map[keyID]*Person{}}
	r.mu.Lock()
	defer r.mu.Unlock()
	if was := r.tenants[t]; was != nil {
		return was, nil
	}
	r.tenants[t] = k
	return k, nil
}

// Blind is the blind index of a normalised value: the first 16 bytes of HMAC-SHA-256 under a key derived for the kind,
// in hex.
func (r *Ring) Blind(ctx context.Context, t qingyuan.Tenant, kind qingyuan.EntityKind, value string) (string, error) {
	k, err := r.tenant(ctx, t)
	if err != nil {
		return "", err
	}
	pool, ok := k.macs.Load(kind)
	if !ok {
		derive := hmac.New(sha256.New, k.blind)
		derive.Write([]byte("blind index of " + kind))
		key := derive.Sum(nil)
		pool, _ = k.macs.LoadOrStore(kind, &sync.Pool{New: func() any { return hmac.New(sha256.New, key) }})
	}
	mac := pool.(*sync.Pool).Get().(hash.Hash)
	defer pool.(*sync.Pool).Put(mac)
	mac.Reset()
	mac.Write([]byte(value))
	var sum [sha256.Size]byte
	return hex.EncodeToString(mac.Sum(sum[:0])[:16]), nil
}

// Person is a handle on one person's data key.
type Person struct {
	tenant  qingyuan.Tenant
	person  string
	id      keyID
	aead    cipher.AEAD
	wrapped []byte

	mu     sync.Mutex
	stored bool
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
	var id, wrapped []byte
	found, err := r.cfg.DB.Get(ctx, t, `SELECT id, wrapped FROM person_key WHERE tenant = $1 AND person = $2 ORDER BY id LIMIT 1`, []any{person}, &id, &wrapped)
	if err != nil {
		return nil, err
	}
	if found {
		p, err = k.unwrap(t, person, id, wrapped)
	} else {
		p, err = k.make(t, person)
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

func (k *tenantKeys) make(t qingyuan.Tenant, person string) (*Person, error) {
	key := make([]byte, 32)
	rand.Read(key)
	p := &Person{tenant: t, person: person}
	rand.Read(p.id[:])
	p.wrapped = seal(k.wrap, key, bindPerson(t, person, p.id[:]))
	var err error
	p.aead, err = newAEAD(key)
	return p, err
}

func (k *tenantKeys) unwrap(t qingyuan.Tenant, person string, id, wrapped []byte) (*Person, error) {
	key, err := open(k.wrap, wrapped, bindPerson(t, person, id))
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Internal, err, "a data key does not open")
	}
	p := &Person{tenant: t, person: person, id: keyID(id), stored: true}
	p.aead, err = newAEAD(key)
	return p, err
}

func bindPerson(t qingyuan.Tenant, person string, id []byte) string {
	return string(t) + "|person|" + person + "|" + string(id)
}

var personKeyRow = store.IntoOrIgnore("person_key", "id", "person", "wrapped", "created_at")

// Persist stores the data key with the command's rows, where it is not stored yet.
func (p *Person) Persist(tx *store.Tx) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stored {
		return
	}
	tx.Insert(personKeyRow, p.id[:], p.person, p.wrapped, tx.Now().UnixMicro())
	tx.OnCommit(func() {
		p.mu.Lock()
		p.stored = true
		p.mu.Unlock()
	})
}

// Seal seals plain for one place: place is the table and id it is stored under.
func (p *Person) Seal(plain []byte, place string) []byte {
	out := make([]byte, 1+8+12, 1+8+12+len(plain)+16)
	out[0] = 1
	copy(out[1:9], p.id[:])
	rand.Read(out[9:21])
	return p.aead.Seal(out, out[9:21], plain, []byte(string(p.tenant)+"|"+place))
}

// Open opens what a Seal of any person of the tenant made for that place. Errors: not_found where the person's keys were
// destroyed; internal where the bytes were changed or moved.
func (r *Ring) Open(ctx context.Context, t qingyuan.Tenant, sealed []byte, place string) ([]byte, error) {
	if len(sealed) < 1+8+12+16 || sealed[0] != 1 {
		return nil, qingyuan.Errorf(qingyuan.Internal, "not a sealed value")
	}
	p, err := r.byID(ctx, t, keyID(sealed[1:9]))
	if err != nil {
		return nil, err
	}
	plain, err := p.aead.Open(nil, sealed[9:21], sealed[21:], []byte(string(t)+"|"+place))
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Internal, err, "a sealed value does not open: it was changed or moved")
	}
	return plain, nil
}

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
	var person string
	var wrapped []byte
	var found bool
	err = r.cfg.DB.Read(ctx, t, func(tx *store.Tx) (err error) {
		found, err = tx.Get(`SELECT person, wrapped FROM person_key WHERE tenant = $1 AND id = $2`, []any{id[:]}, &person, &wrapped)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "the person's data was erased")
	}
	if p, err = k.unwrap(t, person, id[:], wrapped); err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.byID) < 2*r.cfg.Cached {
		k.byID[id] = p
	}
	return p, nil
}

func seal(a cipher.AEAD, plain []byte, bind string) []byte {
	nonce := make([]byte, a.NonceSize(), a.NonceSize()+len(plain)+a.Overhead())
	rand.Read(nonce)
	return a.Seal(nonce, nonce, plain, []byte(bind))
}

func open(a cipher.AEAD, sealed []byte, bind string) ([]byte, error) {
	if len(sealed) < a.NonceSize() {
		return nil, errors.New("too short")
	}
	return a.Open(nil, sealed[:a.NonceSize()], sealed[a.NonceSize():], []byte(bind))
}
