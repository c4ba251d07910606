package check

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// server is a server over a clock that stands still and a log that is kept.
func server(t testing.TB, c Config) (*Server, *time.Time, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	now := time.Unix(1_800_000_000, 0)
	c.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c.Now = func() time.Time { return now }
	if c.Burst == 0 {
		c.Burst = 1000
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s, &now, &log
}

// form is a multipart body as the page sends it.
func form(t testing.TB, text string, file []byte) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	w.WriteField("text", text)
	part, err := w.CreateFormFile("file", "agreement.docx")
	if err != nil {
		t.Fatal(err)
	}
	part.Write(file)
	w.Close()
	return w.FormDataContentType(), b.Bytes()
}

func post(h http.Handler, path, contentType string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// docx is a word-processor file with one paragraph a line.
func docx(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, `<w:document xmlns:w="urn:w"><w:body>`)
	for line := range strings.Lines(text) {
		fmt.Fprintf(f, "<w:p><w:r><w:t>%s</w:t></w:r></w:p>", strings.TrimSpace(line))
	}
	io.WriteString(f, `</w:body></w:document>`)
	z.Close()
	return b.Bytes()
}

func TestPageInBothLanguages(t *testing.T) {
	s, _, _ := server(t, Config{Hotline: "95000"})
	for _, lang := range []string{"zh", "en"} {
		contentType, body := form(t, advert, nil)
		w := post(s.Handler(), "/check?lang="+lang, contentType, body)
		got := w.Body.String()
		if w.Code != http.StatusOK || !strings.Contains(got, `<mark class="risk">停息挂账</mark>`) {
			t.Fatalf("%d: %s", w.Code, got)
		}
		for _, number := range []string{"tel:95000", "tel:96110", "tel:12378"} {
			if !strings.Contains(got, number) {
				t.Errorf("%s: %s is not offered", lang, number)
			}
		}
		for _, want := range map[string][]string{"zh": {`lang="zh-CN"`, "怎么办", "English"}, "en": {`lang="en"`, "What to do", "中文"}}[lang] {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is missing", lang, want)
			}
		}
	}
}

// TestEveryWordOfThePageExists: a word that is missing would be shown as nothing.
func TestEveryWordOfThePageExists(t *testing.T) {
	w, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{"risk": true, "notice": true, "quoted": true}
	sources := pageHTML
	for _, name := range []string{"server.go", "request.go", "report.go"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sources += string(b)
	}
	for _, m := range regexp.MustCompile(`word \$?v?\.Lang "(\w+)"|refusal\{\S+ \S+ "(\w+)"`).FindAllStringSubmatch(sources, -1) {
		used[m[1]+m[2]] = true
	}
	for key := range used {
		if _, ok := w[key]; !ok {
			t.Errorf("there is no word %q", key)
		}
	}
	for key := range w {
		if !used[key] {
			t.Errorf("the word %q is not used", key)
		}
	}
}

func TestHostileTextIsShownAsText(t *testing.T) {
	s, _, _ := server(t, Config{})
	contentType, body := form(t, `停息挂账<script>alert(1)</script>"><img src=x onerror=alert(1)>`, nil)
	w := post(s.Handler(), "/check", contentType, body)
	if got := w.Body.String(); strings.Contains(got, "<script") || strings.Contains(got, "<img") {
		t.Error("markup of the text stands in the page")
	}
	csp := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "script-src") {
		t.Errorf("policy %q", csp)
	}
	if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", w.Header())
	}
}

func TestJSON(t *testing.T) {
	s, _, _ := server(t, Config{})
	body, _ := json.Marshal(map[string]string{"text": advert})
	w := post(s.Handler(), "/check", "application/json", body)
	var a Answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %v: %s", w.Code, err, w.Body)
	}
	if a.Level != Risk || len(a.Findings) == 0 || advert[a.Findings[0].Spans[0].Start:a.Findings[0].Spans[0].End] != a.Findings[0].Raw {
		t.Errorf("answer %+v", a)
	}
}

func TestUpload(t *testing.T) {
	s, _, _ := server(t, Config{})
	contentType, body := form(t, "", docx(t, deal))
	if w := post(s.Handler(), "/check", contentType, body); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "电话卡") || !strings.Contains(w.Body.String(), `class="answer risk"`) {
		t.Errorf("a DOCX agreement: %d %s", w.Code, w.Body)
	}
	for name, file := range map[string][]byte{"picture": []byte("\x89PNG\r\n\x1a\n\x00\x00"), "broken archive": []byte("PK\x03\x04broken"),
		"broken PDF": []byte("%PDF-1.7 broken"), "empty document": docx(t, " ")} {
		contentType, body := form(t, "", file)
		if w := post(s.Handler(), "/check", contentType, body); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

func TestRefusals(t *testing.T) {
	s, _, _ := server(t, Config{})
	h := s.Handler()
	multipartType, file := form(t, "", make([]byte, maxFile+1))
	_, ended := form(t, advert, nil)
	long, _ := json.Marshal(map[string]string{"text": strings.Repeat("a", MaxText+1)})
	tests := []struct {
		name, contentType string
		body              []byte
		want              int
	}{
		{"file beyond its limit", multipartType, file, http.StatusRequestEntityTooLarge},
		{"body beyond its limit", "application/json", make([]byte, maxBody+1), http.StatusRequestEntityTooLarge},
		{"text beyond its limit", "application/json", long, http.StatusRequestEntityTooLarge},
		{"nothing", "application/json", []byte(`{"text":"  "}`), http.StatusUnprocessableEntity},
		{"no JSON", "application/json", []byte(`{"text"`), http.StatusBadRequest},
		{"another key", "application/json", []byte(`{"text":"a","phone":"1"}`), http.StatusBadRequest},
		{"a form cut off", multipartType, ended[:len(ended)/2], http.StatusBadRequest},
		{"another type", "text/plain", []byte("a"), http.StatusUnsupportedMediaType},
		{"a plain form", "application/x-www-form-urlencoded", []byte(url.Values{"text": {advert}}.Encode()), http.StatusOK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := post(h, "/check", tt.contentType, tt.body)
			if w.Code != tt.want {
				t.Errorf("%d, want %d", w.Code, tt.want)
			}
			if tt.contentType == "application/json" && w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("a program is answered with %s", w.Header().Get("Content-Type"))
			}
		})
	}
	t.Run("a body of unknown length", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodPost, "/check", io.MultiReader(strings.NewReader(`{"text":"`), bytes.NewReader(bytes.Repeat([]byte("a"), maxBody))))
		r.Header.Set("Content-Type", "application/json")
		r.ContentLength = -1
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%d, want 413", w.Code)
		}
	})
}

func TestFloodOfOneAddress(t *testing.T) {
	s, now, _ := server(t, Config{PerSecond: 0.5, Burst: 3})
	h := s.Handler()
	from := func(address, forwarded string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/check", strings.NewReader(`{"text":"停息挂账"}`))
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = address
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for n := range 3 {
		if w := from("192.0.2.1:1000", ""); w.Code != http.StatusOK {
			t.Fatalf("request %d: %d", n, w.Code)
		}
	}
	w := from("192.0.2.1:2000", fmt.Sprint("198.51.100.", 7)) // the header is not trusted
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "2" {
		t.Errorf("%d, Retry-After %q; want 429 and 2", w.Code, w.Header().Get("Retry-After"))
	}
	if w := from("192.0.2.2:1000", ""); w.Code != http.StatusOK {
		t.Errorf("another address: %d", w.Code)
	}
	*now = now.Add(2 * time.Second)
	if w := from("192.0.2.1:1000", ""); w.Code != http.StatusOK {
		t.Errorf("after the wait: %d", w.Code)
	}
	if w := from("192.0.2.1:1000", ""); w.Code != http.StatusTooManyRequests {
		t.Errorf("one more: %d", w.Code)
	}
}

func TestAddressOf(t *testing.T) {
	tests := []struct {
		name, remote string
		forwarded    []string
		proxy        bool
		want         string
	}{
		{"direct", "192.0.2.1:5", nil, false, "192.0.2.1/32"},
		{"a header that is not trusted", "192.0.2.1:5", []string{"198.51.100.1"}, false, "192.0.2.1/32"},
		{"the proxy's own entry", "127.0.0.1:5", []string{"10.9.9.9, 198.51.100.1"}, true, "198.51.100.1/32"},
		{"the last header", "127.0.0.1:5", []string{"10.9.9.9", "198.51.100.2"}, true, "198.51.100.2/32"},
		{"no header behind a proxy", "127.0.0.1:5", nil, true, "127.0.0.1/32"},
		{"one subscriber's IPv6", "[2001:db8:1:2:3::4]:5", nil, false, "2001:db8:1:2::/64"},
		{"IPv4 in IPv6", "[::ffff:192.0.2.1]:5", nil, false, "192.0.2.1/32"},
		{"a zone", "[fe80::1%eth0]:5", nil, false, "fe80::/64"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tt.remote
		for _, f := range tt.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		if got := addressOf(r, tt.proxy); got != netip.MustParsePrefix(tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Forwarded-For", "garbage")
	if got := addressOf(r, true); got.IsValid() {
		t.Errorf("garbage gives %v", got)
	}
}

// TestFloodMemoryIsBounded sends from more addresses than are remembered: the newcomers share one bucket, those known keep
// theirs, and all is forgotten in time.
func TestFloodMemoryIsBounded(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	f := newFlood(1, 2, func() time.Time { return now })
	address := func(n int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), 32)
	}
	for n := range maxAddresses {
		f.take(address(n))
	}
	if f.take(address(0)) != 0 || f.take(address(0)) == 0 {
		t.Error("a known address does not keep its bucket")
	}
	refused := 0
	for n := range 1000 {
		if f.take(address(maxAddresses+n)) > 0 {
			refused++
		}
	}
	if len(f.buckets) > maxAddresses || refused != 998 {
		t.Errorf("%d buckets, %d of 1000 newcomers refused", len(f.buckets), refused)
	}
	now = now.Add(time.Minute)
	f.take(address(maxAddresses))
	if len(f.buckets) != 1 {
		t.Errorf("%d buckets after a quiet minute", len(f.buckets))
	}
}

// TestFullHouse fills the places of requests being read: the next is sent away at once, and let in when one is free.
func TestFullHouse(t *testing.T) {
	s, _, _ := server(t, Config{})
	for range cap(s.bodies) {
		s.bodies <- struct{}{}
	}
	w := post(s.Handler(), "/check", "application/json", []byte(`{"text":"停息挂账"}`))
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v, want 429 with Retry-After", w.Code, w.Header())
	}
	s.bodies.leave()
	if w := post(s.Handler(), "/check", "application/json", []byte(`{"text":"停息挂账"}`)); w.Code != http.StatusOK {
		t.Errorf("with a free place: %d", w.Code)
	}
}

// TestNothingOfATextIsLogged includes a fault whose value quotes the text.
func TestNothingOfATextIsLogged(t *testing.T) {
	s, _, log := server(t, Config{})
	contentType, body := form(t, advert, docx(t, deal))
	post(s.Handler(), "/check", contentType, body)
	post(s.Handler(), "/check", "application/json", []byte(`{"text":"`+advert))
	w := httptest.NewRecorder()
	s.guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(advert) })).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusInternalServerError || !strings.Contains(log.String(), "a check failed") {
		t.Errorf("a fault: %d, log %q", w.Code, log)
	}
	for _, part := range []string{"停息挂账", "abc12345", "电话卡", "张某"} {
		if strings.Contains(log.String(), part) {
			t.Errorf("the log holds %q", part)
		}
	}
}

// TestSlowRequestIsCutOff: a body that does not come is not waited for.
func TestSlowRequestIsCutOff(t *testing.T) {
	s, _, _ := server(t, Config{})
	h := s.HTTP()
	if h.ReadHeaderTimeout == 0 || h.ReadTimeout == 0 || h.WriteTimeout == 0 || h.IdleTimeout == 0 || h.MaxHeaderBytes == 0 {
		t.Fatalf("a timeout or bound is not set: %+v", h)
	}
	h.ReadTimeout = 200 * time.Millisecond
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go h.Serve(listener)
	defer h.Close()
	c, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /check HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	c.SetDeadline(time.Now().Add(10 * time.Second))
	answer, err := io.ReadAll(c)
	if err != nil || strings.Contains(string(answer), "200 OK") {
		t.Errorf("%v: %q", err, answer)
	}
	if len(s.bodies) != 0 {
		t.Error("the place is not free again")
	}
}

// BenchmarkCheck answers texts of 2 KB, full of findings and without any, from the form to the page, and reports the 95th
// percentile.
func BenchmarkCheck(b *testing.B) {
	const size = 2046
	for name, text := range map[string]string{"marked": deal + advert + "\n" + plain + "\n", "plain": plain + "\n"} {
		b.Run(name, func(b *testing.B) {
			s, _, _ := server(b, Config{Burst: 1 << 30})
			h := s.Handler()
			contentType, body := form(b, strings.Repeat(text, 1+size/len(text))[:size], nil)
			var took []time.Duration
			for b.Loop() {
				from := time.Now()
				if w := post(h, "/check", contentType, body); w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
				took = append(took, time.Since(from))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
}

func FuzzRead(f *testing.F) {
	contentType, body := form(f, advert, []byte("%PDF-1"))
	f.Add(contentType, body)
	f.Add("application/json", []byte(`{"text":"a"}`))
	f.Add("application/x-www-form-urlencoded", []byte("text=%"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/check", bytes.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		in, bad := read(httptest.NewRecorder(), r)
		if (in == nil) == (bad == nil) {
			t.Fatal("neither read nor refused, or both")
		}
		if in != nil && (len(in.text) > 3*MaxText || len(in.file) > maxFile) {
			t.Fatalf("%d bytes of text, %d of file", len(in.text), len(in.file))
		}
	})
}
