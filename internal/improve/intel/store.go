package intel

import (
	"embed"
	"encoding/binary"
	"encoding/json"
	"io/fs"
	"time"

	"qingyuan"
	"qingyuan/internal/prevent/text"
	"qingyuan/internal/prevent/text/family"
	"qingyuan/internal/prevent/text/lexicon"
	"qingyuan/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the package's migration line.
func Migrations() store.Line {
	files, _ := fs.Sub(migrations, "migrations")
	return store.Line{Name: "intel", Files: files}
}

// LexiconVersion is one version of a tenant's own lexicon.
type LexiconVersion struct {
	Version   int
	Seq       int64
	Lexicon   *lexicon.Lexicon
	Hash      string // SHA-256 of the content as stored, hex
	Requester string
	Approval  string
	Reason    string
	CreatedAt time.Time
}

const lexiconColumns = `version, seq, content, hash, requester, approval, reason, created_at`

// lexicons reads versions, newest first.
func lexicons(tx *store.Tx, where string, args ...any) (all []LexiconVersion, err error) {
	rows, err := tx.Query(`SELECT `+lexiconColumns+` FROM lexicon_version WHERE tenant = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var v LexiconVersion
		var content string
		var at int64
		if err := rows.Scan(&v.Version, &v.Seq, &content, &v.Hash, &v.Requester, &v.Approval, &v.Reason, &at); err != nil {
			return nil, err
		}
		v.Lexicon, v.CreatedAt = &lexicon.Lexicon{}, time.UnixMicro(at).UTC()
		if err := json.Unmarshal([]byte(content), v.Lexicon); err != nil {
			return nil, qingyuan.Wrap(qingyuan.Internal, err, "a stored lexicon is damaged")
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// newest is the newest version of the lexicon, nil where there is none.
func newest(tx *store.Tx) (*LexiconVersion, error) {
	all, err := lexicons(tx, `version >= $2 ORDER BY version DESC LIMIT 1`, 0)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// Template is a text that many send in nearly the same words.
type Template struct {
	ID        string
	Verdict   string // gang or innocent
	Title     string
	Typology  qingyuan.Typology
	Source    string // of an innocent one: where it comes from
	TextID    string // the text of the record it is, if it is one
	Requester string
	Seq       int64
	CreatedAt time.Time
	shingles  []uint32
	sealed    []byte
}

// templates reads those in force, newest first.
func templates(tx *store.Tx) (all []Template, err error) {
	rows, err := tx.Query(`SELECT id, verdict, title, typology, source, text_id, shingles, sealed, requester, added_seq, created_at
		FROM text_template WHERE tenant = $1 AND removed_seq IS NULL ORDER BY added_seq DESC`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var t Template
		var shingles []byte
		var at int64
		if err := rows.Scan(&t.ID, &t.Verdict, &t.Title, &t.Typology, &t.Source, &t.TextID, &shingles, &t.sealed, &t.Requester, &t.Seq, &at); err != nil {
			return nil, err
		}
		t.shingles, t.CreatedAt = unpack(shingles), time.UnixMicro(at).UTC()
		all = append(all, t)
	}
	return all, rows.Err()
}

func pack(set []uint32) []byte {
	out := make([]byte, 0, 4*len(set))
	for _, s := range set {
		out = binary.BigEndian.AppendUint32(out, s)
	}
	return out
}

func unpack(b []byte) []uint32 {
	out := make([]uint32, len(b)/4)
	for i := range out {
		out[i] = binary.BigEndian.Uint32(b[4*i:])
	}
	return out
}

// Mark says whose a contact is.
type Mark struct {
	ID        string
	Key       string // blind
	Kind      qingyuan.EntityKind
	Verdict   string // agent or lawful
	Typology  qingyuan.Typology
	Note      string
	Requester string
	Seq       int64
	CreatedAt time.Time
}

// marks reads those in force, newest first; key "" is any.
func marks(tx *store.Tx, key string) (all []Mark, err error) {
	rows, err := tx.Query(`SELECT id, key, kind, verdict, typology, note, requester, added_seq, created_at FROM contact_mark
		WHERE tenant = $1 AND removed_seq IS NULL AND (key = $2 OR $2 = '') ORDER BY added_seq DESC`, key)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m Mark
		var at int64
		if err := rows.Scan(&m.ID, &m.Key, &m.Kind, &m.Verdict, &m.Typology, &m.Note, &m.Requester, &m.Seq, &at); err != nil {
			return nil, err
		}
		m.CreatedAt = time.UnixMicro(at).UTC()
		all = append(all, m)
	}
	return all, rows.Err()
}

// knowledge reads all that is confirmed now.
func knowledge(tx *store.Tx) (k text.Knowledge, err error) {
	if _, err = tx.Get(`SELECT coalesce(max(seq), 0) FROM knowledge_change WHERE tenant = $1`, nil, &k.Version); err != nil || k.Version == 0 {
		return k, err
	}
	last, err := newest(tx)
	if err != nil {
		return k, err
	}
	if last != nil {
		k.Lexicon = last.Lexicon
	}
	all, err := templates(tx)
	if err != nil {
		return k, err
	}
	for _, t := range all {
		if t.Verdict == Innocent {
			k.Innocent = append(k.Innocent, family.Innocent{ID: t.ID, Source: t.Title, Shingles: t.shingles})
			continue
		}
		k.Templates = append(k.Templates, text.Template{ID: t.ID, Title: t.Title, Typology: t.Typology, Shingles: t.shingles})
	}
	marked, err := marks(tx, "")
	if err != nil {
		return k, err
	}
	k.Contacts = map[string]text.AgentMark{}
	for _, m := range marked {
		if m.Verdict == Lawful {
			k.Lawful = append(k.Lawful, m.Key)
			continue
		}
		k.Contacts[m.Key] = text.AgentMark{ID: m.ID, Typology: m.Typology}
	}
	return k, nil
}

// changed notes that something was confirmed, under one seq.
func changed(tx *store.Tx, kind, subject string, a decided) (seq int64, err error) {
	if seq, err = tx.Emit("knowledge.changed", subject, nil); err != nil {
		return 0, err
	}
	_, err = tx.Exec(`INSERT INTO knowledge_change (tenant, seq, kind, subject, requester, approval, reason, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		seq, kind, subject, a.requester, a.approval, a.reason, tx.Now().UnixMicro())
	return seq, err
}

// decided is who asked for a change and by what it was approved.
type decided struct{ requester, approval, reason string }
