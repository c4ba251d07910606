package law_test

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"qingyuan"
	"qingyuan/internal/law"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func book(t testing.TB) *law.Book {
	t.Helper()
	b, err := law.Load(nil)
	must(t, err)
	return b
}

func date(t testing.TB, s string) law.Date {
	t.Helper()
	d, err := law.ParseDate(s)
	must(t, err)
	return d
}

// rows reads a CSV of testdata without its comments.
func rows(t testing.TB, name string) (all [][]string) {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	must(t, err)
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if !strings.HasPrefix(s.Text(), "#") {
			all = append(all, strings.Split(s.Text(), ","))
		}
	}
	return all
}

// TestWorkingDays compares every day of 2019–2026 with an oracle of others (testdata/oracle.py).
func TestWorkingDays(t *testing.T) {
	b, n := book(t), 0
	for _, row := range rows(t, "workdays.csv") {
		first := date(t, row[0]+"-01")
		for i, digit := range row[1] {
			d := first + law.Date(i)
			working, err := b.WorkingDay(d)
			must(t, err)
			if working != (digit == '1') {
				t.Errorf("%s: working %v", d, working)
			}
			n++
		}
	}
	if n != 2922 {
		t.Errorf("compared %d days, want 8 years of them", n)
	}
}

// TestCounting compares counts of working days with the same oracle.
func TestCounting(t *testing.T) {
	b := book(t)
	all := rows(t, "counted.csv")
	if len(all) < 350 {
		t.Fatalf("only %d rows", len(all))
	}
	for _, row := range all {
		from, want := date(t, row[0]), date(t, row[2])
		n, err := strconv.Atoi(row[1])
		must(t, err)
		got, err := b.AddWorkingDays(from, n)
		must(t, err)
		if got != want {
			t.Errorf("%s %+d working days: %s, want %s", from, n, got, want)
		}
		if n > 0 {
			back, err := b.WorkingDaysBetween(from, got)
			must(t, err)
			if back != n {
				t.Errorf("from %s to %s there are %d working days, want %d", from, got, back, n)
			}
		}
	}
}

// TestUnknownYear refuses what it cannot know, and answers provisionally only when asked to.
func TestUnknownYear(t *testing.T) {
	b := book(t)
	for name, ask := range map[string]func(*law.Book) error{
		"a day":           func(b *law.Book) error { _, err := b.WorkingDay(date(t, "2027-03-01")); return err },
		"the past":        func(b *law.Book) error { _, err := b.WorkingDay(date(t, "2018-12-31")); return err },
		"a count into it": func(b *law.Book) error { _, err := b.AddWorkingDays(date(t, "2026-12-30"), 3); return err },
		"a count within": func(b *law.Book) error {
			_, err := b.WorkingDaysBetween(date(t, "2026-12-30"), date(t, "2027-01-05"))
			return err
		},
		"a clock into it": func(b *law.Book) error {
			_, err := b.Deadline("complaint.hotline", date(t, "2026-12-25").Begin())
			return err
		},
		"a roll within it": func(b *law.Book) error {
			_, err := b.Deadline("police.filing.review", date(t, "2026-12-28").Begin())
			return err
		},
	} {
		err := ask(b)
		if qingyuan.CodeOf(err) != qingyuan.Unavailable || !strings.Contains(err.Error(), "working days of 20") {
			t.Errorf("%s: %v", name, err)
		}
		if err := ask(b.Provisional()); err != nil {
			t.Errorf("%s, provisionally: %v", name, err)
		}
	}
	d, err := b.Provisional().Deadline("complaint.hotline", date(t, "2026-12-25").Begin())
	must(t, err)
	if !d.Provisional || d.LastDay.String() != "2027-01-15" {
		t.Errorf("%+v", d)
	}
	if d, err := b.Provisional().Deadline("complaint.hotline", date(t, "2026-11-02").Begin()); err != nil || d.Provisional {
		t.Errorf("within known years: %+v, %v", d, err)
	}
	// A clock of natural days needs no notice.
	if d, err := b.Deadline("complaint.decide", date(t, "2026-12-25").Begin()); err != nil || d.LastDay.String() != "2027-01-09" {
		t.Errorf("natural days: %+v, %v", d, err)
	}
}

// TestDeadlines checks clocks against dates counted by hand on a calendar.
func TestDeadlines(t *testing.T) {
	b := book(t)
	for _, c := range []struct {
		clock, from string // from is China time
		ext         []string
		last, due   string
	}{
		{"complaint.decide", "2026-03-02 10:00", nil, "2026-03-17", "2026-03-17T16:00:00Z"},
		{"complaint.decide", "2026-03-02 23:59", nil, "2026-03-17", ""},
		{"complaint.decide", "2026-03-03 00:00", nil, "2026-03-18", ""},
		{"complaint.decide", "2026-03-02 10:00", []string{"complex"}, "2026-04-01", ""},
		{"complaint.decide", "2026-03-02 10:00", []string{"complex", "special"}, "2026-05-01", ""}, // 60 days; no roll: the earlier date
		{"credit.dispute.answer", "2024-02-10 08:00", nil, "2024-03-01", ""},                       // a leap year
		{"complaint.forward", "2026-02-13 09:00", nil, "2026-03-02", ""},                           // 14, 24, 25, 26, 27, 28 Feb and 2 Mar: 14 and 28 are worked, 15–23 off
		{"complaint.hotline", "2025-09-26 09:00", nil, "2025-10-23", ""},                           // 28–30 Sep, 9–11, 13–17 and 20–23 Oct: 28 Sep and 11 Oct are worked
		{"police.transfer", "2026-03-02 10:00", nil, "2026-03-03", "2026-03-03T02:00:00Z"},
		{"police.filing.review", "2026-02-10 10:00", nil, "2026-02-24", ""}, // 17 Feb is within Spring Festival: the day after it ends
		{"police.filing.review", "2026-03-02 10:00", []string{"major", "special"}, "2026-05-06", ""},
		{"complaint.archive", "2024-02-29 10:00", nil, "2027-02-28", ""},
	} {
		from, err := time.ParseInLocation("2006-01-02 15:04", c.from, law.China)
		must(t, err)
		d, err := b.Deadline(c.clock, from, c.ext...)
		if err != nil {
			t.Errorf("%s from %s: %v", c.clock, c.from, err)
			continue
		}
		if d.LastDay.String() != c.last || c.due != "" && d.Due.UTC().Format(time.RFC3339) != c.due {
			t.Errorf("%s from %s %v: last day %s, due %s; want %s %s", c.clock, c.from, c.ext, d.LastDay, d.Due.UTC().Format(time.RFC3339), c.last, c.due)
		}
	}
	for name, ask := range map[string]func() error{
		"an unknown clock":       func() error { _, err := b.Deadline("no.such", time.Now()); return err },
		"before it was in force": func() error { _, err := b.Deadline("complaint.decide", date(t, "2020-02-29").Begin()); return err },
		"an unknown extension":   func() error { _, err := b.Deadline("complaint.decide", time.Now(), "x"); return err },
		"out of order":           func() error { _, err := b.Deadline("complaint.decide", time.Now(), "special"); return err },
		"twice":                  func() error { _, err := b.Deadline("complaint.decide", time.Now(), "complex", "complex"); return err },
	} {
		if code := qingyuan.CodeOf(ask()); code != qingyuan.NotFound && code != qingyuan.Invalid {
			t.Errorf("%s: %q", name, code)
		}
	}
}

// TestVersions keeps last year's law for last year's matter.
func TestVersions(t *testing.T) {
	b := book(t)
	old, err := b.Article("public_security.forged_papers", date(t, "2025-12-31"))
	must(t, err)
	now, err := b.Article("public_security.forged_papers", date(t, "2026-01-01"))
	must(t, err)
	if !old.Confirmed || now.Confirmed || old.Source.Text == now.Source.Text {
		t.Errorf("%+v\n%+v", old, now)
	}
	if c, err := b.Charge("extortion", date(t, "2026-01-01")); err != nil || c.Thresholds[0].Low != 200_000 {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestOwnData lays an operator's files over the shipped ones.
func TestOwnData(t *testing.T) {
	own := fstest.MapFS{"2027.yaml": {Data: []byte(`
calendar:
- {year: 2027, source: {text: the notice}, confirmed: true, off: [2027-01-01/2027-01-03], work: [2027-01-09]}
clocks:
- {id: complaint.decide, title: {zh: 更快, en: faster}, category: complaint, whose: lender, begins: {zh: 收到, en: received}, unit: day, length: 10, from: 2026-06-01, source: {text: house rule}, confirmed: true}
`)}}
	b, err := law.Load(own)
	must(t, err)
	if d, err := b.AddWorkingDays(date(t, "2026-12-31"), 6); err != nil || d.String() != "2027-01-09" {
		t.Errorf("%s, %v", d, err)
	}
	for from, last := range map[string]string{"2026-05-31": "2026-06-15", "2026-06-01": "2026-06-11"} {
		if d, err := b.Deadline("complaint.decide", date(t, from).Begin()); err != nil || d.LastDay.String() != last {
			t.Errorf("from %s: %+v, %v", from, d, err)
		}
	}
	for name, bad := range map[string]string{
		"an unknown field":    "clocks:\n- {id: x, colour: red}",
		"no source":           "articles:\n- {id: x, title: {zh: 甲, en: a}, from: 2026-01-01}",
		"an unknown unit":     "clocks:\n- {id: x, title: {zh: 甲, en: a}, from: 2026-01-01, source: {text: s}, unit: fortnight, length: 1}",
		"a weekday to work":   "calendar:\n- {year: 2028, source: {text: s}, work: [2028-01-03]}",
		"a day of other year": "calendar:\n- {year: 2028, source: {text: s}, off: [2027-12-31]}",
		"a null":              "clocks: [null]",
		"a bad date":          "calendar:\n- {year: 2028, source: {text: s}, off: [2028-13-01]}",
		"a bad extension":     "clocks:\n- {id: x, title: {zh: 甲, en: a}, from: 2026-01-01, source: {text: s}, unit: day, length: 5, extensions: [{id: a, after: b, add: 1}]}",
	} {
		if _, err := law.Load(fstest.MapFS{"x.yaml": {Data: []byte(bad)}}); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestShipped demands of every entry what a reader needs, and that what was not read is marked.
func TestShipped(t *testing.T) {
	b := book(t)
	if len(b.Clocks()) < 20 || len(b.Charges()) < 10 || len(b.Years()) != 8 || len(b.Conduct()) < 10 || len(b.Articles()) < 6 {
		t.Errorf("%d clocks, %d charges, %d years, %d rules of conduct, %d articles", len(b.Clocks()), len(b.Charges()), len(b.Years()), len(b.Conduct()), len(b.Articles()))
	}
	for _, id := range []string{"complaint.review.request", "complaint.review.decide", "complaint.forward", "complaint.archive", "petition.decide", "complaint.hotline"} {
		c, err := b.Clock(id, date(t, "2026-01-01"))
		must(t, err)
		if c.Confirmed {
			t.Errorf("%s is marked as read", id)
		}
	}
	for _, y := range b.Years() {
		if y.Source.Issued == "" || !strings.Contains(y.Source.Text, "国办发明电") {
			t.Errorf("%d has no notice", y.Year)
		}
	}
}

// FuzzLoad feeds files to the loader: it refuses or takes, and what it takes can be counted with.
func FuzzLoad(f *testing.F) {
	f.Add([]byte("calendar:\n- {year: 2027, source: {text: s}, off: [2027-01-01/2027-01-03]}"))
	f.Add([]byte("clocks:\n- {id: x, title: {zh: 甲, en: a}, from: 2026-01-01, source: {text: s}, unit: month, length: 5, roll: working_day}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := law.Load(fstest.MapFS{"x.yaml": {Data: data}})
		if err != nil {
			return
		}
		for _, c := range b.Clocks() {
			b.Provisional().Deadline(c.ID, c.From.Begin())
		}
	})
}
