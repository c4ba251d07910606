//go:build unix

package store

import (
	"io"
	"os"
	"syscall"

	"qingyuan"
)

// lockFile takes an exclusive lock that ends with the process, so that no second process writes the same file.
func lockFile(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "cannot make the lock file of the database")
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "another process has this database open")
	}
	return f, nil
}
