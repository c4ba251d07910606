package imports

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/intake"
	"qingyuan/internal/store"
)

// Pack is one revision of a mapping.
type Pack struct {
	Name      string
	Revision  int64 // from 1; 0: ships with the product
	Text      string
	Author    string
	CreatedAt time.Time
}

// mapped is a mapping with its revision.
type mapped struct {
	*intake.Mapping
	revision int64
}

// Publish stores a new revision of the mapping that the text names. Errors: invalid for the text, with the line at fault; conflict for
// the name of one that ships with the product.
func (s *Service) Publish(ctx context.Context, t qingyuan.Tenant, by qingyuan.Actor, text string) (*Pack, error) {
	m, err := intake.LoadMapping([]byte(text))
	if err != nil {
		e := qingyuan.AsError(err)
		return nil, qingyuan.FieldErrorf("text", "%s", strings.TrimPrefix(e.Field+": "+e.Message, ": "))
	}
	if slices.Contains(intake.ShippedMappings(), m.Name) {
		return nil, qingyuan.Errorf(qingyuan.Conflict, "a mapping named %s ships with the product: choose another name", m.Name)
	}
	p := &Pack{Name: m.Name, Text: text, Author: by.ID}
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		p.CreatedAt = tx.Now().UTC()
		var last int64
		if _, err := tx.Get(`SELECT coalesce(max(revision), 0) FROM import_mapping WHERE tenant = $1 AND name = $2`, []any{m.Name}, &last); err != nil {
			return err
		}
		p.Revision = last + 1
		if _, err := tx.Exec(`INSERT INTO import_mapping (tenant, name, revision, body, author, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			p.Name, p.Revision, p.Text, p.Author, p.CreatedAt.UnixMicro()); err != nil {
			return err
		}
		return emit(tx, "mapping.published", fmt.Sprintf("%s@%d", p.Name, p.Revision), by)
	})
	return p, err
}

// Packs lists the newest revision of every mapping, those that ship with the product first.
func (s *Service) Packs(ctx context.Context, t qingyuan.Tenant) (all []Pack, err error) {
	for _, name := range intake.ShippedMappings() {
		text, err := intake.ShippedMappingText(name)
		if err != nil {
			return nil, err
		}
		all = append(all, Pack{Name: name, Text: string(text)})
	}
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT name, revision, body, author, created_at FROM import_mapping WHERE tenant = $1 ORDER BY name, revision`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p Pack
			var at int64
			if err := rows.Scan(&p.Name, &p.Revision, &p.Text, &p.Author, &at); err != nil {
				return err
			}
			p.CreatedAt = time.UnixMicro(at).UTC()
			if n := len(all); n > 0 && all[n-1].Name == p.Name {
				all = all[:n-1]
			}
			all = append(all, p)
		}
		return rows.Err()
	})
	return all, err
}

// mapping finds name, or name@revision: the tenant's own, else the one that ships. Errors: not_found.
func (s *Service) mapping(ctx context.Context, t qingyuan.Tenant, ref string) (mapped, error) {
	name, number, fixed := strings.Cut(ref, "@")
	revision, err := strconv.ParseInt(number, 10, 64)
	if fixed && (err != nil || revision < 0) {
		return mapped{}, qingyuan.Errorf(qingyuan.NotFound, "there is no mapping %q", ref)
	}
	if slices.Contains(intake.ShippedMappings(), name) && revision == 0 {
		m, err := intake.ShippedMapping(name)
		return mapped{m, 0}, err
	}
	var text string
	found := false
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) (err error) {
		found, err = tx.Get(`SELECT revision, body FROM import_mapping WHERE tenant = $1 AND name = $2 AND (revision = $3 OR $3 = 0) ORDER BY revision DESC LIMIT 1`,
			[]any{name, revision}, &revision, &text)
		return err
	})
	if err != nil {
		return mapped{}, err
	}
	if !found {
		return mapped{}, qingyuan.Errorf(qingyuan.NotFound, "there is no mapping %q", ref)
	}
	m, err := intake.LoadMapping([]byte(text))
	return mapped{m, revision}, err
}
