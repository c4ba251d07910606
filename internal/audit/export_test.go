package audit

import (
	"context"
	"fmt"

	"qingyuan"
	"qingyuan/internal/store"
)

// Fill writes a chain of n entries faster than Append does, which looks for the head each time.
func Fill(ctx context.Context, db *store.DB, t qingyuan.Tenant, n int) error {
	var last Entry
	for last.N < int64(n) {
		err := db.Write(ctx, t, func(tx *store.Tx) error {
			for range min(5000, n) {
				e := Entry{N: last.N + 1, At: tx.Now(), Actor: qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "usr_06ek3taaaaaaaaaaaaaaaaaaaa"}, Action: "release-hold",
					Subject: fmt.Sprint("dec_", last.N), Reason: "the customer was called and knows whom the money is for", Request: "req_06ek3taaaaaaaaaaaaaaaaaaaa",
					After: HashBytes([]byte("x")), Prev: last.Hash}
				e.Hash = e.sum()
				insert(tx, &e)
				last = e
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
