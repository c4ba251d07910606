package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"qingyuan"
	"qingyuan/internal/auth"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/store"
)

// keepAlive is how often a quiet stream says that it lives.
const keepAlive = 15 * time.Second

// stuck is how long a stream may wait for a client that does not read.
const stuck = 30 * time.Second

// stream registers GET /v1/stream: server-sent events of decisions as they are made. A client that was away names the
// last seq it saw in Last-Event-ID and misses nothing.
func (s *Server) stream() {
	s.mux.HandleFunc("GET /v1/stream", s.serveStream)
	s.document(huma.Operation{OperationID: "stream", Method: http.MethodGet, Path: "/v1/stream", Tags: []string{"decisions"},
		Summary: "Server-sent events: decision.made with seq, decision_id, kind, outcome and score"},
		auth.Permission{Resource: auth.Decisions, Action: auth.Read}, nil, nil)
}

func (s *Server) serveStream(w http.ResponseWriter, r *http.Request) {
	p, err := s.principal(r, auth.Permission{Resource: auth.Decisions, Action: auth.Read})
	if err != nil {
		fail(w, r, err)
		return
	}
	after, err := s.streamStart(r, p)
	if err != nil {
		fail(w, r, err)
		return
	}
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, "retry: 2000\n\n")
	control.Flush()
	for {
		// Nothing is held while it is written: a client that does not read keeps nobody waiting, and is let go after a while.
		control.SetWriteDeadline(time.Now().Add(stuck))
		committed := s.cfg.DB.Committed(p.Tenant)
		entries, err := s.outbox(r, p, after)
		if err != nil {
			return
		}
		for _, e := range entries {
			after = e.Seq
			if e.Kind == decision.DecisionMade {
				writeMade(w, e)
			}
		}
		if control.Flush() != nil {
			return
		}
		if len(entries) > 0 {
			continue
		}
		select {
		case <-r.Context().Done():
			return
		case <-committed:
		case <-time.After(keepAlive):
			control.SetWriteDeadline(time.Now().Add(stuck))
			fmt.Fprint(w, ": alive\n\n")
			if _, err := s.identify(r); err != nil { // signed out or revoked meanwhile
				return
			}
		}
	}
}

func (s *Server) streamStart(r *http.Request, p auth.Principal) (after int64, err error) {
	if text := r.Header.Get("Last-Event-ID"); text != "" {
		if after, err = strconv.ParseInt(text, 10, 64); err != nil || after < 0 {
			return 0, qingyuan.FieldErrorf("Last-Event-ID", "must be the seq of an event of this stream")
		}
		return after, nil
	}
	err = s.cfg.DB.Read(r.Context(), p.Tenant, func(tx *store.Tx) (err error) {
		after, err = tx.LastSeq()
		return err
	})
	return after, err
}

func (s *Server) outbox(r *http.Request, p auth.Principal, after int64) (entries []store.Entry, err error) {
	err = s.cfg.DB.Read(r.Context(), p.Tenant, func(tx *store.Tx) (err error) {
		entries, err = tx.Outbox(after, 500)
		return err
	})
	return entries, err
}

func writeMade(w http.ResponseWriter, e store.Entry) {
	var made decision.Made
	if json.Unmarshal(e.Data, &made) != nil {
		return
	}
	data, _ := json.Marshal(map[string]any{"seq": e.Seq, "decision_id": decision.IDOf(e.Subject), "kind": made.Kind,
		"outcome": made.Outcome, "score": made.Score})
	fmt.Fprintf(w, "id: %d\nevent: decision.made\ndata: %s\n\n", e.Seq, data)
}
