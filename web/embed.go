package web

import (
	"bytes"
	"crypto/rand"
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed all:dist
var built embed.FS

//go:embed unbuilt.html
var unbuilt []byte

// Handler serves the console: its assets, and the page for every other address a browser asks for. It is meant to be
// mounted at "/", behind the API's more specific patterns.
func Handler() http.Handler {
	files, err := fs.Sub(built, "dist")
	if err != nil {
		return http.NotFoundHandler() // cannot happen: "dist" is a valid path
	}
	return newConsole(files)
}

// console serves one built console. page is index.html with %NONCE% where the nonce of the response goes.
type console struct {
	files fs.FS
	page  []byte
}

func newConsole(files fs.FS) *console {
	page, err := fs.ReadFile(files, "index.html")
	if err != nil {
		page = unbuilt
	}
	return &console{files: files, page: page}
}

// ServeHTTP answers with the asset of that name, with the page where a browser asks for one, or with 404.
func (c *console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	switch {
	case c.isAsset(name):
		c.serveAsset(w, r, name)
	case name == "" || name == "index.html" || wantsPage(r, name):
		c.servePage(w, r)
	default:
		http.NotFound(w, r)
	}
}

// isAsset reports whether name is a file of the console other than the page, its compressed forms and dot files.
func (c *console) isAsset(name string) bool {
	if name == "" || name == "index.html" || strings.HasSuffix(name, ".gz") || strings.HasPrefix(path.Base(name), ".") {
		return false
	}
	info, err := fs.Stat(c.files, name)
	return err == nil && !info.IsDir()
}

// wantsPage reports whether a browser navigates to a client route. A script that asks for a missing asset, or a program
// that mistypes an API path, gets 404 and not a page.
func wantsPage(r *http.Request, name string) bool {
	return !strings.HasPrefix(name, "assets/") && strings.Contains(r.Header.Get("Accept"), "text/html")
}

func (c *console) serveAsset(w http.ResponseWriter, r *http.Request, name string) {
	h := w.Header()
	secure(h, "")
	h.Set("Cache-Control", "public, max-age=3600")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		h.Set("Content-Type", kind)
	}
	body, err := fs.ReadFile(c.files, name)
	if packed, packedErr := fs.ReadFile(c.files, name+".gz"); packedErr == nil {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			body = packed
		}
	}
	if err != nil {
		http.NotFound(w, r)
		return
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
}

func (c *console) servePage(w http.ResponseWriter, r *http.Request) {
	nonce := rand.Text()
	h := w.Header()
	secure(h, nonce)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	page := bytes.ReplaceAll(c.page, []byte("%NONCE%"), []byte(nonce))
	http.ServeContent(w, r, "index.html", time.Time{}, bytes.NewReader(page))
}

// secure sets the headers that keep the console to its own origin. Styles are made at run time by the component kit and
// carry the nonce; scripts come from files only.
func secure(h http.Header, nonce string) {
	styles := "'self'"
	if nonce != "" {
		styles += " 'nonce-" + nonce + "'"
	}
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src "+styles+"; img-src 'self' data:; "+
		"font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

// acceptsGzip reports whether the client takes gzip (RFC 9110 §12.5.3); a weight of zero means no.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";")
		if coding == "gzip" || coding == "*" {
			return strings.TrimRight(weight, "0.") != "q="
		}
	}
	return false
}
