package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// script is long enough to be worth compressing.
var script = strings.Repeat("console.log('清源');\n", 50)

func builtConsole(t *testing.T) *console {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.WriteString(z, script); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return newConsole(fstest.MapFS{
		".keep":                 {},
		"index.html":            {Data: []byte(`<meta name="csp-nonce" content="%NONCE%"><div id="root">`)},
		"favicon.svg":           {Data: []byte("<svg/>")},
		"assets/index-1.js":     {Data: []byte(script)},
		"assets/index-1.js.gz":  {Data: packed.Bytes()},
		"assets/index-1.css":    {Data: []byte("a{}")},
		"assets/nested/dir.txt": {Data: []byte("x")},
	})
}

func get(t *testing.T, h http.Handler, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestWhatIsServed(t *testing.T) {
	c := builtConsole(t)
	const html = "text/html,application/xhtml+xml"
	for _, tc := range []struct {
		name, target, accept string
		status               int
		cache, kind          string
	}{
		{"the page", "/", "", 200, "no-store", "text/html"},
		{"the page by name", "/index.html", "", 200, "no-store", "text/html"},
		{"a client route", "/decisions/dec_1?reason=a.b", html, 200, "no-store", "text/html"},
		{"a client route, not by a browser", "/decisions", "*/*", 404, "", ""},
		{"a mistyped API path", "/v1/decision", "application/json", 404, "", ""},
		{"a hashed asset", "/assets/index-1.js", "*/*", 200, "public, max-age=31536000, immutable", "javascript"},
		{"a style sheet", "/assets/index-1.css", "*/*", 200, "public, max-age=31536000, immutable", "text/css"},
		{"an asset without a hash", "/favicon.svg", "*/*", 200, "public, max-age=3600", "image/svg+xml"},
		{"a missing asset, even by a browser", "/assets/gone-2.js", html, 404, "", ""},
		{"the compressed form by name", "/assets/index-1.js.gz", "*/*", 404, "", ""},
		{"a folder", "/assets", "*/*", 404, "", ""},
		{"a dot file", "/.keep", "*/*", 404, "", ""},
		{"a way out of the folder", "/assets/../../embed.go", "*/*", 404, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := get(t, c, tc.target, "Accept", tc.accept)
			if r.StatusCode != tc.status {
				t.Fatalf("status %d, want %d", r.StatusCode, tc.status)
			}
			if tc.status != 200 {
				return
			}
			if got := r.Header.Get("Cache-Control"); got != tc.cache {
				t.Errorf("Cache-Control %q, want %q", got, tc.cache)
			}
			if got := r.Header.Get("Content-Type"); !strings.Contains(got, tc.kind) {
				t.Errorf("Content-Type %q, want %q", got, tc.kind)
			}
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
				if got := r.Header.Get(name); got != want {
					t.Errorf("%s %q, want %q", name, got, want)
				}
			}
			if csp := r.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
				t.Errorf("weak policy: %s", csp)
			}
		})
	}
}

func TestNonceIsInPolicyAndPageAndNeverTwice(t *testing.T) {
	c := builtConsole(t)
	seen := map[string]bool{}
	for range 3 {
		r := get(t, c, "/")
		m := regexp.MustCompile(`style-src 'self' 'nonce-([A-Za-z0-9]{20,})'`).FindStringSubmatch(r.Header.Get("Content-Security-Policy"))
		if m == nil {
			t.Fatalf("no nonce in the policy: %s", r.Header.Get("Content-Security-Policy"))
		}
		if page := body(t, r); !strings.Contains(page, `content="`+m[1]+`"`) {
			t.Errorf("the page does not carry the nonce of its policy: %s", page)
		}
		if seen[m[1]] {
			t.Error("a nonce was given twice")
		}
		seen[m[1]] = true
	}
}

func TestCompression(t *testing.T) {
	c := builtConsole(t)
	for _, tc := range []struct {
		accept string
		gzip   bool
	}{
		{"", false}, {"br", false}, {"gzip", true}, {"br, gzip;q=0.5", true}, {"gzip;q=0", false}, {"gzip; q=0.0", false}, {"*", true},
	} {
		r := get(t, c, "/assets/index-1.js", "Accept-Encoding", tc.accept)
		if got := r.Header.Get("Content-Encoding") == "gzip"; got != tc.gzip {
			t.Errorf("Accept-Encoding %q: gzip %v, want %v", tc.accept, got, tc.gzip)
		}
		if r.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: no Vary", tc.accept)
		}
		var src io.Reader = r.Body
		if tc.gzip {
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			src = z
		}
		if got, err := io.ReadAll(src); err != nil || string(got) != script {
			t.Errorf("Accept-Encoding %q: other bytes than the script (%v)", tc.accept, err)
		}
	}
	if r := get(t, c, "/assets/index-1.css", "Accept-Encoding", "gzip"); r.Header.Get("Content-Encoding") != "" || body(t, r) != "a{}" {
		t.Error("an asset without a compressed form must be sent as it is")
	}
}

func TestOnlyReads(t *testing.T) {
	w := httptest.NewRecorder()
	builtConsole(t).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestWithoutABuild(t *testing.T) {
	page := body(t, get(t, newConsole(fstest.MapFS{".keep": {}}), "/decisions", "Accept", "text/html"))
	if !strings.Contains(page, "make build") || strings.Contains(page, "%NONCE%") {
		t.Errorf("the built-in page does not say what to do: %s", page)
	}
}

func TestHandlerServesAPageWhetherBuiltOrNot(t *testing.T) {
	r := get(t, Handler(), "/", "Accept", "text/html")
	if page := body(t, r); r.StatusCode != 200 || !strings.Contains(page, "<title>清源") {
		t.Errorf("status %d, page %.80q", r.StatusCode, page)
	}
}
