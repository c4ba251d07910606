package blob

import (
	"bufio"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"qingyuan"
)

const (
	magic   = "QYB1"
	chunk   = 64 << 10 // plain bytes
	tag     = 16
	maxWrap = 1 << 12
)

// Wrap seals a blob's data key; place is what the wrapping is bound to.
type Wrap func(key []byte, place string) []byte

// Unwrap opens what Wrap made.
type Unwrap func(wrapped []byte, place string) ([]byte, error)

const place = "blob"

// Config says where blobs lie.
type Config struct {
	Dir string
	Max int64 // bytes of one blob; 0: 4 GiB
}

// Store is a directory of sealed blobs. It is safe for concurrent use.
type Store struct {
	dir string
	max int64
}

// Open makes the directory where it is missing and removes what unfinished writes left.
func Open(cfg Config) (*Store, error) {
	if cfg.Max <= 0 {
		cfg.Max = 4 << 30
	}
	s := &Store{dir: cfg.Dir, max: cfg.Max}
	if err := os.MkdirAll(s.unfinished(), 0o700); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "cannot make the directory of blobs")
	}
	left, err := os.ReadDir(s.unfinished())
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "cannot read the directory of blobs")
	}
	for _, f := range left {
		if err := os.Remove(filepath.Join(s.unfinished(), f.Name())); err != nil {
			return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "cannot clear the directory of blobs")
		}
	}
	return s, nil
}

func (s *Store) unfinished() string { return filepath.Join(s.dir, ".unfinished") }

// Ref is a stored blob.
type Ref struct {
	Address string   // 64 hex digits
	Size    int64    // of the content
	Sum     [32]byte // SHA-256 of the content
}

// Put seals and stores what r gives. Errors: invalid where there is more than the limit; unavailable where it cannot be
// written; r's own. Then nothing is stored.
func (s *Store) Put(ctx context.Context, t qingyuan.Tenant, wrap Wrap, r io.Reader) (ref Ref, err error) {
	f, err := os.CreateTemp(s.unfinished(), "")
	if err != nil {
		return ref, qingyuan.Wrap(qingyuan.Unavailable, err, "cannot store the bytes")
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	sealed, plain := sha256.New(), sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(f, sealed), 256<<10)
	if ref.Size, err = s.seal(ctx, t, wrap, out, io.TeeReader(io.LimitReader(r, s.max+1), plain)); err != nil {
		return Ref{}, err
	}
	if err = errors.Join(out.Flush(), f.Sync(), f.Close()); err != nil {
		return Ref{}, qingyuan.Wrap(qingyuan.Unavailable, err, "cannot store the bytes")
	}
	ref.Address = hex.EncodeToString(sealed.Sum(nil))
	plain.Sum(ref.Sum[:0])
	if err = s.name(f.Name(), t, ref.Address); err != nil {
		return Ref{}, qingyuan.Wrap(qingyuan.Unavailable, err, "cannot store the bytes")
	}
	return ref, nil
}

// name gives a finished file its name, and waits until that is on disk too.
func (s *Store) name(from string, t qingyuan.Tenant, address string) error {
	to := s.path(t, address)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	for _, d := range []string{filepath.Dir(to), filepath.Dir(filepath.Dir(to)), s.dir} {
		if err := syncDir(d); err != nil {
			return err
		}
	}
	return nil
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (s *Store) path(t qingyuan.Tenant, address string) string {
	return filepath.Join(s.dir, string(t), address[:2], address)
}

// seal writes the sealed form of r and returns the number of plain bytes.
func (s *Store) seal(ctx context.Context, t qingyuan.Tenant, wrap Wrap, w io.Writer, r io.Reader) (size int64, err error) {
	key := make([]byte, 32)
	rand.Read(key)
	aead, err := newAEAD(key)
	if err != nil {
		return 0, err
	}
	wrapped := wrap(key, place)
	if len(wrapped) > maxWrap {
		return 0, qingyuan.Errorf(qingyuan.Internal, "a wrapped key has %d bytes", len(wrapped))
	}
	head := binary.BigEndian.AppendUint16([]byte(magic), uint16(len(wrapped)))
	if _, err := w.Write(append(head, wrapped...)); err != nil {
		return 0, qingyuan.Wrap(qingyuan.Unavailable, err, "cannot store the bytes")
	}
	buf, next := make([]byte, chunk, chunk+tag), make([]byte, chunk, chunk+tag)
	n, err := io.ReadFull(r, buf)
	for i := int64(0); ; i++ {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return 0, err
		}
		m, last := 0, err != nil
		if !last {
			m, err = io.ReadFull(r, next)
			last = m == 0 && err == io.EOF
		}
		if size += int64(n); size > s.max {
			return 0, qingyuan.Errorf(qingyuan.Invalid, "there are more than %d bytes", s.max)
		}
		if _, werr := w.Write(aead.Seal(buf[:0], nonce(i, last), buf[:n], []byte(t))); werr != nil {
			return 0, qingyuan.Wrap(qingyuan.Unavailable, werr, "cannot store the bytes")
		}
		if last {
			return size, nil
		}
		buf, next, n = next[:chunk], buf[:chunk], m
	}
}

// nonce is that of the i-th chunk. A data key seals one blob, so numbers never repeat under it.
func nonce(i int64, last bool) []byte {
	var b [12]byte
	binary.BigEndian.PutUint64(b[3:11], uint64(i))
	if last {
		b[11] = 1
	}
	return b[:]
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Blob is an open blob. It is safe for concurrent use.
type Blob struct {
	f      *os.File
	tenant qingyuan.Tenant
	aead   cipher.AEAD
	head   int64 // bytes before the first chunk
	size   int64
	chunks int64

	mu     sync.Mutex
	at     int64 // the number of the chunk in plain; -1: none
	plain  []byte
	sealed []byte
}

// Open opens a blob. Errors: not_found; internal where it is damaged; those of unwrap.
func (s *Store) Open(t qingyuan.Tenant, address string, unwrap Unwrap) (*Blob, error) {
	if !validAddress(address) || !t.Valid() {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "there is no such blob")
	}
	f, err := os.Open(s.path(t, address))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "there is no such blob")
	}
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "cannot read the bytes")
	}
	b := &Blob{f: f, tenant: t, at: -1}
	if err := b.open(unwrap); err != nil {
		f.Close()
		return nil, err
	}
	return b, nil
}

func (b *Blob) open(unwrap Unwrap) error {
	damaged := qingyuan.Errorf(qingyuan.Internal, "the blob is damaged")
	var head [6]byte
	if _, err := io.ReadFull(b.f, head[:]); err != nil || string(head[:4]) != magic {
		return damaged
	}
	wrapped := make([]byte, binary.BigEndian.Uint16(head[4:]))
	if len(wrapped) > maxWrap {
		return damaged
	}
	if _, err := io.ReadFull(b.f, wrapped); err != nil {
		return damaged
	}
	key, err := unwrap(wrapped, place)
	if err != nil {
		return err
	}
	if b.aead, err = newAEAD(key); err != nil {
		return err
	}
	info, err := b.f.Stat()
	if err != nil {
		return qingyuan.Wrap(qingyuan.Unavailable, err, "cannot read the bytes")
	}
	b.head = int64(len(head) + len(wrapped))
	body := info.Size() - b.head
	b.chunks = (body + chunk + tag - 1) / (chunk + tag)
	if b.size = body - b.chunks*tag; b.chunks < 1 || b.size < 0 {
		return damaged
	}
	_, err = b.load(b.chunks - 1) // a blob that was cut off is found at once
	return err
}

// Size is the number of plain bytes.
func (b *Blob) Size() int64 { return b.size }

// Close closes the file.
func (b *Blob) Close() error { return b.f.Close() }

// load returns the plain bytes of a chunk, valid until the next load. The caller holds the lock.
func (b *Blob) load(i int64) ([]byte, error) {
	if b.at == i {
		return b.plain, nil
	}
	if b.sealed == nil {
		b.sealed, b.plain = make([]byte, chunk+tag), make([]byte, 0, chunk)
	}
	n := min(chunk+tag, b.size+b.chunks*tag-i*(chunk+tag))
	b.at = -1
	if _, err := b.f.ReadAt(b.sealed[:n], b.head+i*(chunk+tag)); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "cannot read the bytes")
	}
	plain, err := b.aead.Open(b.plain[:0], nonce(i, i == b.chunks-1), b.sealed[:n], []byte(b.tenant))
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Internal, err, "the blob is damaged")
	}
	b.at, b.plain = i, plain
	return plain, nil
}

// ReadAt reads plain bytes as io.ReaderAt does.
func (b *Blob) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, qingyuan.Errorf(qingyuan.Internal, "a blob is read before its beginning")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for n < len(p) {
		if off >= b.size {
			return n, io.EOF
		}
		plain, err := b.load(off / chunk)
		if err != nil {
			return n, err
		}
		m := copy(p[n:], plain[off%chunk:])
		n, off = n+m, off+int64(m)
	}
	return n, nil
}

// Reader reads the whole blob from its beginning.
func (b *Blob) Reader() io.Reader { return io.NewSectionReader(b, 0, b.size) }

// Delete removes a blob. One that is not there is passed over.
func (s *Store) Delete(t qingyuan.Tenant, address string) error {
	if !validAddress(address) || !t.Valid() {
		return nil
	}
	err := os.Remove(s.path(t, address))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return qingyuan.Wrap(qingyuan.Unavailable, err, "cannot remove the bytes")
	}
	return nil
}

// Verify reads the sealed bytes and compares them with their address. It needs no key. Errors: not_found; internal where they differ.
func (s *Store) Verify(t qingyuan.Tenant, address string) error {
	if !validAddress(address) || !t.Valid() {
		return qingyuan.Errorf(qingyuan.NotFound, "there is no such blob")
	}
	f, err := os.Open(s.path(t, address))
	if err != nil {
		return qingyuan.Wrap(qingyuan.NotFound, err, "there is no such blob")
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return qingyuan.Wrap(qingyuan.Unavailable, err, "cannot read the bytes")
	}
	if hex.EncodeToString(sum.Sum(nil)) != address {
		return qingyuan.Errorf(qingyuan.Internal, "the blob %s is damaged", address)
	}
	return nil
}

func validAddress(a string) bool {
	return len(a) == 64 && strings.Trim(a, "0123456789abcdef") == ""
}
