package auth

import (
	"context"

	"qingyuan"
	"qingyuan/internal/store"
)

// Colleague is who stands behind an account id, for those who read the record.
type Colleague struct {
	ID   string
	Name string
	Role Role
}

// maxColleagues bounds the answer of [Service.Colleagues].
const maxColleagues = 5000

// Colleagues names the accounts of the tenant, disabled ones included: they stay on record.
func (s *Service) Colleagues(ctx context.Context, tenant qingyuan.Tenant) (all []Colleague, err error) {
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT id, name, role FROM account WHERE tenant = $1 ORDER BY name LIMIT $2`, maxColleagues)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c Colleague
			if err := rows.Scan(&c.ID, &c.Name, &c.Role); err != nil {
				return err
			}
			all = append(all, c)
		}
		return rows.Err()
	})
	return all, err
}
