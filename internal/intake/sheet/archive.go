package sheet

import (
	"archive/zip"
	"bufio"
	"bytes"
	"io"
	"path"
	"strings"
	"unicode/utf8"
)

// archive reads a zip: a workbook, or files.
func (w *walk) archive(src io.ReaderAt, size int64, name string, depth int) error {
	z, err := zip.NewReader(src, size)
	if err != nil {
		return refuse(name, "is not a whole zip archive")
	}
	if err := w.plausible(z, size, name); err != nil {
		return err
	}
	if workbook(z) {
		if err := safeWorkbook(z, name); err != nil {
			return err
		}
		return w.give(excelTable(src, size, name, w.o))
	}
	if depth >= w.o.Limits.Depth {
		return refuse(name, "archives lie within one another more than %d deep", w.o.Limits.Depth)
	}
	for _, f := range z.File {
		if f.FileInfo().IsDir() || strings.HasPrefix(f.Name, "__MACOSX/") || path.Base(f.Name) == ".DS_Store" {
			continue
		}
		if err := w.member(f, name+"/"+f.Name, depth); err != nil {
			return err
		}
	}
	return nil
}

// plausible holds what an archive says of itself against the limits, before anything is unpacked.
func (w *walk) plausible(z *zip.Reader, size int64, name string) error {
	l := w.o.Limits
	if w.files -= len(z.File); w.files < 0 {
		return refuse(name, "holds more than %d files", l.Files)
	}
	var packed, unpacked uint64
	seen := map[string]bool{}
	for _, f := range z.File {
		if why := unsafeName(f.Name, l.Name); why != "" {
			return refuse(name, "the name %q %s", shown(f.Name), why)
		}
		if seen[f.Name] {
			return refuse(name, "the name %q stands twice", shown(f.Name))
		}
		seen[f.Name] = true
		switch {
		case f.Flags&1 != 0:
			return refuse(name, "%q is encrypted", shown(f.Name))
		case f.Method != zip.Store && f.Method != zip.Deflate:
			return refuse(name, "%q is packed by a method that is not taken", shown(f.Name))
		case !f.Mode().IsRegular() && !f.Mode().IsDir():
			return refuse(name, "%q is a link or a device", shown(f.Name))
		case f.UncompressedSize64 > 1<<20 && f.UncompressedSize64 > uint64(l.Ratio)*max(f.CompressedSize64, 1):
			return refuse(name, "%q says it unpacks to more than %d times its size", shown(f.Name), l.Ratio)
		}
		packed, unpacked = packed+f.CompressedSize64, unpacked+f.UncompressedSize64
		if packed > uint64(size) {
			return refuse(name, "its files overlap")
		}
		if unpacked > uint64(w.left) {
			return refuse(name, "unpacks to more than %d bytes", l.Unpacked)
		}
	}
	return nil
}

// unsafeName says why a name of an archive is refused, "" where it is not.
func unsafeName(name string, limit int) string {
	switch {
	case len(name) > limit:
		return "is too long"
	case !utf8.ValidString(name):
		return "is not UTF-8" // or GBK, of old Windows tools: shown with question marks
	case strings.ContainsAny(name, "\\\x00") || strings.HasPrefix(name, "/") || len(name) > 1 && name[1] == ':':
		return "leads out of the archive"
	}
	for _, part := range strings.Split(name, "/") {
		if part == ".." {
			return "leads out of the archive"
		}
	}
	if strings.ContainsFunc(name, func(r rune) bool {
		return r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
	}) {
		return "has control characters"
	}
	return ""
}

// member reads one file of an archive. What must be read at any place is held in memory.
func (w *walk) member(f *zip.File, name string, depth int) error {
	r, err := f.Open()
	if err != nil {
		return refuse(name, "cannot be unpacked")
	}
	defer r.Close()
	counted := &counter{r: r, w: w, packed: int64(f.CompressedSize64), name: name}
	b := bufio.NewReaderSize(counted, sniffed)
	head, err := b.Peek(sniffed)
	if err != nil && err != io.EOF {
		return unreadable(err)
	}
	format, err := formatOf(head, name)
	if err != nil {
		return err
	}
	if format != Zip && format != Parquet {
		return w.text(b, format, name)
	}
	if f.UncompressedSize64 > uint64(w.o.Limits.Held) {
		return refuse(name, "is larger than %d bytes: send it by itself", w.o.Limits.Held)
	}
	held, err := io.ReadAll(io.LimitReader(b, w.o.Limits.Held+1))
	if err != nil {
		return unreadable(err)
	}
	if int64(len(held)) > w.o.Limits.Held {
		return refuse(name, "is larger than %d bytes: send it by itself", w.o.Limits.Held)
	}
	return w.file(bytes.NewReader(held), int64(len(held)), name, depth+1)
}

// counter holds what really comes out of an archive against the limits: sizes in headers may lie.
type counter struct {
	r      io.Reader
	w      *walk
	packed int64
	out    int64
	name   string
}

// Read reads within the limits.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.out, c.w.left = c.out+int64(n), c.w.left-int64(n)
	if c.out > 1<<20 && c.out > c.w.o.Limits.Ratio*max(c.packed, 1) {
		return 0, refuse(c.name, "unpacks to more than %d times its size", c.w.o.Limits.Ratio)
	}
	if c.w.left < 0 {
		return 0, refuse(c.name, "the archive unpacks to more than %d bytes", c.w.o.Limits.Unpacked)
	}
	if err != nil && err != io.EOF {
		err = refuse(c.name, "is damaged")
	}
	return n, err
}
