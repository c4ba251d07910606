package main

import (
	"context"
	"testing"
	"time"
)

// TestKilledThreeTimes imports 20,000 rows, a thousand of them bad, with the real program, which is killed three times on the way.
func TestKilledThreeTimes(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts the server")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	r, err := settings{rows: 20_000, kills: 3, dir: t.TempDir()}.run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if r.Stored != 19_000 || r.Refused != 1000 {
		t.Errorf("%+v", r)
	}
	t.Logf("%+v", *r)
}
