package audit

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// Head is a signed statement of how long a tenant's chain was at some time, and of its last hash. Kept outside the database, it shows
// when the end of the chain is cut off or all of it is rewritten.
type Head struct {
	Tenant    qingyuan.Tenant `json:"tenant"`
	N         int64           `json:"n"`
	Hash      Hash            `json:"hash"`
	At        time.Time       `json:"at"`
	Key       string          `json:"key"`       // Ed25519 public key, base64
	Signature string          `json:"signature"` // base64
}

// Signer gives the secret from which a tenant's signing key is made; *keys.Ring is one.
type Signer interface {
	Derive(ctx context.Context, t qingyuan.Tenant, purpose string) ([32]byte, error)
}

func (h *Head) message() []byte {
	return fmt.Appendf(nil, "qingyuan audit head 1\n%s\n%d\n%x\n%d\n", h.Tenant, h.N, h.Hash, h.At.UnixMicro())
}

func signingKey(ctx context.Context, s Signer, t qingyuan.Tenant) (ed25519.PrivateKey, error) {
	seed, err := s.Derive(ctx, t, "audit head signature")
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed[:]), nil
}

// Sign makes the head of the tenant's chain as it is now.
func Sign(ctx context.Context, db *store.DB, s Signer, t qingyuan.Tenant) (*Head, error) {
	var last Entry
	err := db.Read(ctx, t, func(tx *store.Tx) (err error) {
		last, err = Last(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	key, err := signingKey(ctx, s, t)
	if err != nil {
		return nil, err
	}
	h := &Head{Tenant: t, N: last.N, Hash: last.Hash, At: db.Now().UTC().Truncate(time.Microsecond)}
	h.Key = base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
	h.Signature = base64.StdEncoding.EncodeToString(ed25519.Sign(key, h.message()))
	return h, nil
}

// Valid reports whether the head is signed by the key it names.
func (h *Head) Valid() bool {
	key, err := base64.StdEncoding.DecodeString(h.Key)
	sig, serr := base64.StdEncoding.DecodeString(h.Signature)
	return err == nil && serr == nil && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, h.message(), sig)
}

// HeadsFile is where the heads of a tenant stand under dir, one JSON object a line, oldest first.
func HeadsFile(dir string, t qingyuan.Tenant) string { return filepath.Join(dir, string(t)+".heads") }

// ReadHeads reads published heads; none where there is no such file.
func ReadHeads(file string) (all []Head, err error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		var h Head
		if len(lines.Bytes()) == 0 {
			continue
		}
		if err := json.Unmarshal(lines.Bytes(), &h); err != nil {
			return nil, qingyuan.Wrap(qingyuan.Invalid, err, "a published head cannot be read")
		}
		all = append(all, h)
	}
	return all, lines.Err()
}

// publish adds the tenant's head to its file where it has moved.
func (k *Keeper) publish(ctx context.Context, t qingyuan.Tenant) error {
	if k.Dir == "" {
		return nil
	}
	h, err := Sign(ctx, k.DB, k.Signs, t)
	if qingyuan.CodeOf(err) == qingyuan.NotFound {
		return nil // a tenant without keys yet
	}
	if err != nil {
		return err
	}
	before, err := ReadHeads(HeadsFile(k.Dir, t))
	if err != nil || h.N == 0 || len(before) > 0 && before[len(before)-1].N >= h.N {
		return err
	}
	if err := os.MkdirAll(k.Dir, 0o700); err != nil {
		return err
	}
	line, err := json.Marshal(h)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(HeadsFile(k.Dir, t), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}
