package keys

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"qingyuan"
)

const kekHeader = "qingyuan-kek-1 "

// LoadKEK reads the key-encryption key from a file that only its owner may read, and makes the file at first run.
// Errors: invalid where the file is not such a key or is readable by others.
func LoadKEK(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKEK(path)
	}
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "cannot read the key file")
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the key file %s may be read by others: chmod 600 it", filepath.Base(path))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "cannot read the key file")
	}
	body, ok := strings.CutPrefix(strings.TrimSpace(string(text)), kekHeader)
	kek, err := hex.DecodeString(body)
	if !ok || err != nil || len(kek) != 32 {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the key file %s is not a Qingyuan key", filepath.Base(path))
	}
	return kek, nil
}

// makeKEK writes a new key and returns it only once it is on disk under its name.
func makeKEK(path string) ([]byte, error) {
	kek := make([]byte, 32)
	rand.Read(kek)
	fail := func(err error) ([]byte, error) {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "cannot write the key file")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fail(err)
	}
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fail(err)
	}
	_, err = f.WriteString(kekHeader + hex.EncodeToString(kek) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fail(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fail(err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fail(err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fail(err)
	}
	return kek, nil
}

// kekID names a KEK without telling anything of it.
func kekID(kek []byte) string {
	sum := sha256.Sum256(append([]byte("qingyuan kek id "), kek...))
	return hex.EncodeToString(sum[:6])
}
