package decision

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"qingyuan"
)

func TestListIndex(t *testing.T) {
	x := NewListIndex()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, e := range []ListEntry{
		{List: "ips", Kind: qingyuan.IP, Match: MatchCIDR, Value: "203.0.113.0/24", Seq: 5},
		{List: "ips", Kind: qingyuan.IP, Match: MatchCIDR, Value: "203.0.113.7", Seq: 4},
		{List: "ips", Kind: qingyuan.IP, Match: MatchCIDR, Value: "2001:db8::/32", Seq: 6},
		{List: "ips", Kind: qingyuan.IP, Match: MatchCIDR, Value: "::ffff:198.51.100.0/120", Seq: 7},
		{List: "ranges", Kind: qingyuan.Phone, Match: MatchPrefix, Value: "170", Seq: 1},
		{List: "ranges", Kind: qingyuan.Phone, Match: MatchPrefix, Value: "17012", Seq: 2, ExpiresAt: at},
		{List: "words", Match: MatchPrefix, Value: "中介", Seq: 1},
		{List: "products", Match: MatchExact, Value: "p1", Seq: 1, ExpiresAt: at},
		{List: "products", Match: MatchExact, Value: "p1", Seq: 2, ExpiresAt: at.Add(time.Hour)},
	} {
		e.ID = fmt.Sprintf("e%d", i)
		if err := x.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		list  string
		kind  qingyuan.EntityKind
		value string
		after time.Duration
		want  string
	}{
		{"ips", qingyuan.IP, "203.0.113.9", 0, "e0"}, {"ips", qingyuan.IP, "203.0.113.7", 0, "e1"}, {"ips", qingyuan.IP, "::ffff:203.0.113.9", 0, "e0"},
		{"ips", qingyuan.IP, "203.0.114.1", 0, ""}, {"ips", qingyuan.IP, "2001:db8:1::1%eth0", 0, "e2"}, {"ips", qingyuan.IP, "198.51.100.9", 0, "e3"},
		{"ips", qingyuan.IP, "not an address", 0, ""}, {"ips", qingyuan.IP, "", 0, ""}, {"ips", qingyuan.Phone, "203.0.113.9", 0, ""},
		{"ranges", qingyuan.Phone, "17012345678", -time.Second, "e4"}, {"ranges", qingyuan.Phone, "17012345678", 0, "e4"}, {"ranges", qingyuan.Phone, "1701", 0, "e4"}, {"ranges", qingyuan.Phone, "17", 0, ""},
		{"words", "", "中介一号", 0, "e6"}, {"words", "", "中", 0, ""},
		{"products", "", "p1", -time.Second, "e7"}, {"products", "", "p1", 0, "e8"}, {"products", "", "p1", time.Hour, ""}, {"none", "", "p1", 0, ""},
	} {
		got, ok := x.Match(tt.list, tt.kind, tt.value, at.Add(tt.after))
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s %q after %v: %q", tt.list, tt.value, tt.after, got)
		}
	}
	for _, bad := range []ListEntry{{}, {ID: "x"}, {ID: "x", List: "l"}, {ID: "x", List: "l", Value: "v"}, {ID: "x", List: "l", Value: "v", Match: MatchCIDR},
		{ID: "x", List: "l", Value: strings.Repeat("v", 513), Match: MatchExact}, {ID: "e0", List: "l", Value: "v", Match: MatchExact}} {
		if x.Add(bad) == nil {
			t.Errorf("added %+v", bad)
		}
	}
	if _, err := x.Remove("nobody"); qingyuan.CodeOf(err) != qingyuan.NotFound {
		t.Errorf("removed nobody: %v", err)
	}
}

// TestListIndexAgainstScan compares the index, through additions, removals and rollbacks, with a scan over all entries.
func TestListIndexAgainstScan(t *testing.T) {
	base := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		x := NewListIndex()
		type state struct {
			mark    int
			entries map[string]ListEntry
		}
		entries := map[string]ListEntry{}
		var marks []state
		for step := range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0, 1, 2:
				e := ListEntry{ID: fmt.Sprintf("e%d", step), List: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "list"), Seq: int64(rapid.IntRange(0, 3).Draw(t, "seq"))}
				e.Match = rapid.SampledFrom([]ListMatch{MatchExact, MatchPrefix, MatchCIDR}).Draw(t, "match")
				e.Value = rapid.SampledFrom([]string{"10.0.0.1", "10.0.0", "1", "10.0.0.1x"}).Draw(t, "value")
				if e.Match == MatchCIDR {
					e.Value = rapid.SampledFrom([]string{"10.0.0.0/8", "10.0.0.1", "10.0.0.0/30", "0.0.0.0/0"}).Draw(t, "network")
				}
				if rapid.Bool().Draw(t, "expires") {
					e.ExpiresAt = base.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "hours")) * time.Hour)
				}
				if err := x.Add(e); err != nil {
					t.Fatal(err)
				}
				entries[e.ID] = e
			case 3:
				id := fmt.Sprintf("e%d", rapid.IntRange(0, step).Draw(t, "id"))
				if _, err := x.Remove(id); (err == nil) != (entries[id].ID != "") {
					t.Fatal(err)
				}
				delete(entries, id)
			case 4:
				marks = append(marks, state{x.Mark(), clone(entries)})
			case 5:
				if len(marks) == 0 {
					continue
				}
				back := rapid.IntRange(0, len(marks)-1).Draw(t, "back")
				if rapid.Bool().Draw(t, "forget") {
					x.Forget(marks[back].mark)
					marks = marks[back:]
					continue
				}
				x.RollbackTo(marks[back].mark)
				entries = clone(marks[back].entries)
				marks = marks[:back+1]
			}
		}
		if x.Len() != len(entries) {
			t.Fatalf("%d entries, want %d", x.Len(), len(entries))
		}
		for _, list := range []string{"a", "b"} {
			for _, value := range []string{"10.0.0.1", "10.0.0.2", "10.0.0", "1", "", "10.0.0.1x"} {
				got, _ := x.Match(list, "", value, base)
				if want := scan(entries, list, value, base); got != want {
					t.Fatalf("%s %q: %q, want %q", list, value, got, want)
				}
			}
		}
	})
}

func clone(m map[string]ListEntry) map[string]ListEntry {
	out := map[string]ListEntry{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

func scan(entries map[string]ListEntry, list, value string, at time.Time) string {
	best := ListEntry{}
	for _, e := range entries {
		hit := e.Match == MatchExact && e.Value == value || e.Match == MatchPrefix && strings.HasPrefix(value, e.Value)
		if e.Match == MatchCIDR {
			a, err := netip.ParseAddr(value)
			p, perr := netip.ParsePrefix(e.Value)
			hit = err == nil && (perr == nil && p.Contains(a) || perr != nil && e.Value == value)
		}
		if e.List != list || !hit || !e.ExpiresAt.IsZero() && !at.Before(e.ExpiresAt) {
			continue
		}
		if best.ID == "" || e.Seq < best.Seq || e.Seq == best.Seq && e.ID < best.ID {
			best = e
		}
	}
	return best.ID
}

func BenchmarkListIndex(b *testing.B) {
	const n = 200_000
	x := NewListIndex()
	for i := range n {
		e := ListEntry{ID: fmt.Sprintf("lst_%d", i), List: "phones", Kind: qingyuan.Phone, Match: MatchExact, Value: fmt.Sprintf("%032x", i)}
		switch {
		case i%10 == 1:
			e.List, e.Kind, e.Match, e.Value = "nets", qingyuan.IP, MatchCIDR, fmt.Sprintf("10.%d.%d.0/24", i/10/256%256, i/10%256)
		case i%10 == 2:
			e.List, e.Match, e.Value = "ranges", MatchPrefix, fmt.Sprintf("1%07d", i)
		}
		if err := x.Add(e); err != nil {
			b.Fatal(err)
		}
	}
	x.Forget(x.Mark())
	at := time.Now()
	for name, q := range map[string][3]string{"exact": {"phones", "phone", fmt.Sprintf("%032x", 77)}, "cidr": {"nets", "ip", "10.3.4.5"}, "prefix": {"ranges", "phone", "10000002123"}} {
		b.Run(name, func(b *testing.B) {
			benchmark(b, func() { x.Match(q[0], qingyuan.EntityKind(q[1]), q[2], at) })
		})
	}
}
