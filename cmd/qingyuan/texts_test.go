package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"qingyuan/internal/api"
	"qingyuan/internal/prevent/decision"
	"qingyuan/internal/store/storetest"
)

// TestFamiliesOverARestart stops the platform after two near-copies: after the start the third one is told, from the snapshot with what was
// recorded after it, and without a snapshot from the record.
func TestFamiliesOverARestart(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		in := installation{Data: t.TempDir(), LogLevel: "error", Database: url}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		n := 0
		send := func(p *platform) string {
			t.Helper()
			n++
			body := fmt.Sprintf(`{"specversion":"1.0","id":"c%d","source":"/test","type":"complaint.received","time":%q,"data":{"customer_no":"K%d","id_no":%q,"channel":"own","category":"complaint",
				"text":{"author":"customer","text":"贵公司外包人员连日骚扰本人同事与家属，本人已录音取证并公证，现郑重要求七日内书面答复并出具减免结清证明，否则依次向各主管部门实名举报到底，编号%d"}}}`,
				n, time.Now().Add(-time.Minute).UTC().Format(time.RFC3339), n, []string{"110101198003070010", "310101198003070013", "440101198003070018", "510101198003070016", "110101198003080016"}[n%5], n*7919)
			d, _, err := p.decisions.Decide(ctx, decision.Request{Tenant: api.DefaultTenant, Body: []byte(body)})
			must(err)
			return fmt.Sprint(d.Reasons)
		}
		start := func() *platform {
			t.Helper()
			p, err := in.open(ctx)
			must(err)
			_, _, err = founding{Ruleset: "default"}.newTenant(ctx, p, api.DefaultTenant, "Main")
			must(err)
			must(p.openTenant(ctx, api.DefaultTenant))
			return p
		}
		p := start()
		send(p)
		must(p.saveTexts(ctx, api.DefaultTenant))
		send(p) // after the snapshot
		must(p.close())
		p = start()
		if got := send(p); !strings.Contains(got, "T3-TEMPLATE") {
			t.Errorf("after a restart from a snapshot: %s", got)
		}
		must(p.close())
		must(os.Remove(p.familiesPath(api.DefaultTenant)))
		p = start()
		if got := send(p); !strings.Contains(got, "T3-TEMPLATE") {
			t.Errorf("after a restart from the record: %s", got)
		}
		must(p.close())
	})
}
