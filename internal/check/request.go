package check

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"qingyuan"
)

// given is what a request brings: a text, and perhaps a file. Neither outlives the request.
type given struct {
	text    string
	file    []byte
	consent bool // to the text being kept; asked for a report only
}

// language is the language asked for: English by ?lang=en, else Chinese.
func language(r *http.Request) string {
	if r.URL.Query().Get("lang") == "en" {
		return "en"
	}
	return "zh"
}

// wantsJSON tells programs from people.
func wantsJSON(r *http.Request) bool {
	return mediaType(r) == "application/json" || strings.Contains(r.Header.Get("Accept"), "application/json")
}

func mediaType(r *http.Request) string {
	t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return t
}

// read reads the body of a check: a form, or a JSON object with the key text, and
// for a report consent. Nothing of it touches the disk: what is kept in
// memory is allowed to be larger than a body.
func read(w http.ResponseWriter, r *http.Request) (*given, *refusal) {
	oversize := &refusal{http.StatusRequestEntityTooLarge, qingyuan.Invalid, "oversize", 0}
	if r.ContentLength > maxBody {
		return nil, oversize
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	var in given
	var err error
	switch mediaType(r) {
	case "application/json":
		err = in.readJSON(r.Body)
	case "multipart/form-data":
		err = in.readMultipart(r)
	case "application/x-www-form-urlencoded":
		err = r.ParseForm()
		in.text, in.consent = r.PostForm.Get("text"), r.PostForm.Get("consent") == "yes"
	default:
		return nil, &refusal{http.StatusUnsupportedMediaType, qingyuan.Invalid, "unreadable", 0}
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge) || len(in.text) > MaxText || len(in.file) > maxFile:
		return nil, oversize
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, qingyuan.Invalid, "unreadable", 0}
	}
	in.text = strings.ToValidUTF8(in.text, "\uFFFD")
	if strings.TrimSpace(in.text) == "" && len(in.file) == 0 {
		return nil, &refusal{http.StatusUnprocessableEntity, qingyuan.Invalid, "empty", 0}
	}
	return &in, nil
}

func (in *given) readJSON(body io.Reader) error {
	var object struct {
		Text    string `json:"text"`
		Consent bool   `json:"consent"`
	}
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	err := d.Decode(&object)
	in.text, in.consent = object.Text, object.Consent
	return err
}

func (in *given) readMultipart(r *http.Request) error {
	if err := r.ParseMultipartForm(2 * maxBody); err != nil {
		return err
	}
	in.text = r.PostForm.Get("text")
	for _, h := range r.MultipartForm.File["file"] {
		f, err := h.Open()
		if err != nil {
			return err
		}
		in.file, err = io.ReadAll(f)
		f.Close()
		if err != nil || len(in.file) > 0 {
			return err
		}
	}
	return nil
}

// readFile puts the text of the file after the text that was pasted.
func (s *Server) readFile(ctx context.Context, in *given) *refusal {
	if len(in.file) == 0 {
		return nil
	}
	text, _, err := s.files.Extract(ctx, in.file)
	in.file = nil
	switch {
	case qingyuan.CodeOf(err) == qingyuan.Unavailable:
		return &refusal{http.StatusServiceUnavailable, qingyuan.Unavailable, "busy", patience}
	case err != nil || strings.TrimSpace(text) == "":
		return &refusal{http.StatusUnprocessableEntity, qingyuan.Invalid, "file_unreadable", 0}
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	if strings.TrimSpace(in.text) != "" {
		text = in.text + "\n\n" + text
	}
	in.text = text
	return nil
}

func writeJSON(w http.ResponseWriter, status int, contentType string, v any) {
	body, _ := json.Marshal(v) // of our own types, which always can
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	w.Write(body)
}
