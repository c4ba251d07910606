package api_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"qingyuan/internal/auth"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

// TestWebhooks takes an endpoint through its life as an administrator does.
func TestWebhooks(t *testing.T) {
	storetest.Each(t, nil, func(t *testing.T, db *store.DB) {
		h := build(t, db)
		admin := h.person(t, "root", auth.Admin)
		var got atomic.Int32
		target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if strings.Contains(string(body), "13800138000") {
				t.Errorf("a phone number left: %s", body)
			}
			got.Add(1)
		}))
		t.Cleanup(target.Close)
		status, v := admin.do(t, "POST", "/v1/webhooks", fmt.Sprintf(`{"url":%q,"kinds":["decision.made"]}`, target.URL))
		if status != 201 || !strings.HasPrefix(v["secret"].(string), "whsec_") {
			t.Fatalf("create: %d %v", status, v)
		}
		path := "/v1/webhooks/" + v["id"].(string)
		h.call(t, "POST", "/v1/decisions", application(1))
		for end := time.Now().Add(15 * time.Second); got.Load() == 0 && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		}
		for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			_, v = admin.do(t, "GET", path+"/deliveries?state=delivered", "")
			if all := items(t, v); len(all) == 1 && all[0]["status"] == 200.0 {
				break
			} else if time.Now().After(end) {
				t.Fatalf("deliveries: %v", v)
			}
		}
		for _, c := range []struct {
			method, path, body string
			want               int
		}{
			{"POST", path + "/test", "", 200}, {"POST", path + "/rotate", "", 200}, {"POST", path + "/replay", `{"from_seq":1}`, 202},
			{"PATCH", path, `{"active":false}`, 200}, {"POST", path + "/replay", `{}`, 409}, {"PATCH", path, `{"kinds":["!"]}`, 422},
			{"POST", "/v1/webhooks", `{"url":"https://10.0.0.1/","kinds":["*"]}`, 422}, {"DELETE", path, "", 204}, {"DELETE", path, "", 404},
		} {
			if status, v := admin.do(t, c.method, c.path, c.body); status != c.want {
				t.Errorf("%s %s: %d %v", c.method, c.path, status, v)
			}
		}
		if status, _ := h.person(t, "analyst", auth.Analyst).do(t, "GET", "/v1/webhooks", ""); status != 403 {
			t.Errorf("an analyst sees webhooks: %d", status)
		}
	})
}

// TestStuckConsumersSlowNothing decides while a webhook's target never answers and while somebody reads the event stream no
// further: no decision waits for them. How much slower decisions are is told, not asserted: bench/overload and bench/decision measure.
func TestStuckConsumersSlowNothing(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	admin := h.person(t, "root", auth.Admin)
	decide := func(from, n int) (p50, p95 time.Duration) {
		t.Helper()
		var all []time.Duration
		for i := range n {
			began := time.Now()
			if status, v, _ := h.call(t, "POST", "/v1/decisions", application(from+i)); status != 200 {
				t.Fatalf("%d %v", status, v)
			}
			all = append(all, time.Since(began))
		}
		slices.Sort(all)
		return all[n/2], all[n*95/100]
	}
	decide(0, 50)
	before50, before95 := decide(1000, 300)

	reached := make(chan bool, 99)
	stuck := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		reached <- true
		<-r.Context().Done()
	}))
	t.Cleanup(func() { stuck.CloseClientConnections(); stuck.Close() })
	for range 3 {
		if status, v := admin.do(t, "POST", "/v1/webhooks", fmt.Sprintf(`{"url":%q,"kinds":["*"]}`, stuck.URL)); status != 201 {
			t.Fatalf("%d %v", status, v)
		}
	}
	for range 5 { // people whose browsers have stopped reading
		c, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
		must(t, err)
		t.Cleanup(func() { c.Close() })
		fmt.Fprintf(c, "GET /v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nLast-Event-ID: 0\r\n\r\n", h.secret)
	}
	decide(2000, 20)
	select {
	case <-reached:
	case <-time.After(10 * time.Second):
		t.Fatal("no webhook was sent: the test proves nothing")
	}
	after50, after95 := decide(3000, 300)
	t.Logf("decisions over HTTP, one at a time: p50 %s, p95 %s; with stuck consumers p50 %s, p95 %s", before50, before95, after50, after95)
	if after95 > time.Second { // what waits for a stuck consumer waits for seconds
		t.Errorf("decisions wait for stuck consumers: p50 %s → %s, p95 %s → %s", before50, after50, before95, after95)
	}
}
