package api_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"qingyuan/internal/api"
	"qingyuan/internal/store/storetest"
)

// slowBody is a body that comes when it is let go.
type slowBody struct {
	asked chan<- struct{}
	wait  <-chan struct{}
	*strings.Reader
}

// Read says that it was asked, and waits.
func (b slowBody) Read(p []byte) (int, error) {
	b.asked <- struct{}{}
	<-b.wait
	return b.Reader.Read(p)
}

// TestOverload fills the places for decisions: whoever comes then is told at once when to come again, watchers and readers get through,
// and once there is room again everybody does.
func TestOverload(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	cfg := h.config
	cfg.Admission = api.Admission{Decisions: 2, Others: 2, Streams: 1}
	s, err := api.New(cfg)
	must(t, err)
	ask := func(method, path string, body interface{ Read([]byte) (int, error) }) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, body)
		r.Header.Set("Authorization", "Bearer "+h.secret)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	asked, release := make(chan struct{}, 100), make(chan struct{})
	var busy sync.WaitGroup
	codes := make([]int, 2)
	for i := range codes {
		busy.Go(func() {
			codes[i] = ask("POST", "/v1/decisions", slowBody{asked, release, strings.NewReader(application(i))}).Code
		})
	}

	for range codes {
		<-asked
	}
	for n := range 20 {
		w := ask("POST", "/v1/decisions", strings.NewReader(application(100+n)))
		if w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), `"unavailable"`) {
			t.Fatalf("one beyond the places: %d %s", w.Code, w.Body)
		}
	}
	for _, path := range []string{"/livez", "/readyz", "/v1/decisions"} {
		if w := ask("GET", path, http.NoBody); w.Code != 200 {
			t.Errorf("%s under load: %d", path, w.Code)
		}
	}
	close(release)
	busy.Wait()
	for _, code := range codes {
		if code != 200 {
			t.Errorf("one that had a place: %d", code)
		}
	}
	if w := ask("POST", "/v1/decisions", strings.NewReader(application(999_999))); w.Code != 200 {
		t.Errorf("after: %d %s", w.Code, w.Body)
	}
}

// TestStuckStream leaves streams unread: decisions do not notice.
func TestStuckStream(t *testing.T) {
	h := build(t, storetest.Open(t, t.TempDir()+"/q.db"))
	for range 5 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
		must(t, err)
		defer conn.Close()
		must(t, conn.(*net.TCPConn).SetReadBuffer(1))
		fmt.Fprintf(conn, "GET /v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nLast-Event-ID: 0\r\n\r\n", h.secret)
		if line, err := bufio.NewReaderSize(conn, 16).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
			t.Fatalf("%q %v", line, err)
		} // and not a byte more
	}
	var slowest time.Duration
	for i := range 200 {
		began := time.Now()
		if status, v, _ := h.call(t, "POST", "/v1/decisions", application(i)); status != 200 {
			t.Fatalf("%d %v", status, v)
		}
		slowest = max(slowest, time.Since(began))
	}
	if slowest > 5*time.Second {
		t.Errorf("a decision took %v", slowest)
	}
}
