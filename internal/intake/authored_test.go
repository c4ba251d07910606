package intake_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/intake"
)

var update = flag.Bool("update", false, "write testdata/authored_events.jsonl")

const authoredFile = "../../testdata/authored_events.jsonl"

// author writes the authored events. Everything it makes is invented and looks so: see testdata/README.md.
type author struct {
	events []authoredEvent
	count  map[string]int
}

type authoredEvent struct {
	SpecVersion string             `json:"specversion"`
	ID          string             `json:"id"`
	Source      string             `json:"source"`
	Type        qingyuan.EventKind `json:"type"`
	Time        string             `json:"time"`
	Corrects    string             `json:"corrects,omitempty"`
	Data        fields             `json:"data"`
}

// fields are the members of an object of an event.
type fields map[string]any

// with is f and the members of more.
func (f fields) with(more fields) fields {
	out := fields{}
	for _, part := range []fields{f, more} {
		for name, v := range part {
			out[name] = v
		}
	}
	return out
}

// at is a local time of the day-th day after 2026-08-22.
func at(day int, clock string) string {
	t := time.Date(2026, 8, 22, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day)
	return t.Format(time.DateOnly) + "T" + clock + ":00+08:00"
}

// on is the date of that day.
func on(day int) string { return at(day, "00:00")[:10] }

// add appends an event of a story and returns its id.
func (a *author) add(story string, kind qingyuan.EventKind, time string, data fields) string {
	a.count[story]++
	id := fmt.Sprintf("%s-%03d", story, a.count[story])
	a.events = append(a.events, authoredEvent{SpecVersion: "1.0", ID: id, Source: "/authored", Type: kind, Time: time, Data: data})
	return id
}

var (
	surnames = []string{"赵", "钱", "孙", "李", "周", "吴", "郑", "王", "冯", "陈", "褚", "卫"}
	givens   = []string{"示一", "示二", "示三", "示四", "例一", "例二", "例三", "例四", "样一", "样二", "样三", "样四"}
)

// person is customer n: number, ID number, name and phone.
func person(n int) fields {
	return fields{
		"customer_no": fmt.Sprintf("C%05d", n),
		"id_no":       idNo(n),
		"name":        surnames[n%len(surnames)] + givens[n/7%len(givens)],
		"phone":       phone(n),
	}
}

// phone is 1990000 and four figures.
func phone(n int) string { return fmt.Sprintf("1990000%04d", n) }

// idNo has region 110101, an invented birth date and a valid check character.
func idNo(n int) string {
	s := fmt.Sprintf("110101%04d%02d%02d%03d", 1970+n*7%32, 1+n*5%12, 1+n*11%28, 100+n%800)
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(s[i]-'0') * w
	}
	return s + "10X98765432"[sum%11:sum%11+1]
}

// card has 16 digits and a valid Luhn digit.
func card(n int) string {
	s := fmt.Sprintf("6219990000%05d", n)
	sum := 0
	for i := range s {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return s + fmt.Sprint((10-sum%10)%10)
}

// uscc has 18 characters and a valid check character.
func uscc(n int) string {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	s := fmt.Sprintf("91110101MA0000%03d", n)
	sum, weight := 0, 1
	for i := range s {
		sum += strings.IndexByte(alphabet, s[i]) * weight
		weight = weight * 3 % 31
	}
	return s + string(alphabet[(31-sum%31)%31])
}

func device(n int) string { return fmt.Sprintf("d0000000000a%04x", n) }

// loan is the number of the n-th loan.
func loan(n int) string { return fmt.Sprintf("L2026%05d", n) }

func words(author qingyuan.AuthorKind, text string) fields {
	return fields{"author": author, "text": text, "lang": "zh"}
}

// written is the whole file.
func written(t *testing.T) []byte {
	t.Helper()
	a := &author{count: map[string]int{}}
	a.intermediary()
	a.stopPay()
	a.complaints()
	a.cashOut()
	a.hardship()
	a.dormitory()
	a.ordinary()
	slices.SortStableFunc(a.events, func(x, y authoredEvent) int { return strings.Compare(x.Time, y.Time) })
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, e := range a.events {
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// TestAuthoredEvents holds that the file is the one its authors write, that every event is accepted, that all kinds
// are there and that the stories lie within the ninety days before 2026-11-20.
func TestAuthoredEvents(t *testing.T) {
	want := written(t)
	if *update {
		if err := os.WriteFile(authoredFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(authoredFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("testdata/authored_events.jsonl is not what its authors write; run with -update")
	}
	kinds := map[qingyuan.EventKind]int{}
	first, last := time.Date(2026, 8, 22, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	for _, line := range bytes.Split(bytes.TrimSpace(got), []byte("\n")) {
		p, err := intake.Parse(line, now, intake.DefaultLimits())
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		kinds[p.Event.Kind]++
		if at := p.Event.EffectiveAt; at.Before(first.Add(-8*time.Hour)) || at.After(last) {
			t.Errorf("%s: %v is outside the ninety days", p.Event.ExternalID, at)
		}
		flawed := p.Event.Data["quality"] != nil
		if wanted := p.Event.ExternalID == flawedAuthored; flawed != wanted {
			t.Errorf("%s: quality %v", p.Event.ExternalID, p.Event.Data["quality"])
		}
	}
	for _, kind := range qingyuan.EventKinds {
		if kinds[kind] == 0 {
			t.Errorf("no event of kind %s", kind)
		}
	}
	t.Logf("%v", kinds)
}
