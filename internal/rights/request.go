package rights

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// RequestKind is what a person asks for.
type RequestKind string

// The kinds of request. An appeal is against a decision that was made by machine alone (PIPL art. 24): a person looks at it and answers.
const (
	FindAll  RequestKind = "find"
	Export   RequestKind = "export"
	Correct  RequestKind = "correct"
	Restrict RequestKind = "restrict"
	Erase    RequestKind = "erase"
	Explain  RequestKind = "explain"
	Appeal   RequestKind = "appeal"
)

// RequestKinds lists the kinds.
var RequestKinds = []RequestKind{FindAll, Export, Correct, Restrict, Erase, Explain, Appeal}

// NewRequest is a request to be opened.
type NewRequest struct {
	Kind       RequestKind
	Person     string    // blind key
	Subject    string    // of an appeal: the decision's id; of a correction: the event's
	Channel    string    // how it came: counter, phone, app, letter, regulator, other
	ReceivedAt time.Time // zero: now
}

// Request is a request of a person, tracked to an answer.
type Request struct {
	ID         string // prq_…
	Kind       RequestKind
	Person     string
	Subject    string
	Channel    string
	State      string // open, answered
	Actor      string // who took it
	Answer     string // a code: granted, refused, partly, erased, withdrawn; of an appeal upheld, changed
	AnsweredBy string
	Approval   string // of an erasure
	ReceivedAt time.Time
	DueAt      time.Time
	AnsweredAt time.Time // zero while open
	Seq        int64
}

// answers are what a request may be answered with.
var answers = []string{"granted", "refused", "partly", "withdrawn", "upheld", "changed"}

// Open takes a request. Errors: invalid; not_found where the person is not known.
func (s *Service) Open(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, n NewRequest) (r *Request, err error) {
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		r, err = s.open(tx, actor, n)
		return err
	})
	return r, err
}

func (s *Service) open(tx *store.Tx, actor qingyuan.Actor, n NewRequest) (*Request, error) {
	if !slices.Contains(RequestKinds, n.Kind) {
		return nil, qingyuan.FieldErrorf("kind", "is no kind of request")
	}
	if n.Kind == Appeal && n.Subject == "" {
		return nil, qingyuan.FieldErrorf("subject", "must name the decision")
	}
	if n.ReceivedAt.IsZero() || n.ReceivedAt.After(tx.Now()) {
		n.ReceivedAt = tx.Now()
	}
	if n.Channel == "" {
		n.Channel = "other"
	}
	r := &Request{ID: qingyuan.NewID("prq", tx.Now()), Kind: n.Kind, Person: n.Person, Subject: n.Subject, Channel: n.Channel, State: "open",
		Actor: actor.ID, ReceivedAt: n.ReceivedAt.UTC(), DueAt: s.cfg.Policy.due(n.Kind, n.ReceivedAt).UTC()}
	if err := emit(tx, "person.request", r.ID, actor); err != nil {
		return nil, err
	}
	var err error
	if r.Seq, err = tx.LastSeq(); err != nil {
		return nil, err
	}
	_, err = tx.Exec(`INSERT INTO person_request (tenant, id, kind, person, subject, channel, state, actor, answer, answered_by, approval, received_at, due_at, seq)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', '', $9, $10, $11)`, r.ID, string(r.Kind), r.Person, r.Subject, r.Channel, r.State, r.Actor,
		r.ReceivedAt.UnixMicro(), r.DueAt.UnixMicro(), r.Seq)
	return r, err
}

// Answer closes a request. An appeal is answered by a person, not by who took it in. Errors: invalid; not_found; forbidden; conflict where it
// was answered.
func (s *Service) Answer(ctx context.Context, t qingyuan.Tenant, actor qingyuan.Actor, id, answer string) (r *Request, err error) {
	if !slices.Contains(answers, answer) {
		return nil, qingyuan.FieldErrorf("answer", "must be one of %s", strings.Join(answers, ", "))
	}
	err = s.cfg.DB.Write(ctx, t, func(tx *store.Tx) error {
		all, err := requests(tx, `id = $2`, id)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return qingyuan.Errorf(qingyuan.NotFound, "there is no request %q", id)
		}
		switch r = all[0]; {
		case r.State != "open":
			return qingyuan.Errorf(qingyuan.Conflict, "the request was answered already")
		case r.Kind == Erase && answer == "granted":
			return qingyuan.Errorf(qingyuan.Conflict, "an erasure is granted by the approval of a second person")
		case r.Kind == Appeal && (actor.Kind != qingyuan.ActorUser || actor.ID == r.Actor):
			return qingyuan.Errorf(qingyuan.Forbidden, "an appeal is answered by a person who did not take it in")
		}
		r.State, r.Answer, r.AnsweredBy, r.AnsweredAt = "answered", answer, actor.ID, tx.Now().UTC()
		if _, err = tx.Exec(`UPDATE person_request SET state = $2, answer = $3, answered_by = $4, answered_at = $5 WHERE tenant = $1 AND id = $6`,
			r.State, r.Answer, r.AnsweredBy, r.AnsweredAt.UnixMicro(), id); err != nil {
			return err
		}
		return emit(tx, "person.request", r.ID, actor)
	})
	return r, err
}

// RequestFilter narrows a list of requests; empty fields do not.
type RequestFilter struct {
	State  string
	Kind   RequestKind
	Before int64 // seq
	Limit  int
}

// Requests reads requests, newest first.
func (s *Service) Requests(ctx context.Context, t qingyuan.Tenant, f RequestFilter) (all []*Request, err error) {
	if f.Before <= 0 {
		f.Before = 1 << 62
	}
	where, args := "seq < $2", []any{f.Before}
	for column, v := range map[string]string{"state": f.State, "kind": string(f.Kind)} {
		if v != "" {
			args = append(args, v)
			where += fmt.Sprintf(" AND %s = $%d", column, len(args)+1)
		}
	}
	args = append(args, f.Limit)
	err = s.cfg.DB.Read(ctx, t, func(tx *store.Tx) error {
		all, err = requests(tx, where+fmt.Sprintf(" ORDER BY seq DESC LIMIT $%d", len(args)+1), args...)
		return err
	})
	return all, err
}

func requests(tx *store.Tx, where string, args ...any) ([]*Request, error) {
	rows, err := tx.Query(`SELECT id, kind, person, subject, channel, state, actor, answer, answered_by, approval, received_at, due_at, answered_at, seq
		FROM person_request WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := []*Request{}
	for rows.Next() {
		r := &Request{}
		var received, due int64
		var answered sql.NullInt64
		if err := rows.Scan(&r.ID, &r.Kind, &r.Person, &r.Subject, &r.Channel, &r.State, &r.Actor, &r.Answer, &r.AnsweredBy, &r.Approval, &received, &due, &answered, &r.Seq); err != nil {
			return nil, err
		}
		r.ReceivedAt, r.DueAt = time.UnixMicro(received).UTC(), time.UnixMicro(due).UTC()
		if answered.Valid {
			r.AnsweredAt = time.UnixMicro(answered.Int64).UTC()
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// in is a term for a column that is one of values, which stand from $2 on.
func in(column string, values []string) string {
	places := make([]string, len(values))
	for i := range values {
		places[i] = fmt.Sprintf("$%d", i+2)
	}
	return column + " IN (" + strings.Join(places, ", ") + ")"
}

func anys(values []string) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}
