package decision

import (
	"slices"

	"github.com/cespare/xxhash/v2"

	"qingyuan"
	"qingyuan/internal/store"
)

// Stage is where a published version stands. A version that was never staged is a draft.
type Stage string

// The stages.
const (
	StageDraft   Stage = "draft"
	StageShadow  Stage = "shadow"  // evaluated beside the live version; changes no outcome
	StageRollout Stage = "rollout" // decides for a percentage of customers
	StageLive    Stage = "live"    // decides for everyone else
	StageOff     Stage = "off"     // neither: the end of a shadow or a rollout
)

// MaxShadows is how many versions of a tenant may be in shadow at once: each costs an evaluation per event and windows of
// its own.
const MaxShadows = 3

// StageChange asks for a version to be put on a stage. Putting an earlier version live again is a rollback.
type StageChange struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	Stage   Stage  `json:"stage"`
	Percent int    `json:"percent,omitempty"` // rollout: 1–99
	Reason  string `json:"reason"`
}

func (c StageChange) valid() error {
	switch c.Stage {
	case StageShadow, StageLive, StageOff:
		if c.Percent != 0 {
			return qingyuan.FieldErrorf("percent", "is for a rollout only")
		}
	case StageRollout:
		if c.Percent < 1 || c.Percent > 99 {
			return qingyuan.FieldErrorf("percent", "must be 1 to 99")
		}
	default:
		return qingyuan.FieldErrorf("stage", "must be shadow, rollout, live or off")
	}
	return nil
}

// deployment says which versions there are besides drafts.
type deployment struct {
	live      ref
	candidate ref // of the rollout; zero: none
	percent   int
	shadows   []ref
}

// refs lists the versions: the live one first, then the candidate, then the shadows.
func (d deployment) refs() (all []ref) {
	if d.live == (ref{}) {
		return nil
	}
	all = append(all, d.live)
	if d.candidate != (ref{}) {
		all = append(all, d.candidate)
	}
	return append(all, d.shadows...)
}

func (d deployment) stageOf(r ref) Stage {
	switch {
	case r == d.live:
		return StageLive
	case r == d.candidate:
		return StageRollout
	case slices.Contains(d.shadows, r):
		return StageShadow
	}
	return StageDraft
}

// after is the deployment once r was put on a stage. A version that becomes live ends every rollout: what goes on
// against a new live version must be asked for anew.
func (d deployment) after(r ref, stage Stage, percent int) deployment {
	d.shadows = slices.DeleteFunc(slices.Clone(d.shadows), func(s ref) bool { return s == r })
	if d.candidate == r {
		d.candidate, d.percent = ref{}, 0
	}
	switch stage {
	case StageLive:
		d.live, d.candidate, d.percent = r, ref{}, 0
	case StageRollout:
		d.candidate, d.percent = r, percent
	case StageShadow:
		d.shadows = append(d.shadows, r)
	}
	return d
}

// allows reports why r cannot be put on the stage now.
func (d deployment) allows(r ref, stage Stage) error {
	is := d.stageOf(r)
	switch {
	case stage == StageOff && (is == StageLive || is == StageDraft):
		return qingyuan.Errorf(qingyuan.Conflict, "%s is neither in shadow nor rolled out", r)
	case is == StageLive:
		return qingyuan.Errorf(qingyuan.Conflict, "%s is live already", r)
	case stage != StageLive && d.live == (ref{}):
		return qingyuan.Errorf(qingyuan.Conflict, "nothing is live that %s could stand beside", r)
	case stage == StageShadow && is == StageShadow:
		return qingyuan.Errorf(qingyuan.Conflict, "%s is in shadow already", r)
	case stage == StageShadow && len(d.shadows) >= MaxShadows:
		return qingyuan.Errorf(qingyuan.Conflict, "%d versions are in shadow; end one first", MaxShadows)
	}
	return nil
}

// InRollout reports whether a rollout of a ruleset to percent of customers takes the subject with that blind key. The
// answer is the same for every version of the ruleset, and whoever is in at some percentage is in at every higher one.
// Events about nobody are never in.
func InRollout(subject, ruleset string, percent int) bool {
	if subject == "" {
		return false
	}
	return xxhash.Sum64String(subject+"\x00"+ruleset)%10_000 < uint64(percent)*100
}

// deploymentAt is what was deployed after seq.
func (r *record) deploymentAt(tx *store.Tx, seq int64) (d deployment, err error) {
	rows, err := tx.Query(`SELECT seq, id, version, 'live' AS stage, 0 AS percent FROM ruleset_activation WHERE tenant = $1 AND seq <= $2
		UNION ALL SELECT seq, id, version, stage, percent FROM ruleset_stage WHERE tenant = $1 AND seq <= $2 ORDER BY 1`, seq)
	if err != nil {
		return d, err
	}
	defer rows.Close()
	for rows.Next() {
		var at int64
		var v ref
		var stage Stage
		var percent int
		if err := rows.Scan(&at, &v.id, &v.version, &stage, &percent); err != nil {
			return d, err
		}
		d = d.after(v, stage, percent)
	}
	return d, rows.Err()
}
