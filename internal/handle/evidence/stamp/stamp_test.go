package stamp_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/handle/evidence/stamp"
	"qingyuan/internal/handle/evidence/tlog"
)

func authority(t *testing.T) *stamp.TestAuthority {
	t.Helper()
	a, err := stamp.NewTestAuthority(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestToken: OpenSSL accepts every token and refuses other data; a token of another root, of other data, or with a bit changed
// is refused here too; a test authority's token says that it is one.
func TestToken(t *testing.T) {
	a, data := authority(t), []byte("a checkpoint\n")
	response, err := a.Stamp(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	token, err := stamp.Check(response, data, a.Roots())
	if err != nil || !token.Test || time.Since(token.Time).Abs() > time.Minute {
		t.Fatalf("%+v, %v", token, err)
	}
	for name, err := range map[string]error{
		"other data": func() error { _, err := stamp.Check(response, []byte("a checkpoint"), a.Roots()); return err }(),
		"other root": func() error { _, err := stamp.Check(response, data, authority(t).Roots()); return err }(),
		"no roots":   func() error { _, err := stamp.Check(response, data, x509.NewCertPool()); return err }(),
		"cut":        func() error { _, err := stamp.Check(response[:len(response)-1], data, a.Roots()); return err }(),
	} {
		if qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("openssl is needed: it is the stranger who checks")
	}
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tsr, ca := write("t.tsr", response), write("ca.pem", a.RootPEM())
	verify := func(file string) error {
		return exec.Command("openssl", "ts", "-verify", "-in", tsr, "-data", file, "-CAfile", ca).Run()
	}
	if err := verify(write("data", data)); err != nil {
		t.Errorf("openssl ts -verify: %v", err)
	}
	if verify(write("other", append(data, 'x'))) == nil {
		t.Error("openssl accepts the token for other data")
	}
}

// TestLoadTestAuthority: a test authority is the same one after a restart, so that what it stamped still verifies.
func TestLoadTestAuthority(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "tsa.pem")
	a, err := stamp.LoadTestAuthority(path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	response, err := a.Stamp(t.Context(), []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := stamp.LoadTestAuthority(path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stamp.Check(response, []byte("x"), again.Roots()); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("no"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := stamp.LoadTestAuthority(path, time.Now); qingyuan.CodeOf(err) != qingyuan.Invalid {
		t.Error(err)
	}
}

// TestOverHTTP: the authority is asked over HTTP; an answer to another question, an error and a silent one are refused.
func TestOverHTTP(t *testing.T) {
	a := authority(t)
	old, err := a.Stamp(t.Context(), []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	answer := func(w http.ResponseWriter, r *http.Request) {
		query, _ := io.ReadAll(r.Body)
		response, err := a.Answer(query)
		if err != nil || r.Header.Get("Content-Type") != "application/timestamp-query" {
			http.Error(w, "bad", http.StatusBadRequest)
			return
		}
		w.Write(response)
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		code    qingyuan.Code
	}{
		"good":     {answer, ""},
		"replayed": {func(w http.ResponseWriter, _ *http.Request) { w.Write(old) }, qingyuan.Invalid},
		"refused":  {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }, qingyuan.Unavailable},
	} {
		server := httptest.NewServer(c.handler)
		_, err := (&stamp.TSA{URL: server.URL, Trusted: a.Roots()}).Stamp(t.Context(), []byte("x"))
		if qingyuan.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
	}
}

// TestArchive: every checkpoint is stamped once; a log that was rewritten with its own key is refused, and so is a changed file.
func TestArchive(t *testing.T) {
	dir, a := t.TempDir(), authority(t)
	open := func() *tlog.Log {
		l, err := tlog.Open(t.Context(), tlog.Config{Dir: filepath.Join(dir, "tiles"), Key: filepath.Join(dir, "log.key"), Origin: "log.test/evidence"})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	add := func(l *tlog.Log, texts ...string) {
		var all []tlog.Commitment
		for _, s := range texts {
			all = append(all, sha256.Sum256([]byte(s)))
		}
		indexes, err := l.Append(t.Context(), all)
		if err == nil {
			_, err = l.Published(t.Context(), indexes[len(indexes)-1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	l := open()
	archive, err := stamp.OpenArchive(filepath.Join(dir, "stamped"), l.Key(), a.Roots())
	if err != nil {
		t.Fatal(err)
	}
	for i, texts := range [][]string{{"a", "b"}, {"c"}} {
		add(l, texts...)
		if s, err := archive.Extend(t.Context(), l, a); err != nil || s == nil || s.Size != uint64(2+i) {
			t.Fatalf("%+v, %v", s, err)
		}
		if s, err := archive.Extend(t.Context(), l, a); err != nil || s != nil {
			t.Fatalf("stamped twice: %+v, %v", s, err)
		}
	}
	if s, err := archive.Covering(1); err != nil || s.Size != 2 {
		t.Errorf("entry 1 is covered by %+v, %v", s, err)
	}
	if s, err := archive.Covering(3); err != nil || s != nil {
		t.Errorf("entry 3 is covered by %+v, %v", s, err)
	}
	if all, err := archive.All(); err != nil || len(all) != 2 {
		t.Errorf("%d kept, %v", len(all), err)
	}
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}

	if err := os.RemoveAll(filepath.Join(dir, "tiles")); err != nil {
		t.Fatal(err)
	}
	l = open()
	add(l, "a", "B", "c", "d")
	if _, err := archive.Extend(t.Context(), l, a); qingyuan.CodeOf(err) != qingyuan.Conflict {
		t.Errorf("the rewritten log is stamped: %v", err)
	}
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}

	kept := filepath.Join(dir, "stamped", "00000000000000000003.tar")
	raw, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	raw[600] ^= 1 // inside the checkpoint
	if err := os.WriteFile(kept, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Latest(); qingyuan.CodeOf(err) != qingyuan.Conflict {
		t.Errorf("a changed file: %v", err)
	}
}

func FuzzCheck(f *testing.F) {
	a, err := stamp.NewTestAuthority(time.Now)
	if err != nil {
		f.Fatal(err)
	}
	response, err := a.Stamp(f.Context(), []byte("x"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(response)
	f.Add([]byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, response []byte) {
		if _, err := stamp.Check(response, []byte("y"), a.Roots()); err == nil {
			t.Fatal("accepted for other data")
		}
	})
}
