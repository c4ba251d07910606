package rights

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"qingyuan"
	"qingyuan/internal/keys"
	"qingyuan/internal/store"
)

// Tombstone is what stays of an erased person: enough to erase the same person in an older copy of the record, and nothing that names one.
type Tombstone struct {
	ID     string          `json:"id"`
	Tenant qingyuan.Tenant `json:"tenant"`
	At     time.Time       `json:"at"`
	Keys   []string        `json:"keys"` // ids of the destroyed data keys, hex: random
}

// PersonErased is the outbox entry of an erasure; subject: the tombstone's id.
const PersonErased = "person.erased"

// bury records the tombstone, and writes it into the ledger before the command is committed: an erasure that the ledger knows and the
// record does not is done at the next start.
func (s *Service) bury(tx *store.Tx, stone Tombstone) error {
	text, err := json.Marshal(stone)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO erasure (tenant, id, at, tombstone) VALUES ($1, $2, $3, $4)`, stone.ID, stone.At.UnixMicro(), string(text)); err != nil {
		return err
	}
	if _, err := tx.Emit(PersonErased, stone.ID, nil); err != nil {
		return err
	}
	return s.enter(stone)
}

// enter adds a tombstone to the ledger.
func (s *Service) enter(stone Tombstone) error {
	if s.cfg.Ledger == "" {
		return nil
	}
	known, err := readLedger(s.cfg.Ledger)
	if err != nil {
		return err
	}
	for _, k := range known {
		if k.ID == stone.ID && k.Tenant == stone.Tenant {
			return nil
		}
	}
	line, err := json.Marshal(stone)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.cfg.Ledger), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(s.cfg.Ledger, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return qingyuan.Wrap(qingyuan.Unavailable, err, "the ledger of erasures cannot be written; nothing was erased")
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

func readLedger(path string) (all []Tombstone, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var stone Tombstone
		if err := json.Unmarshal(lines.Bytes(), &stone); err != nil {
			return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the ledger of erasures cannot be read")
		}
		all = append(all, stone)
	}
	return all, lines.Err()
}

// Reapply makes record and ledger agree: a tombstone that the record lacks means that an older copy was restored, and the person is erased
// again; one that the ledger lacks is entered. It returns how many people were erased again. Call it before anything is served.
func (s *Service) Reapply(ctx context.Context) (again int, err error) {
	if s.cfg.Ledger == "" {
		return 0, nil
	}
	ledger, err := readLedger(s.cfg.Ledger)
	if err != nil {
		return 0, err
	}
	tenants, err := s.cfg.DB.Tenants(ctx)
	if err != nil {
		return 0, err
	}
	for _, t := range tenants {
		buried := map[string]Tombstone{}
		if err := s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error { return tombstones(tx, buried) }); err != nil {
			return again, err
		}
		for _, stone := range ledger {
			if stone.Tenant != t {
				continue
			}
			if _, done := buried[stone.ID]; done {
				delete(buried, stone.ID)
				continue
			}
			if err := s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error { return s.repeat(tx, stone) }); err != nil {
				return again, err
			}
			again++
		}
		for _, stone := range buried {
			if err := s.enter(stone); err != nil {
				return again, err
			}
		}
	}
	return again, nil
}

func tombstones(tx *store.Tx, into map[string]Tombstone) error {
	rows, err := tx.Query(`SELECT id, tombstone FROM erasure WHERE tenant = $1`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			return err
		}
		var stone Tombstone
		if err := json.Unmarshal([]byte(text), &stone); err != nil {
			return err
		}
		into[id] = stone
	}
	return rows.Err()
}

// repeat erases again whom a tombstone is of, as far as this copy of the record knows the person.
func (s *Service) repeat(tx *store.Tx, stone Tombstone) error {
	person := ""
	for _, k := range stone.Keys {
		id, err := hex.DecodeString(k)
		if err != nil {
			return qingyuan.Wrap(qingyuan.Invalid, err, "a tombstone names no key")
		}
		if person, err = keys.PersonOf(tx, id); err != nil {
			return err
		}
		if person == "" {
			continue
		}
		sub, err := s.cfg.Directory.Subject(tx, person)
		if qingyuan.CodeOf(err) == qingyuan.NotFound {
			if err := s.cfg.Keys.Destroy(tx, person); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		return s.erase(tx, sub, stone.ID)
	}
	return s.bury(tx, stone)
}
