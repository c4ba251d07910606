package notify_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/jobs"
	"qingyuan/internal/keys"
	"qingyuan/internal/notify"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

const tenant = storetest.Tenant

var (
	ctx      = context.Background()
	ann      = qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "ann"}
	lines    = []store.Line{keys.Migrations(), jobs.Migrations(), notify.Migrations()}
	loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// house is a service whose feed and jobs run.
type house struct {
	*notify.Service
	db *store.DB
}

func build(t testing.TB, db *store.DB, change func(*notify.Config)) house {
	t.Helper()
	ring, err := keys.New(keys.Config{DB: db, KEK: make([]byte, 32)})
	must(t, err)
	must(t, ring.CreateTenant(ctx, tenant))
	queue, err := jobs.New(jobs.Config{DB: db, Poll: 20 * time.Millisecond})
	must(t, err)
	c := notify.Config{DB: db, Keys: ring, Jobs: queue, Allow: loopback, PlainHTTP: true, Timeout: time.Second}
	if change != nil {
		change(&c)
	}
	s, err := notify.New(c)
	must(t, err)
	s.Hurry(10 * time.Millisecond)
	run, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { queue.Run(run) })
	wg.Go(func() { s.Feed(run, tenant) })
	t.Cleanup(func() { stop(); wg.Wait() })
	return house{s, db}
}

func (h house) emit(t testing.TB, kind string, n int) {
	t.Helper()
	must(t, h.db.Write(ctx, tenant, func(tx *store.Tx) error {
		for i := range n {
			if _, err := tx.Emit(kind, fmt.Sprint("sub", i), []byte(`{"code":"x"}`)); err != nil {
				return err
			}
		}
		return nil
	}))
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

// receiver is a target that checks what it is sent.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	got     []int64 // seqs
	ids     map[string]int
	kinds   map[string]int
	headers http.Header
	answer  func(seq int64, kind string, nth int) int // status
	secrets [][]byte
	bad     []string
}

func receive(t testing.TB) *receiver {
	r := &receiver{ids: map[string]int{}, kinds: map[string]int{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		text, _ := io.ReadAll(req.Body)
		var v struct {
			Type      string
			Timestamp time.Time
			Data      struct {
				Seq    int64
				Detail map[string]string
			}
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		id := req.Header.Get("webhook-id")
		r.ids[id]++
		r.headers = req.Header
		if json.Unmarshal(text, &v) != nil || v.Type == "" || v.Timestamp.IsZero() {
			r.bad = append(r.bad, string(text))
		}
		if !verified(r.secrets, req.Header, text) {
			r.bad = append(r.bad, "signature")
		}
		status := 204
		if r.answer != nil {
			status = r.answer(v.Data.Seq, v.Type, r.ids[id])
		}
		if status < 300 {
			r.got = append(r.got, v.Data.Seq)
			r.kinds[v.Type]++
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(r.Close)
	return r
}

// verified checks a signature as the specification says, written apart from the code under test: every secret must be able to.
func verified(secrets [][]byte, h http.Header, body []byte) bool {
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		io.WriteString(mac, h.Get("webhook-id")+"."+h.Get("webhook-timestamp")+"."+string(body))
		if !slices.Contains(strings.Fields(h.Get("webhook-signature")), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil))) {
			return false
		}
	}
	return true
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got)
}

func (r *receiver) trusts(t testing.TB, secrets ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = nil
	for _, s := range secrets {
		b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "whsec_"))
		must(t, err)
		r.secrets = append(r.secrets, b)
	}
}

// TestSign compares with the example of the specification.
func TestSign(t *testing.T) {
	secret, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	must(t, err)
	got := notify.Sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Error(got)
	}
}

// TestWebhook sends what is asked for, signed, from the time of creation on; rotates; replays by seq and time; tests; deletes.
func TestWebhook(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		h, r := build(t, db, nil), receive(t)
		h.emit(t, "decision.made", 5) // before: not sent
		e, secret, err := h.Create(ctx, tenant, ann, r.URL, "", []string{"decision.*", "list.changed"})
		must(t, err)
		r.trusts(t, secret)
		h.emit(t, "decision.made", 300)
		h.emit(t, "event.recorded", 7)
		h.emit(t, "list.changed", 1)
		eventually(t, "301 sent", func() bool { return r.count() == 301 })
		if r.kinds["event.recorded"] != 0 || len(r.bad) > 0 {
			t.Errorf("kinds %v, bad %v", r.kinds, r.bad)
		}
		fresh, err := h.Rotate(ctx, tenant, e.ID)
		must(t, err)
		r.trusts(t, secret, fresh)
		h.emit(t, "decision.made", 1)
		eventually(t, "302 sent", func() bool { return r.count() == 302 })
		job, err := h.Replay(ctx, tenant, ann, e.ID, notify.Range{FromSeq: 1, ToSeq: 10})
		must(t, err)
		eventually(t, "the replay", func() bool { return r.count() == 302+9 }) // 6 is the endpoint's own entry
		if job.ID == "" || len(r.bad) > 0 {
			t.Errorf("%v", r.bad)
		}
		_, err = h.Replay(ctx, tenant, ann, e.ID, notify.Range{From: e.CreatedAt.Add(time.Microsecond), To: time.Now().Add(time.Hour)})
		must(t, err)
		eventually(t, "the replay by time", func() bool { return r.count() == 302+9+302 })
		if _, err := h.Replay(ctx, tenant, ann, e.ID, notify.Range{From: time.Now().Add(time.Hour)}); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("a replay of nothing: %v", err)
		}
		d, err := h.Test(ctx, tenant, e.ID)
		if err != nil || d.State != notify.DeliveryDelivered || r.kinds["webhook.test"] != 1 {
			t.Errorf("test: %+v %v", d, err)
		}
		all, err := h.Deliveries(ctx, tenant, e.ID, notify.DeliveryDelivered, 0, 1000)
		must(t, err)
		if len(all) != 302+5 || all[0].Status != 204 {
			t.Errorf("%d deliveries", len(all))
		}
		must(t, h.Delete(ctx, tenant, e.ID))
		if _, err := h.Endpoint(ctx, tenant, e.ID); qingyuan.CodeOf(err) != qingyuan.NotFound {
			t.Errorf("deleted: %v", err)
		}
	})
}

// TestRefusedEntries sets refused entries aside and goes on; they arrive later, under the same id.
func TestRefusedEntries(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		h, r := build(t, db, nil), receive(t)
		r.answer = func(seq int64, _ string, nth int) int {
			if seq%50 == 0 && nth < 3 {
				return 500
			}
			return 200
		}
		e, _, err := h.Create(ctx, tenant, ann, r.URL, "", []string{"*"})
		must(t, err)
		h.emit(t, "decision.made", 200)
		eventually(t, "all sent", func() bool { return r.count() == 200 })
		eventually(t, "all marked", func() bool {
			left, err := h.Deliveries(ctx, tenant, e.ID, notify.DeliveryWaiting, 0, 10)
			must(t, err)
			return len(left) == 0
		})
		for id, n := range r.ids {
			if n != 1 && n != 3 {
				t.Errorf("%s was sent %d times", id, n)
			}
		}
	})
}

// TestIllTarget waits while a target is down, loses nothing when it comes back, disables one that stays down, and keeps others
// going meanwhile.
func TestIllTarget(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		h := build(t, db, func(c *notify.Config) { c.DisableAfter = 300 * time.Millisecond; c.Timeout = 200 * time.Millisecond })
		ill, well := receive(t), receive(t)
		var mu sync.Mutex
		down := true
		ill.answer = func(int64, string, int) int {
			mu.Lock()
			defer mu.Unlock()
			if down {
				return 503
			}
			return 200
		}
		hang := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}))
		t.Cleanup(hang.Close)
		bad, _, err := h.Create(ctx, tenant, ann, hang.URL, "", []string{"decision.made"})
		must(t, err)
		sick, _, err := h.Create(ctx, tenant, ann, ill.URL, "", []string{"decision.made"})
		must(t, err)
		_, _, err = h.Create(ctx, tenant, ann, well.URL, "", []string{"decision.made", "webhook.disabled"})
		must(t, err)
		h.emit(t, "decision.made", 100)
		eventually(t, "the well one has all", func() bool { return well.count() >= 100 })
		if ill.count() != 0 {
			t.Errorf("the ill one took %d", ill.count())
		}
		if n := attempts(ill); n > 60 {
			t.Errorf("the ill one was tried %d times for 100 entries", n)
		}
		mu.Lock()
		down = false
		mu.Unlock()
		eventually(t, "the ill one recovers or was disabled", func() bool {
			e, err := h.Endpoint(ctx, tenant, sick.ID)
			must(t, err)
			if !e.Active {
				yes := true
				_, err := h.Update(ctx, tenant, sick.ID, notify.Change{Active: &yes})
				must(t, err)
				_, err = h.Replay(ctx, tenant, ann, sick.ID, notify.Range{FromSeq: 1})
				must(t, err)
			}
			return ill.count() >= 100
		})
		eventually(t, "the one that hangs is disabled", func() bool {
			e, err := h.Endpoint(ctx, tenant, bad.ID)
			must(t, err)
			return !e.Active && e.Reason != ""
		})
		eventually(t, "the notice", func() bool { well.mu.Lock(); defer well.mu.Unlock(); return well.kinds["webhook.disabled"] >= 1 })
		if _, err := h.Replay(ctx, tenant, ann, bad.ID, notify.Range{}); qingyuan.CodeOf(err) != qingyuan.Conflict {
			t.Errorf("a replay to a disabled one: %v", err)
		}
	})
}

func attempts(r *receiver) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, times := range r.ids {
		n += times
	}
	return n
}

// TestGone disables a target at once that answers 410.
func TestGone(t *testing.T) {
	db := storetest.Open(t, t.TempDir()+"/q.db", lines...)
	h, r := build(t, db, nil), receive(t)
	r.answer = func(int64, string, int) int { return 410 }
	e, _, err := h.Create(ctx, tenant, ann, r.URL, "", []string{"*"})
	must(t, err)
	h.emit(t, "decision.made", 1)
	eventually(t, "disabled", func() bool {
		now, err := h.Endpoint(ctx, tenant, e.ID)
		must(t, err)
		return !now.Active
	})
}

// TestGuard refuses what is not on the internet, however it is written, redirects, and certificates that do not verify.
func TestGuard(t *testing.T) {
	for _, a := range []string{"127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "0.0.0.0", "0.1.2.3",
		"192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "64:ff9b::7f00:1",
		"64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001::1", "2001:db8::1", "100::1"} {
		if notify.Permits(netip.MustParseAddr(a)) {
			t.Errorf("%s may be reached", a)
		}
	}
	for _, a := range []string{"8.8.8.8", "223.5.5.5", "2400:3200::1", "64:ff9b::808:808", "::ffff:8.8.8.8"} {
		if !notify.Permits(netip.MustParseAddr(a)) {
			t.Errorf("%s may not be reached", a)
		}
	}
	if !notify.Permits(netip.MustParseAddr("10.1.2.3"), netip.MustParsePrefix("10.1.0.0/16")) || notify.Permits(netip.MustParseAddr("10.2.2.3"), netip.MustParsePrefix("10.1.0.0/16")) {
		t.Error("an allowed network")
	}
	for _, u := range []string{"", "x", "http://example.com", "ftp://example.com", "https://", "https://u:p@example.com", "https://example.com/#f", "https://127.0.0.1/", "https://[::1]/",
		"https://[::ffff:10.0.0.1]/", "https:example.com", "https://example.com/" + strings.Repeat("x", 2000)} {
		if notify.CheckURL(u) == nil {
			t.Errorf("%q is taken", u)
		}
	}
	db := storetest.Open(t, t.TempDir()+"/q.db", lines...)
	inside := receive(t)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(inside.URL, "http://"))
	strict := build(t, db, func(c *notify.Config) { c.Allow = nil })
	// A name that points inside: the check at the moment of connecting refuses it.
	e, _, err := strict.Create(ctx, tenant, ann, "http://localhost:"+port, "", []string{"*"})
	must(t, err)
	if d, err := strict.Test(ctx, tenant, e.ID); err != nil || d.State != notify.DeliveryFailed || !strings.Contains(d.Error, "may be connected to") || attempts(inside) != 0 {
		t.Errorf("localhost: %+v, %v", d, err)
	}
}

// TestNoRedirect takes a redirect for a failure and does not follow it.
func TestNoRedirect(t *testing.T) {
	db := storetest.Open(t, t.TempDir()+"/q.db", lines...)
	h, inside := build(t, db, nil), receive(t)
	away := httptest.NewServer(http.RedirectHandler(inside.URL, http.StatusTemporaryRedirect))
	t.Cleanup(away.Close)
	e, _, err := h.Create(ctx, tenant, ann, away.URL, "", []string{"*"})
	must(t, err)
	if d, err := h.Test(ctx, tenant, e.ID); err != nil || d.State != notify.DeliveryFailed || d.Status != 307 || attempts(inside) != 0 {
		t.Errorf("%+v, %v", d, err)
	}
}

// TestTLS refuses a certificate that nobody vouches for and takes one of a configured authority.
func TestTLS(t *testing.T) {
	target := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }))
	t.Cleanup(target.Close)
	target.Config.ErrorLog = nil
	pool := x509.NewCertPool()
	pool.AddCert(target.Certificate())
	for want, roots := range map[notify.DeliveryState]*tls.Config{notify.DeliveryFailed: nil, notify.DeliveryDelivered: {RootCAs: pool}} {
		db := storetest.Open(t, t.TempDir()+"/q.db", lines...)
		h := build(t, db, func(c *notify.Config) { c.Roots = roots })
		e, _, err := h.Create(ctx, tenant, ann, target.URL, "", []string{"*"})
		must(t, err)
		if d, err := h.Test(ctx, tenant, e.ID); err != nil || d.State != want {
			t.Errorf("%+v, %v", d, err)
		}
	}
}

// TestBadEndpoints refuses kinds that are none.
func TestBadEndpoints(t *testing.T) {
	db := storetest.Open(t, t.TempDir()+"/q.db", lines...)
	h := build(t, db, nil)
	for _, kinds := range [][]string{nil, {""}, {"a b"}, {"a,b"}, {"*a"}, {"Decision"}, {strings.Repeat("x", 65)}} {
		if _, _, err := h.Create(ctx, tenant, ann, "https://example.com/", "", kinds); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%q: %v", kinds, err)
		}
	}
	if _, err := h.Rotate(ctx, tenant, "whe_none"); qingyuan.CodeOf(err) != qingyuan.NotFound {
		t.Errorf("%v", err)
	}
}
