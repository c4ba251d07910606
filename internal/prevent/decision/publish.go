package decision

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

//go:embed rulesets/*.yaml
var shipped embed.FS

// ShippedRuleset is the text of a ruleset that ships with the product, such as "first".
func ShippedRuleset(name string) ([]byte, error) {
	text, err := shipped.ReadFile("rulesets/" + name + ".yaml")
	if err != nil {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "no ruleset %q ships with the product", name)
	}
	return text, nil
}

// Check parses and compiles a ruleset against the fields of events, and returns every problem.
func Check(text []byte) (*Program, []Problem) {
	rs, problems := Parse(text)
	if len(problems) > 0 {
		return nil, problems
	}
	return Compile(rs, EventFields{})
}

// Check is [Check] with the models that the tenant has: a ruleset names none that cannot be used.
func (s *Service) Check(ctx context.Context, tenant qingyuan.Tenant, text []byte) (p *Program, problems []Problem, err error) {
	if p, problems = Check(text); len(problems) > 0 {
		return nil, problems, nil
	}
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		problems, err = s.record.bind(tx, p)
		return err
	})
	if err != nil || len(problems) > 0 {
		return nil, problems, err
	}
	return p, nil, nil
}

// Publish stores a new, immutable version of a ruleset; the same text again gives the version it already has. It does
// not activate it. Errors: invalid with the first problems of the text.
func (s *Service) Publish(ctx context.Context, tenant qingyuan.Tenant, actor qingyuan.Actor, text []byte) (id string, version int, err error) {
	program, problems := Check(text)
	if len(problems) > 0 {
		return "", 0, problemsError(problems)
	}
	id = program.Ruleset().ID
	err = s.cfg.DB.Write(ctx, tenant, func(tx *store.Tx) error {
		problems, err := s.record.bind(tx, program)
		if err != nil {
			return err
		}
		if len(problems) > 0 {
			return problemsError(problems)
		}
		found, err := tx.Get(`SELECT version FROM ruleset WHERE tenant = $1 AND id = $2 AND hash = $3`, []any{id, hashText(string(text))}, &version)
		if err != nil || found {
			return err
		}
		var last sql.NullInt64
		if _, err := tx.Get(`SELECT max(version) FROM ruleset WHERE tenant = $1 AND id = $2`, []any{id}, &last); err != nil {
			return err
		}
		version = int(last.Int64) + 1
		_, err = tx.Exec(`INSERT INTO ruleset (tenant, id, version, hash, text, author, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			id, version, hashText(string(text)), string(text), actor.ID, tx.Now().UnixMicro())
		if err != nil {
			return err
		}
		_, err = tx.Emit("ruleset.published", subjectOf(id, version), nil)
		return err
	})
	return id, version, err
}

func problemsError(problems []Problem) error {
	var lines []string
	for i, p := range problems {
		if i == 20 {
			lines = append(lines, fmt.Sprintf("and %d more", len(problems)-i))
			break
		}
		lines = append(lines, p.String())
	}
	return qingyuan.FieldErrorf("text", "%s", strings.Join(lines, "\n"))
}

func subjectOf(id string, version int) string { return id + "@" + strconv.Itoa(version) }

// Bootstrap publishes and activates the shipped ruleset where the tenant has no active one.
func (s *Service) Bootstrap(ctx context.Context, tenant qingyuan.Tenant, name string) error {
	var d deployment
	err := s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) (err error) {
		d, err = s.record.deploymentAt(tx, 1<<62)
		return err
	})
	if err != nil || d.live != (ref{}) {
		return err
	}
	text, err := ShippedRuleset(name)
	if err != nil {
		return err
	}
	system := qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "bootstrap"}
	id, version, err := s.Publish(ctx, tenant, system, text)
	if err != nil {
		return err
	}
	return s.Activate(ctx, tenant, system, id, version, "first start")
}

// RulesetVersion is one published version.
type RulesetVersion struct {
	ID        string
	Version   int
	Text      string
	Author    string
	CreatedAt time.Time
	Live      bool
	Program   *Program
}

// Ruleset reads a published version; version 0 is the live one. Errors: not_found.
func (s *Service) Ruleset(ctx context.Context, tenant qingyuan.Tenant, id string, version int) (*RulesetVersion, error) {
	out := &RulesetVersion{ID: id, Version: version}
	err := s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		var liveID string
		var live int
		_, err := tx.Get(`SELECT id, version FROM ruleset_activation WHERE tenant = $1 ORDER BY seq DESC LIMIT 1`, nil, &liveID, &live)
		if err != nil {
			return err
		}
		if version == 0 {
			out.ID, out.Version = liveID, live
		}
		out.Live = out.ID == liveID && out.Version == live
		if out.Program, err = s.record.program(tx, out.ID, out.Version); err != nil {
			return err
		}
		var at int64
		_, err = tx.Get(`SELECT text, author, created_at FROM ruleset WHERE tenant = $1 AND id = $2 AND version = $3`,
			[]any{out.ID, out.Version}, &out.Text, &out.Author, &at)
		out.CreatedAt = time.UnixMicro(at).UTC()
		return err
	})
	return out, err
}
