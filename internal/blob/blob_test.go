package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"qingyuan"
	"qingyuan/internal/blob"
)

const tenant qingyuan.Tenant = "t1"

// wrap stands for the keys of the ring: it mirrors the bytes.
func wrap(key []byte, place string) []byte { return append([]byte(place), mirrored(key)...) }

func unwrap(wrapped []byte, place string) ([]byte, error) {
	if !bytes.HasPrefix(wrapped, []byte(place)) {
		return nil, errors.New("moved")
	}
	return mirrored(wrapped[len(place):]), nil
}

func mirrored(b []byte) []byte {
	out := bytes.Clone(b)
	for i := range out {
		out[i] ^= 0xff
	}
	return out
}

func content(n int) []byte {
	r := rand.NewChaCha8([32]byte{1})
	b := make([]byte, n)
	r.Read(b)
	return b
}

func open(t *testing.T, dir string, limit int64) *blob.Store {
	t.Helper()
	s, err := blob.Open(blob.Config{Dir: dir, Max: limit})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 0)
	for _, n := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 3 * 64 << 10, 200_001} {
		want := content(n)
		ref, err := s.Put(context.Background(), tenant, wrap, iotest.HalfReader(bytes.NewReader(want)))
		if err != nil || ref.Size != int64(n) || ref.Sum != sha256.Sum256(want) {
			t.Fatalf("%d bytes: %+v, %v", n, ref, err)
		}
		b, err := open(t, dir, 0).Open(tenant, ref.Address, unwrap)
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		got, err := io.ReadAll(b.Reader())
		if err != nil || !bytes.Equal(got, want) || b.Size() != int64(n) {
			t.Errorf("%d bytes: read %d, %v", n, len(got), err)
		}
		for range 20 {
			from := rand.IntN(n + 1)
			part := make([]byte, rand.IntN(n-from+1))
			if _, err := b.ReadAt(part, int64(from)); err != nil || !bytes.Equal(part, want[from:from+len(part)]) {
				t.Fatalf("%d bytes from %d of %d: %v", len(part), from, n, err)
			}
		}
		b.Close()
		if err := s.Verify(tenant, ref.Address); err != nil {
			t.Error(err)
		}
		if _, err := s.Open("t2", ref.Address, unwrap); qingyuan.CodeOf(err) != qingyuan.NotFound {
			t.Errorf("another tenant: %v", err)
		}
		if err := errors.Join(s.Delete(tenant, ref.Address), s.Delete(tenant, ref.Address)); err != nil {
			t.Error(err)
		}
	}
}

// TestDamage changes, cuts, extends, reorders and moves the sealed file: none can be read as something else.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 0)
	want := content(3 * 64 << 10)
	ref, err := s.Put(context.Background(), tenant, wrap, bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, string(tenant), ref.Address[:2], ref.Address)
	sealed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, want[:32]) {
		t.Fatal("the file holds the content")
	}
	head := 6 + 4 + 32
	const step = 64<<10 + 16
	swapped := bytes.Clone(sealed)
	copy(swapped[head:], sealed[head+step:head+2*step])
	copy(swapped[head+step:], sealed[head:head+step])
	flipped := bytes.Clone(sealed)
	flipped[head+5] ^= 1
	for name, bad := range map[string][]byte{
		"changed": flipped, "swapped": swapped, "cut at a chunk": sealed[:head+2*step], "cut within": sealed[:head+step+9],
		"extended": append(bytes.Clone(sealed), sealed[head:head+step]...), "head only": sealed[:head], "empty": nil,
	} {
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := s.Open(tenant, ref.Address, unwrap)
		if err == nil {
			_, err = io.ReadAll(b.Reader())
			b.Close()
		}
		if qingyuan.CodeOf(err) != qingyuan.Internal {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Verify(tenant, ref.Address); qingyuan.CodeOf(err) != qingyuan.Internal {
			t.Errorf("%s: verified: %v", name, err)
		}
	}
	other := filepath.Join(dir, "t2", ref.Address[:2])
	if err := errors.Join(os.MkdirAll(other, 0o700), os.WriteFile(filepath.Join(other, ref.Address), sealed, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open("t2", ref.Address, unwrap); qingyuan.CodeOf(err) != qingyuan.Internal {
		t.Errorf("moved to another tenant: %v", err)
	}
}

func TestNothingIsLeftOfARefusedBlob(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 100_000)
	broken := errors.New("broken")
	for name, r := range map[string]io.Reader{
		"too large": bytes.NewReader(content(100_001)),
		"broken":    io.MultiReader(bytes.NewReader(content(70_000)), iotest.ErrReader(broken)),
	} {
		if ref, err := s.Put(context.Background(), tenant, wrap, r); err == nil {
			t.Errorf("%s: %+v", name, ref)
		}
	}
	files := 0
	filepath.WalkDir(dir, func(_ string, d os.DirEntry, _ error) error {
		if !d.IsDir() {
			files++
		}
		return nil
	})
	if files != 0 {
		t.Errorf("%d files are left", files)
	}
	for _, address := range []string{"", "..", "../../etc/passwd", "zz", string(bytes.Repeat([]byte("A"), 64))} {
		if _, err := s.Open(tenant, address, unwrap); qingyuan.CodeOf(err) != qingyuan.NotFound {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	s, err := blob.Open(blob.Config{Dir: dir})
	if err != nil {
		f.Fatal(err)
	}
	ref, err := s.Put(context.Background(), tenant, wrap, bytes.NewReader(content(100)))
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(dir, string(tenant), ref.Address[:2], ref.Address)
	sealed, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if bytes.Equal(raw, sealed) {
			return
		}
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := s.Open(tenant, ref.Address, unwrap)
		if err != nil {
			return
		}
		defer b.Close()
		if _, err := io.ReadAll(b.Reader()); err == nil {
			t.Error("bytes that nobody sealed were read")
		}
	})
}
