package check

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// outbox is an outbox over a new directory, and the private key.
func outbox(t testing.TB) (*Outbox, string) {
	t.Helper()
	private, public, err := NewReportKey()
	if err != nil {
		t.Fatal(err)
	}
	o, err := NewOutbox(t.TempDir(), public)
	if err != nil {
		t.Fatal(err)
	}
	return o, private
}

// kept reads what stands in the directory of an outbox.
func kept(t testing.TB, o *Outbox) (all [][]byte) {
	t.Helper()
	entries, err := os.ReadDir(o.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(o.dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

func TestNothingIsKeptUnlessReportedWithConsent(t *testing.T) {
	o, private := outbox(t)
	s, now, _ := server(t, Config{Reports: o})
	h := s.Handler()
	send := func(path string, form url.Values) int {
		return post(h, path, "application/x-www-form-urlencoded", []byte(form.Encode())).Code
	}
	if code := send("/check", url.Values{"text": {advert}, "consent": {"yes"}}); code != http.StatusOK || len(kept(t, o)) != 0 {
		t.Errorf("a check: %d, %d kept", code, len(kept(t, o)))
	}
	if code := send("/report", url.Values{"text": {advert}}); code != http.StatusUnprocessableEntity || len(kept(t, o)) != 0 {
		t.Errorf("without consent: %d, %d kept", code, len(kept(t, o)))
	}
	if code := send("/report", url.Values{"text": {strings.Repeat("长", maxReport)}, "consent": {"yes"}}); code != http.StatusRequestEntityTooLarge || len(kept(t, o)) != 0 {
		t.Errorf("too long: %d, %d kept", code, len(kept(t, o)))
	}
	w := post(h, "/report?lang=en", "application/x-www-form-urlencoded", []byte(url.Values{"text": {advert}, "consent": {"yes"}}.Encode()))
	all := kept(t, o)
	if w.Code != http.StatusCreated || len(all) != 1 || !strings.Contains(w.Body.String(), "Received") {
		t.Fatalf("with consent: %d, %d kept: %s", w.Code, len(all), w.Body)
	}
	if bytes.Contains(all[0], []byte("停息")) {
		t.Error("the report is kept in the clear")
	}
	r, err := OpenReport(private, all[0])
	if err != nil || r.Text != advert || r.Lang != "en" || r.Level != Risk || r.Consent == "" || !r.At.Equal(now.UTC().Truncate(time.Hour)) || len(r.ID) != 24 {
		t.Errorf("%+v, %v", r, err)
	}
	other, _, _ := NewReportKey()
	if _, err := OpenReport(other, all[0]); err == nil {
		t.Error("another key opens it")
	}
}

func TestReportsOfPrograms(t *testing.T) {
	o, _ := outbox(t)
	s, _, _ := server(t, Config{Reports: o})
	body, _ := json.Marshal(map[string]any{"text": advert, "consent": true})
	if w := post(s.Handler(), "/report", "application/json", body); w.Code != http.StatusCreated || !strings.Contains(w.Body.String(), `"id"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	off, _, _ := server(t, Config{})
	if w := post(off.Handler(), "/report", "application/json", body); w.Code != http.StatusNotFound {
		t.Errorf("where none are taken: %d", w.Code)
	}
	contentType, form := form(t, advert, nil)
	if w := post(off.Handler(), "/check", contentType, form); strings.Contains(w.Body.String(), "/report") {
		t.Error("the page offers what is not there")
	}
}

func TestReportsAreBounded(t *testing.T) {
	o, _ := outbox(t)
	o.held = maxReports - 1 // as when last counted: the directory itself is empty again
	for range 2 {
		if _, err := o.Put(Report{Text: "a"}); err != nil {
			t.Fatal(err)
		}
	}
	if o.held != 2 {
		t.Errorf("%d are counted, 2 are there", o.held)
	}
	if _, err := NewOutbox(filepath.Join(o.dir, "none"), "AAAA"); err == nil {
		t.Error("a bad key is taken")
	}
	_, public, _ := NewReportKey()
	if _, err := NewOutbox(filepath.Join(o.dir, "none"), public); err == nil {
		t.Error("a directory that is not there is taken")
	}
}
