package qingyuan

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// MaxPage is the largest number of rows a page may hold.
const MaxPage = 200

// Page asks for one page of a list: at most Limit rows after Cursor.
type Page struct {
	Cursor string
	Limit  int
}

// Rows is the number of rows to read: Limit within [1, MaxPage], 50 where Limit is 0.
func (p Page) Rows() int {
	switch {
	case p.Limit <= 0:
		return 50
	case p.Limit > MaxPage:
		return MaxPage
	}
	return p.Limit
}

// CursorOf makes an opaque keyset cursor from the sort key of the last row of a page.
func CursorOf(sort int64, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(sort, 10) + "|" + id))
}

// Keyset decodes a cursor made by CursorOf. The empty cursor gives ok = false with no error: the first page.
func (p Page) Keyset() (sort int64, id string, ok bool, err error) {
	if p.Cursor == "" {
		return 0, "", false, nil
	}
	bad := FieldErrorf("cursor", "is not a cursor of this list")
	raw, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil || len(raw) > 200 {
		return 0, "", false, bad
	}
	n, id, found := strings.Cut(string(raw), "|")
	sort, perr := strconv.ParseInt(n, 10, 64)
	if !found || perr != nil {
		return 0, "", false, bad
	}
	return sort, id, true, nil
}
