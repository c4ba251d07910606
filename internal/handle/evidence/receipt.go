package evidence

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"qingyuan"
	"qingyuan/internal/handle/evidence/tlog"
	"qingyuan/internal/store"
)

// Receipt is what a stranger needs to check one record of an exhibit: the record as it was written, its salt, and the proof
// that the log holds their commitment. With the exhibit's raw bytes it proves what was held and since when.
type Receipt struct {
	Record []byte `json:"record"` // JSON, byte for byte
	Salt   []byte `json:"salt"`
	Proof  []byte `json:"proof"` // C2SP tlog-proof
	Key    string `json:"key"`   // verifier key of the log
}

// MarshalJSON writes the receipt as one JSON object of texts: bytes in base64, the proof as it is.
func (r *Receipt) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"v": "qingyuan-receipt-1", "record": base64.StdEncoding.EncodeToString(r.Record),
		"salt": base64.StdEncoding.EncodeToString(r.Salt), "proof": string(r.Proof), "key": r.Key})
}

// Receipts gives the receipts of all records of an exhibit, oldest first, under one checkpoint. Errors: not_found; conflict
// where it is erased; also where a record is not in the log yet, as it will be a second later.
func (s *Service) Receipts(ctx context.Context, t qingyuan.Tenant, exhibit string) ([]*Receipt, error) {
	var stored []storedRecord
	err := s.cfg.DB.Read(ctx, t, func(tx *store.Tx) (err error) {
		stored, err = readRecords(tx, exhibit)
		return err
	})
	if err == nil && len(stored) == 0 {
		err = qingyuan.Errorf(qingyuan.NotFound, "there is no exhibit %q", exhibit)
	}
	if err != nil {
		return nil, err
	}
	receipts, leaves := make([]*Receipt, len(stored)), make([]uint64, len(stored))
	for i, r := range stored {
		if r.leaf == nil {
			return nil, qingyuan.Errorf(qingyuan.Conflict, "the log does not hold this record yet; ask again in a second")
		}
		if s.cfg.Log == nil || r.log != s.cfg.Log.Key() {
			return nil, qingyuan.Errorf(qingyuan.Conflict, "another server's log holds this record: ask that server")
		}
		w, err := s.open(ctx, t, r)
		if qingyuan.CodeOf(err) == qingyuan.NotFound {
			err = qingyuan.Errorf(qingyuan.Conflict, "the exhibit is erased")
		}
		if err != nil {
			return nil, err
		}
		leaves[i] = *r.leaf
		receipts[i] = &Receipt{Record: w.json, Salt: w.salt[:], Key: s.cfg.Log.Key()}
	}
	proofs, err := s.cfg.Log.Proofs(ctx, leaves)
	if err != nil {
		return nil, err
	}
	for i, proof := range proofs {
		receipts[i].Proof = proof
	}
	return receipts, nil
}

// Check checks the receipt of an exhibit's first record against the exhibit's raw bytes, and returns the record and what the
// proof proves. Errors: invalid, with what does not fit.
func (r *Receipt) Check(raw []byte) (*Record, *tlog.Proven, error) {
	if len(r.Salt) != 32 {
		return nil, nil, qingyuan.Errorf(qingyuan.Invalid, "the salt must have 32 bytes")
	}
	proven, err := tlog.Verify(tlog.Commit([32]byte(r.Salt), r.Record), r.Proof, r.Key)
	if err != nil {
		return nil, nil, err
	}
	var record Record
	if err := json.Unmarshal(r.Record, &record); err != nil {
		return nil, nil, qingyuan.Errorf(qingyuan.Invalid, "the record is not JSON")
	}
	if sha, sm := hashes(raw); sha != record.SHA256 || sm != record.SM3 || int64(len(raw)) != record.Size {
		return nil, nil, qingyuan.Errorf(qingyuan.Invalid, "the file is not the one that was recorded: SHA-256 %s, recorded %s", sha, record.SHA256)
	}
	return &record, proven, nil
}
