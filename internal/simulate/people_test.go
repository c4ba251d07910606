package simulate_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"qingyuan"
	"qingyuan/internal/intake"
	"qingyuan/internal/simulate"
	"qingyuan/internal/simulate/scene"
)

// mentioned is one thing and who is connected with it.
type mentioned struct {
	kind  qingyuan.EntityKind
	value string
}

// links reads every event as the platform would and lists the customers behind each thing.
func links(t *testing.T, w *simulate.World) map[mentioned]map[string]bool {
	t.Helper()
	out := map[mentioned]map[string]bool{}
	for e := range w.Events() {
		p, err := intake.Parse(e.Body, e.At, intake.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if e.Customer == "" {
			continue
		}
		for _, m := range p.Mentions {
			k := mentioned{m.Kind, m.Value}
			if out[k] == nil {
				out[k] = map[string]bool{}
			}
			out[k][e.Customer] = true
		}
	}
	return out
}

// TestRingsShareAndSoDoTheInnocent holds the world to both: rings reuse their means, and so do hostels, offices, families
// and a lawful lawyer.
func TestRingsShareAndSoDoTheInnocent(t *testing.T) {
	for _, behaviour := range behaviours {
		w := world(t, behaviour, 23, 2000)
		all := links(t, w)
		people := map[string]*simulate.Person{}
		rings := map[string]int{}
		looks := map[string]int{}
		for _, p := range w.Truth().People {
			if p.Customer == "" {
				continue
			}
			people[p.Customer] = p
			if p.Look != "" {
				looks[p.Look]++
			}
			if p.Ring != "" && !p.Onset.IsZero() {
				rings[p.Ring]++
			}
		}
		sharing := map[string]map[qingyuan.EntityKind]bool{}
		hubs := map[qingyuan.EntityKind]int{}
		for thing, who := range all {
			ring, innocent := map[string]int{}, 0
			for no := range who {
				if p := people[no]; p.Ring != "" {
					ring[p.Ring]++
				} else {
					innocent++
				}
			}
			hubs[thing.kind] = max(hubs[thing.kind], innocent)
			for id, n := range ring {
				if n < 2 || thing.kind == qingyuan.IP || len(who) > 30 {
					continue
				}
				if sharing[id] == nil {
					sharing[id] = map[qingyuan.EntityKind]bool{}
				}
				sharing[id][thing.kind] = true
			}
		}
		large, share := 0, 0
		kinds := map[qingyuan.EntityKind]bool{}
		for id, n := range rings {
			if n < 3 {
				continue
			}
			large++
			if len(sharing[id]) > 0 {
				share++
			}
			maps.Copy(kinds, sharing[id])
		}
		if large == 0 || share*10 < large*6 {
			t.Errorf("%s: %d of %d rings of three and more share anything", behaviour, share, large)
		}
		for _, k := range []qingyuan.EntityKind{qingyuan.Phone, qingyuan.Device, qingyuan.Organisation, qingyuan.Merchant, qingyuan.BankCard} {
			if !kinds[k] {
				t.Errorf("%s: no ring shares a %s", behaviour, k)
			}
		}
		for k, least := range map[qingyuan.EntityKind]int{qingyuan.IP: 6, qingyuan.Address: 3, qingyuan.Device: 2, qingyuan.Phone: 2, qingyuan.Merchant: 10, qingyuan.Employer: 3} {
			if hubs[k] < least {
				t.Errorf("%s: the largest innocent hub of kind %s has %d people, want %d", behaviour, k, hubs[k], least)
			}
		}
		for _, look := range []string{"dormitory", "call_centre", "campus", "family_device", "factory_closure", "lawyer"} {
			if looks[look] == 0 {
				t.Errorf("%s: no innocent %s", behaviour, look)
			}
		}
		t.Logf("%s: %d of %d rings share, by %v; innocent hubs %v; look-alikes %v", behaviour, share, large, slices.Sorted(maps.Keys(kinds)), hubs, looks)
	}
}

// TestGroupsOverlap holds that neither complaining nor slang nor a new number tells hardship from an agent's work.
func TestGroupsOverlap(t *testing.T) {
	slang := []string{"停息", "挂账", "只还本", "上岸", "六十期", "12378"}
	for _, behaviour := range behaviours {
		w := world(t, behaviour, 29, 3000)
		truth := w.Truth()
		people := map[string]*simulate.Person{}
		late, rings := 0, 0
		for _, p := range truth.People {
			people[p.Customer] = p
			if p.Customer != "" && !p.Onset.IsZero() && p.Ring != "" {
				rings++
				if p.Onset.After(truth.Config.Start.AddDate(0, 0, truth.Config.Days*6/10)) {
					late++
				}
			}
		}
		complaints, slangy, changed := map[string]int{}, map[string]bool{}, map[string]bool{}
		for e := range w.Events() {
			p := people[e.Customer]
			if p == nil || p.Population != scene.Hardship {
				continue
			}
			body := string(e.Body)
			switch e.Kind {
			case qingyuan.ComplaintReceived:
				complaints[e.Customer]++
			case qingyuan.AccountChanged:
				changed[e.Customer] = strings.Contains(body, `"new_phone"`) || changed[e.Customer]
			}
			for _, word := range slang {
				slangy[e.Customer] = slangy[e.Customer] || strings.Contains(body, word)
			}
		}
		several, spoke, moved := 0, 0, 0
		for no := range people {
			if complaints[no] > 1 {
				several++
			}
			if slangy[no] {
				spoke++
			}
			if changed[no] {
				moved++
			}
		}
		if several < 5 || spoke < 15 || moved < 3 {
			t.Errorf("%s: in hardship %d complain more than once, %d use slang, %d change their number", behaviour, several, spoke, moved)
		}
		if late*10 < rings {
			t.Errorf("%s: %d of %d customers of rings look clean until late", behaviour, late, rings)
		}
		t.Logf("%s: hardship: %d complain again, %d use slang, %d change number; %d of %d ring customers begin late", behaviour, several, spoke, moved, late, rings)
	}
}

// traits lists the paths of data with the values of short words and truth values: what a lazy detector would look for.
func traits(path string, v any, out map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			traits(path+"."+k, x, out)
		}
	case []any:
		for _, x := range v {
			traits(path+"[]", x, out)
		}
	case bool:
		out[fmt.Sprintf("%s=%v", path, v)] = true
	case string:
		out[path] = true
		if len(v) < 24 && strings.Trim(v, "abcdefghijklmnopqrstuvwxyz_0123456789") == "" && strings.Trim(v, "0123456789") != "" && len(v) > 1 {
			out[path+"="+v] = true
		}
	default:
		out[path] = true
	}
}

// natural are traits that only agents' work has by its nature: a contract with an agent, a paper nobody else would buy.
var natural = []string{"agreement.submitted", "document.submitted.document_type=", "document.submitted.purpose=", "complaint.received.agent", "call.recorded.speaker", "withdraw_for_payment", "waive_debt", "claimed_identity=lawyer",
	"submitted_by=agent", "author=agent"}

// TestNoGiveaway looks for a field or a word of an enumeration that events of schemes have and no other event has.
func TestNoGiveaway(t *testing.T) {
	for _, behaviour := range all {
		w := world(t, behaviour, 31, 3000)
		labelled := map[string]bool{}
		for _, l := range w.Truth().Labels {
			labelled[l.ID] = true
		}
		ring, other := map[string]int{}, map[string]int{}
		for e := range w.Events() {
			p, err := intake.Parse(e.Body, e.At, intake.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			found := map[string]bool{}
			traits(string(e.Kind), p.Event.Data, found)
			maps.DeleteFunc(found, func(trait string, _ bool) bool {
				return strings.Contains(trait, "device") && strings.Contains(trait, "=") && !strings.Contains(trait, "flags")
			})
			for trait := range found {
				if labelled[e.ID] {
					ring[trait]++
				} else {
					other[trait]++
				}
			}
		}
		for trait, n := range ring {
			if n < 8 || other[trait] > 0 || slices.ContainsFunc(natural, func(s string) bool { return strings.Contains(trait, s) }) {
				continue
			}
			t.Errorf("%s: %s is in %d events of schemes and in no other", behaviour, trait, n)
		}
	}
}

func FuzzReadTruth(f *testing.F) {
	f.Add(`{"world":{"Seed":1}}` + "\n" + `{"person":{"customer":"C1","population":"honest"}}` + "\n" + `{"label":{"event":"e","typology":"T1"}}`)
	f.Add("null\n{}")
	f.Fuzz(func(t *testing.T, s string) {
		truth, err := simulate.ReadTruth(strings.NewReader(s))
		if (truth == nil) == (err == nil) {
			t.Errorf("truth %v, error %v", truth, err)
		}
		if truth != nil {
			simulate.Judge(truth, slices.Values([]simulate.Decision{{EventID: "e", Customer: "C1", Seq: 1, Outcome: qingyuan.Hold}}), simulate.Levels{})
		}
	})
}
