package classify

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"

	"qingyuan"
)

// The limits of a data file.
const (
	maxRows = 2_000_000
	maxLine = 1 << 20
)

// Row is one labelled text. Rows of one Group (near-duplicates, one template) are kept on one side of every split.
type Row struct {
	Text, Label, Group string
}

// Rows is a data file as read, with the SHA-256 of its bytes.
type Rows struct {
	Rows   []Row
	SHA256 string
}

// ReadRows reads JSON lines with the fields text, label (or another name for it) and, where present, dup_cluster or
// family: the group of the row. Other fields are ignored. A malformed line is an Invalid error that names it; so is one
// without a label, but rows without another field asked for, such as typology, are passed over.
func ReadRows(ctx context.Context, r io.Reader, label string) (Rows, error) {
	sum := sha256.New()
	lines := bufio.NewScanner(io.TeeReader(r, sum))
	lines.Buffer(make([]byte, 64<<10), maxLine)
	var out Rows
	for n := 1; lines.Scan(); n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return Rows{}, ctx.Err()
		}
		if len(lines.Bytes()) == 0 {
			continue
		}
		if len(out.Rows) == maxRows {
			return Rows{}, qingyuan.FieldErrorf("data", "has more than %d rows", maxRows)
		}
		row, err := readRow(lines.Bytes(), label)
		if errors.Is(err, errUnlabelled) && label != defaultLabel {
			continue
		}
		if err != nil {
			return Rows{}, qingyuan.FieldErrorf("data", "line %d: %v", n, err)
		}
		out.Rows = append(out.Rows, row)
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return Rows{}, qingyuan.FieldErrorf("data", "line %d is longer than %d bytes", len(out.Rows)+1, maxLine)
		}
		return Rows{}, qingyuan.Wrap(qingyuan.Unavailable, err, "the data cannot be read")
	}
	if len(out.Rows) == 0 {
		return Rows{}, qingyuan.FieldErrorf("data", "has no rows")
	}
	out.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return out, nil
}

// defaultLabel is the usual field of the label.
const defaultLabel = "label"

var errUnlabelled = errors.New("has no label")

func readRow(line []byte, label string) (Row, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return Row{}, errors.New("is not a JSON object")
	}
	var row Row
	if json.Unmarshal(fields["text"], &row.Text) != nil {
		return Row{}, errors.New("has no string field text")
	}
	if row.Label = scalar(fields[label]); row.Label == "" {
		return Row{}, errUnlabelled
	}
	for _, name := range []string{"dup_cluster", "family"} {
		if v := scalar(fields[name]); v != "" {
			row.Group = name + ":" + v
			return row, nil
		}
	}
	row.Group = "text:" + row.Text
	return row, nil
}

// scalar is a JSON string, number or boolean as a string, and "" for anything else.
func scalar(v json.RawMessage) string {
	var s string
	switch {
	case len(v) == 0 || v[0] == '{' || v[0] == '[' || v[0] == 'n':
		return ""
	case json.Unmarshal(v, &s) == nil:
		return s
	}
	return string(v)
}
