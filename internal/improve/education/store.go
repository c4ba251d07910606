package education

import (
	"embed"
	"io/fs"
	"time"

	"qingyuan/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the package's migration line.
func Migrations() store.Line {
	files, _ := fs.Sub(migrations, "migrations")
	return store.Line{Name: "education", Files: files}
}

func versions(tx *store.Tx, where string, args ...any) (all []Version, err error) {
	rows, err := tx.Query(`SELECT version, seq, content, hash, requester, approval, reason, created_at FROM education_programme WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var v Version
		var content string
		var at int64
		if err := rows.Scan(&v.Version, &v.Seq, &content, &v.Hash, &v.Requester, &v.Approval, &v.Reason, &at); err != nil {
			return nil, err
		}
		if v.Programme, err = parse(content); err != nil {
			return nil, err
		}
		v.CreatedAt = time.UnixMicro(at).UTC()
		all = append(all, v)
	}
	return all, rows.Err()
}

// newest is the version in force, nil where there is none.
func newest(tx *store.Tx) (*Version, error) {
	return one(versions(tx, `version >= $2 ORDER BY version DESC LIMIT 1`, 0))
}

// versionOf is one version, nil where there is none.
func versionOf(tx *store.Tx, version int) (*Version, error) {
	return one(versions(tx, `version = $2`, version))
}

func one(all []Version, err error) (*Version, error) {
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

func add(tx *store.Tx, v *Version, content string) error {
	_, err := tx.Exec(`INSERT INTO education_programme (tenant, version, seq, content, hash, requester, approval, reason, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, v.Version, v.Seq, content, v.Hash, v.Requester, v.Approval, v.Reason, tx.Now().UnixMicro())
	return err
}

func enrolments(tx *store.Tx, where string, args ...any) (all []Enrolment, err error) {
	rows, err := tx.Query(`SELECT id, seq, version, subject, event, arm, enrolled_at, until, coalesce(complained_at, 0), coalesce(agent_at, 0), coalesce(overdue_at, 0)
		FROM education_enrolment WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var n Enrolment
		var at [5]int64
		if err := rows.Scan(&n.ID, &n.Seq, &n.Version, &n.Subject, &n.Event, &n.Arm, &at[0], &at[1], &at[2], &at[3], &at[4]); err != nil {
			return nil, err
		}
		for i, to := range []*time.Time{&n.EnrolledAt, &n.Until, &n.ComplainedAt, &n.AgentAt, &n.OverdueAt} {
			if at[i] != 0 {
				*to = time.UnixMicro(at[i]).UTC()
			}
		}
		all = append(all, n)
	}
	return all, rows.Err()
}

func enter(tx *store.Tx, n *Enrolment) error {
	_, err := tx.Exec(`INSERT INTO education_enrolment (tenant, id, seq, version, subject, event, arm, enrolled_at, until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		n.ID, n.Seq, n.Version, n.Subject, n.Event, string(n.Arm), n.EnrolledAt.UnixMicro(), n.Until.UnixMicro())
	return err
}

// mark notes effects, each the first time.
func mark(tx *store.Tx, id string, at int64, s shows) error {
	for _, m := range []struct {
		happened bool
		query    string
	}{
		{s.complained, `UPDATE education_enrolment SET complained_at = $3 WHERE tenant = $1 AND id = $2 AND complained_at IS NULL`},
		{s.agent, `UPDATE education_enrolment SET agent_at = $3 WHERE tenant = $1 AND id = $2 AND agent_at IS NULL`},
		{s.overdue, `UPDATE education_enrolment SET overdue_at = $3 WHERE tenant = $1 AND id = $2 AND overdue_at IS NULL`},
	} {
		if !m.happened {
			continue
		}
		if _, err := tx.Exec(m.query, id, at); err != nil {
			return err
		}
	}
	return nil
}

// count counts the people of both arms whose time is up, and those who wait.
func count(tx *store.Tx, version int) (*Effect, error) {
	rows, err := tx.Query(`SELECT arm, until < $3, count(*), count(complained_at), count(agent_at), count(overdue_at) FROM education_enrolment
		WHERE tenant = $1 AND (version = $2 OR $2 = 0) GROUP BY arm, until < $3`, version, tx.Now().UnixMicro())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	e := &Effect{}
	for rows.Next() {
		var arm Arm
		var up bool
		var c Counts
		if err := rows.Scan(&arm, &up, &c.People, &c.Complained, &c.Agent, &c.Overdue); err != nil {
			return nil, err
		}
		switch {
		case !up:
			e.Waiting += c.People
		case arm == Taught:
			e.Taught = c
		default:
			e.Holdout = c
		}
	}
	return e, rows.Err()
}
