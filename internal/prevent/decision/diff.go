package decision

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// Diff is what changed from one version to another, by part.
type Diff struct {
	Rules          PartDiff
	Velocities     PartDiff
	Lists          PartDiff
	Models         PartDiff
	Parameters     PartDiff
	Thresholds     PartDiff
	DecisionPoints PartDiff
}

// PartDiff lists ids, sorted, and what changed of those that stayed.
type PartDiff struct {
	Added, Removed []string
	Changed        []Changed
}

// Changed is one thing that is in both versions and not the same.
type Changed struct {
	ID     string
	Fields []FieldChange
}

// FieldChange is one field, as written in rulesets, with its two values.
type FieldChange struct{ Field, From, To string }

// DiffOf compares two rulesets.
func DiffOf(from, to *Ruleset) Diff {
	return Diff{
		Rules:          diffPart(keyed(from.Rules, func(r Rule) string { return r.ID }), keyed(to.Rules, func(r Rule) string { return r.ID })),
		Velocities:     diffPart(keyed(from.Velocities, func(v Velocity) string { return v.ID }), keyed(to.Velocities, func(v Velocity) string { return v.ID })),
		Lists:          diffPart(keyed(from.Lists, func(l List) string { return l.ID }), keyed(to.Lists, func(l List) string { return l.ID })),
		Models:         diffPart(keyed(from.Models, func(m Model) string { return m.ID }), keyed(to.Models, func(m Model) string { return m.ID })),
		Parameters:     diffPart(keyed(from.Parameters, func(p Parameter) string { return p.ID }), keyed(to.Parameters, func(p Parameter) string { return p.ID })),
		Thresholds:     diffPart(named(from.Thresholds), named(to.Thresholds)),
		DecisionPoints: diffPart(named(from.DecisionPoints), named(to.DecisionPoints)),
	}
}

func keyed[T any](all []T, id func(T) string) map[string]any {
	out := make(map[string]any, len(all))
	for _, v := range all {
		out[id(v)] = v
	}
	return out
}

func named[K ~string, V any](all map[K]V) map[string]any {
	out := make(map[string]any, len(all))
	for k, v := range all {
		out[string(k)] = v
	}
	return out
}

func diffPart(from, to map[string]any) (d PartDiff) {
	for id, was := range from {
		is, ok := to[id]
		switch {
		case !ok:
			d.Removed = append(d.Removed, id)
		case !reflect.DeepEqual(was, is):
			d.Changed = append(d.Changed, Changed{id, diffFields(reflect.ValueOf(was), reflect.ValueOf(is))})
		}
	}
	for id := range to {
		if _, ok := from[id]; !ok {
			d.Added = append(d.Added, id)
		}
	}
	slices.Sort(d.Added)
	slices.Sort(d.Removed)
	slices.SortFunc(d.Changed, func(a, b Changed) int { return strings.Compare(a.ID, b.ID) })
	return d
}

// diffFields compares two values of one type, structs by field.
func diffFields(from, to reflect.Value) (out []FieldChange) {
	if from.Kind() != reflect.Struct {
		return []FieldChange{{"value", shownValue(from), shownValue(to)}}
	}
	for i := range from.NumField() {
		a, b := from.Field(i), to.Field(i)
		if !reflect.DeepEqual(a.Interface(), b.Interface()) {
			out = append(out, FieldChange{snake(from.Type().Field(i).Name), shownValue(a), shownValue(b)})
		}
	}
	return out
}

func shownValue(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return FormatWindow(x)
	case qingyuan.Text:
		return x.ZH + " / " + x.EN
	case []qingyuan.EventKind:
		var names []string
		for _, k := range x {
			names = append(names, string(k))
		}
		return strings.Join(names, ", ")
	default:
		return fmt.Sprint(x)
	}
}

// snake writes a field's name as rulesets do: FalsePositive is false_positive.
func snake(name string) string {
	var b strings.Builder
	for i, c := range name {
		if c >= 'A' && c <= 'Z' && i > 0 && name[i-1] >= 'a' && name[i-1] <= 'z' {
			b.WriteByte('_')
		}
		b.WriteString(strings.ToLower(string(c)))
	}
	return b.String()
}

// Diff compares two published versions; fromVersion 0 stands for the live version. Errors: not_found.
func (s *Service) Diff(ctx context.Context, tenant qingyuan.Tenant, fromID string, fromVersion int, toID string, toVersion int) (Diff, error) {
	from, err := s.Ruleset(ctx, tenant, fromID, fromVersion)
	if err != nil {
		return Diff{}, err
	}
	to, err := s.Ruleset(ctx, tenant, toID, toVersion)
	if err != nil {
		return Diff{}, err
	}
	return DiffOf(from.Program.ruleset, to.Program.ruleset), nil
}

// VersionInfo is one published version in a list.
type VersionInfo struct {
	ID        string
	Version   int
	Author    string
	CreatedAt time.Time
	Stage     Stage
	Percent   int // of a rollout
}

// Versions lists the published versions, newest first.
func (s *Service) Versions(ctx context.Context, tenant qingyuan.Tenant) (all []VersionInfo, err error) {
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		d, err := s.record.deploymentAt(tx, 1<<62)
		if err != nil {
			return err
		}
		rows, err := tx.Query(`SELECT id, version, author, created_at FROM ruleset WHERE tenant = $1 ORDER BY created_at DESC, id, version DESC LIMIT 1000`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var v VersionInfo
			var at int64
			if err := rows.Scan(&v.ID, &v.Version, &v.Author, &at); err != nil {
				return err
			}
			v.CreatedAt, v.Stage = time.UnixMicro(at).UTC(), d.stageOf(ref{v.ID, v.Version})
			if v.Stage == StageRollout {
				v.Percent = d.percent
			}
			all = append(all, v)
		}
		return rows.Err()
	})
	return all, err
}

// ShadowSummary is how a version in shadow compares with what was decided, over the events that it looked on.
type ShadowSummary struct {
	Decisions int
	Outcomes  map[qingyuan.Outcome]map[qingyuan.Outcome]int // decided → in shadow → events
}

// Shadow sums up what a version said in shadow about events decided within [from, to).
func (s *Service) Shadow(ctx context.Context, tenant qingyuan.Tenant, id string, version int, from, to time.Time) (out ShadowSummary, err error) {
	out.Outcomes = map[qingyuan.Outcome]map[qingyuan.Outcome]int{}
	err = s.cfg.DB.Read(ctx, tenant, func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT d.outcome, x.outcome, count(*) FROM shadow_result x JOIN decision d ON d.tenant = $1 AND d.seq = x.seq
			WHERE x.tenant = $1 AND x.ruleset = $2 AND x.version = $3 AND d.decided_at >= $4 AND d.decided_at < $5 GROUP BY d.outcome, x.outcome`,
			id, version, from.UnixMicro(), to.UnixMicro())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var decided, beside qingyuan.Outcome
			var n int
			if err := rows.Scan(&decided, &beside, &n); err != nil {
				return err
			}
			if out.Outcomes[decided] == nil {
				out.Outcomes[decided] = map[qingyuan.Outcome]int{}
			}
			out.Outcomes[decided][beside] = n
			out.Decisions += n
		}
		return rows.Err()
	})
	return out, err
}
