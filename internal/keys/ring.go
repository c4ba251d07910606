package keys

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"hash"
	"io/fs"
	"slices"
	"strings"
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
	DB        *store.DB
	KEK       []byte    // 32 bytes of a local KEK; nil where KEKs says
	KEKs      []KEK     // the first wraps, all of them open
	Algorithm Algorithm // of what is sealed from now on; 0: AES256GCM
	Cached    int       // data keys kept in memory per tenant; 0: 50,000
}

// Ring holds the unwrapped keys. It is safe for concurrent use.
type Ring struct {
	cfg Config

	mu      sync.RWMutex
	keks    []KEK // the first wraps
	tenants map[qingyuan.Tenant]*tenantKeys
}

// tenantKeys are one tenant's unwrapped keys and the data keys in use.
type tenantKeys struct {
	wraps   map[uint32]*key // by version
	current uint32
	blind   []byte
	macs    sync.Map // what is indexed → *sync.Pool of hash.Hash
	*dataKeys
}

// dataKeys are the data keys in use. They outlive a rotation of the keys that wrap them.
type dataKeys struct {
	mu      sync.Mutex
	persons map[string]*Person
	byID    map[keyID]*Person
}

type keyID [8]byte

// New makes a ring. A wrong KEK is found when a tenant's keys are first used, or at once by [Ring.Check].
func New(cfg Config) (*Ring, error) {
	if cfg.Algorithm == 0 {
		cfg.Algorithm = AES256GCM
	}
	if cfg.Cached <= 0 {
		cfg.Cached = 50_000
	}
	r := &Ring{cfg: cfg, keks: slices.Clone(cfg.KEKs), tenants: map[qingyuan.Tenant]*tenantKeys{}}
	if len(cfg.KEK) > 0 || len(r.keks) == 0 {
		local, err := LocalKEK(cfg.KEK, cfg.Algorithm)
		if err != nil {
			return nil, err
		}
		r.keks = append(r.keks, local)
	}
	return r, nil
}

// Algorithm is what seals from now on.
func (r *Ring) Algorithm() Algorithm { return r.cfg.Algorithm }

// Empty reports whether the database holds no tenant's keys yet, so that any KEK will do.
func Empty(ctx context.Context, db *store.DB) (bool, error) {
	all, err := db.Tenants(ctx)
	for _, t := range all {
		var n int64
		if _, err := db.Get(ctx, t, `SELECT count(*) FROM tenant_key WHERE tenant = $1`, nil, &n); err != nil || n > 0 {
			return false, err
		}
	}
	return err == nil, err
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

func (r *Ring) wrapping() KEK {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.keks[0]
}

// CreateTenant makes the tenant's keys where it has none.
func (r *Ring) CreateTenant(ctx context.Context, t qingyuan.Tenant) error {
	kek := r.wrapping()
	wrapped := map[string][]byte{}
	for _, purpose := range []string{"wrap", "blind"} {
		b := make([]byte, keySize)
		rand.Read(b)
		var err error
		if wrapped[purpose], err = kek.Wrap(ctx, b, bindTenant(t, purpose, 1)); err != nil {
			return err
		}
	}
	return r.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		for purpose, w := range wrapped {
			_, err := tx.Exec(`INSERT INTO tenant_key (tenant, purpose, version, kek_id, wrapped, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
				purpose, 1, kek.ID(), w, tx.Now().UnixMicro())
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func bindTenant(t qingyuan.Tenant, purpose string, version uint32) string {
	if version == 1 {
		return string(t) + "|" + purpose
	}
	return string(t) + "|" + purpose + "|" + hex.EncodeToString([]byte{byte(version >> 24), byte(version >> 16), byte(version >> 8), byte(version)})
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

// tenantRow is one stored key of a tenant.
type tenantRow struct {
	purpose   string
	version   uint32
	kek       string
	wrapped   []byte
	createdAt int64
}

func tenantRows(tx *store.Tx) (all []tenantRow, err error) {
	rows, err := tx.Query(`SELECT purpose, version, kek_id, wrapped, created_at FROM tenant_key WHERE tenant = $1 ORDER BY purpose, version`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var k tenantRow
		if err := rows.Scan(&k.purpose, &k.version, &k.kek, &k.wrapped, &k.createdAt); err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, rows.Err()
}

// unwrap opens a stored key with the KEK it names. Errors: invalid where there is no such KEK here or it does not open it.
func (r *Ring) unwrap(ctx context.Context, t qingyuan.Tenant, k tenantRow) ([]byte, error) {
	r.mu.RLock()
	keks := r.keks
	r.mu.RUnlock()
	names := make([]string, len(keks))
	for i, kek := range keks {
		if names[i] = kek.ID(); names[i] != k.kek {
			continue
		}
		b, err := kek.Unwrap(ctx, k.wrapped, bindTenant(t, k.purpose, k.version))
		if qingyuan.CodeOf(err) == qingyuan.Unavailable {
			return nil, err
		}
		if err != nil {
			return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the key-encryption key (id "+k.kek+") does not open this database although it has the right id; nothing was changed")
		}
		return b, nil
	}
	return nil, qingyuan.Errorf(qingyuan.Invalid, "the key-encryption key (id %s) does not open this database (it wants id %s); nothing was changed", strings.Join(names, ", "), k.kek)
}

func (r *Ring) load(ctx context.Context, t qingyuan.Tenant) (*tenantKeys, error) {
	var rows []tenantRow
	err := r.cfg.DB.Read(ctx, t, func(tx *store.Tx) (err error) {
		rows, err = tenantRows(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	k := &tenantKeys{wraps: map[uint32]*key{}, dataKeys: &dataKeys{persons: map[string]*Person{}, byID: map[keyID]*Person{}}}
	for _, row := range rows {
		b, err := r.unwrap(ctx, t, row)
		if err != nil {
			return nil, err
		}
		if row.purpose == "blind" {
			k.blind = b
			continue
		}
		if k.wraps[row.version], err = newKey(b, r.cfg.Algorithm); err != nil {
			return nil, err
		}
		k.current = max(k.current, row.version)
	}
	if k.blind == nil || k.current == 0 {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "there is no tenant %q, or it has no keys", t)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if was := r.tenants[t]; was != nil {
		if was.current >= k.current {
			return was, nil
		}
		k.dataKeys = was.dataKeys
	}
	r.tenants[t] = k
	return k, nil
}

// mac gives a keyed hash for one purpose of the tenant; put it back into the pool.
func (k *tenantKeys) mac(purpose string) *sync.Pool {
	pool, ok := k.macs.Load(purpose)
	if !ok {
		sub := k.derive(purpose)
		pool, _ = k.macs.LoadOrStore(purpose, &sync.Pool{New: func() any { return hmac.New(sha256.New, sub[:]) }})
	}
	return pool.(*sync.Pool)
}

func (k *tenantKeys) derive(purpose string) [keySize]byte {
	mac := hmac.New(sha256.New, k.blind)
	mac.Write([]byte(purpose))
	return [keySize]byte(mac.Sum(nil))
}

// Derive is a secret of the tenant's for one purpose, such as the signature of its audit heads. It is the same as long as the tenant lives.
func (r *Ring) Derive(ctx context.Context, t qingyuan.Tenant, purpose string) ([32]byte, error) {
	k, err := r.tenant(ctx, t)
	if err != nil {
		return [32]byte{}, err
	}
	return k.derive("secret for " + purpose), nil
}

// Blind is the blind index of a normalised value: the first 16 bytes of HMAC-SHA-256 under a key derived for the kind,
// in hex.
func (r *Ring) Blind(ctx context.Context, t qingyuan.Tenant, kind qingyuan.EntityKind, value string) (string, error) {
	k, err := r.tenant(ctx, t)
	if err != nil {
		return "", err
	}
	pool := k.mac("blind index of " + string(kind))
	mac := pool.Get().(hash.Hash)
	defer pool.Put(mac)
	mac.Reset()
	mac.Write([]byte(value))
	var sum [sha256.Size]byte
	return hex.EncodeToString(mac.Sum(sum[:0])[:16]), nil
}

// Open opens what a Seal of any person of the tenant made for that place. Errors: not_found where the person's keys were
// destroyed; internal where the bytes were changed or moved.
func (r *Ring) Open(ctx context.Context, t qingyuan.Tenant, sealed []byte, place string) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "the data was erased")
	}
	if len(sealed) < sealedHead+tagSize {
		return nil, qingyuan.Errorf(qingyuan.Internal, "not a sealed value")
	}
	p, err := r.byID(ctx, t, keyID(sealed[1:9]))
	if err != nil {
		return nil, err
	}
	aead, err := p.key.cipher(Algorithm(sealed[0]))
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, sealed[9:sealedHead], sealed[sealedHead:], []byte(string(t)+"|"+place))
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Internal, err, "a sealed value does not open: it was changed or moved")
	}
	return plain, nil
}

// errOldRing tells that a key was wrapped by a version this process has not read yet.
var errOldRing = errors.New("wrapped by a newer version")

// openPerson unwraps a stored data key; where it is wrapped by a version that another process made, the tenant's keys are read anew.
func (r *Ring) openPerson(ctx context.Context, t qingyuan.Tenant, k *tenantKeys, p storedKey) (*Person, error) {
	person, err := k.unwrap(t, p, r.cfg.Algorithm)
	if errors.Is(err, errOldRing) {
		var anew *tenantKeys
		if anew, err = r.load(ctx, t); err == nil {
			person, err = anew.unwrap(t, p, r.cfg.Algorithm)
		}
	}
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Internal, err, "a data key does not open")
	}
	return person, nil
}
