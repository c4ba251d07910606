package tlog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"qingyuan"
)

// Commitment is what the log holds of a record: it hides the record and binds to it.
type Commitment [sha256.Size]byte

// Commit makes the commitment SHA-256(salt ‖ record). salt is 32 random bytes, so that the record cannot be guessed.
func Commit(salt [32]byte, record []byte) Commitment {
	return sha256.Sum256(append(salt[:], record...))
}

// Config says where the log is.
type Config struct {
	Dir    string // of the tiles; made where it is missing
	Key    string // file of the signing key; made at first run, together with Key.pub
	Origin string // name of the log, such as the lender's domain with a path; only used when the key is made
}

const (
	// batchSize entries, or those of batchAge, are integrated at once.
	batchSize = 1024
	batchAge  = 10 * time.Millisecond
	// publishEvery is how often a checkpoint is signed while entries come.
	publishEvery = 200 * time.Millisecond
	// sweepEvery is how often partial tiles that full ones replaced are deleted.
	sweepEvery = time.Minute
	// bundle is the number of entries in one file of them.
	bundle = 256
)

// Log is an open transparency log. It is safe for concurrent use.
type Log struct {
	add      tessera.AddFn
	reader   tessera.LogReader
	awaiter  *tessera.PublicationAwaiter
	shutdown func(context.Context) error
	cancel   context.CancelFunc
	signer   note.Signer
	verifier note.Verifier
	key      string
}

// Open opens the log, or begins it. Errors: unavailable where its directory or key cannot be read or written.
func Open(ctx context.Context, c Config) (*Log, error) {
	fail := func(err error) (*Log, error) {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "the evidence log cannot be opened")
	}
	signer, verifier, key, err := loadKey(c.Key, c.Origin)
	if err != nil {
		return fail(err)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return fail(err)
	}
	driver, err := posix.New(ctx, posix.Config{Path: c.Dir})
	if err != nil {
		return fail(err)
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	options := tessera.NewAppendOptions().WithCheckpointSigner(signer).WithBatching(batchSize, batchAge).WithPushback(16 * batchSize).
		WithCheckpointInterval(publishEvery).WithGarbageCollectionInterval(sweepEvery)
	appender, shutdown, reader, err := tessera.NewAppender(running, driver, options)
	if err != nil {
		cancel()
		return fail(err)
	}
	return &Log{add: appender.Add, reader: reader, shutdown: shutdown, cancel: cancel, signer: signer, verifier: verifier, key: key,
		awaiter: tessera.NewPublicationAwaiter(running, reader.ReadCheckpoint, publishEvery/2)}, nil
}

// Close publishes what was appended and ends the log's work.
func (l *Log) Close(ctx context.Context) error {
	defer l.cancel()
	return l.shutdown(ctx)
}

// Key is the verifier key of the log: name, hash and public key in the form of signed notes.
func (l *Log) Key() string { return l.key }

// Append adds entries in order and returns their indexes once all are on disk. After an error some may be in the log.
// Errors: unavailable.
func (l *Log) Append(ctx context.Context, entries []Commitment) ([]uint64, error) {
	futures := make([]tessera.IndexFuture, len(entries))
	for i := range entries {
		futures[i] = l.add(ctx, tessera.NewEntry(entries[i][:]))
	}
	indexes := make([]uint64, len(entries))
	var errs error
	for i, future := range futures { // every one, so that none is left in flight
		at, err := future()
		indexes[i], errs = at.Index, errors.Join(errs, err)
	}
	if errs != nil {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, errs, "the evidence log takes no entries right now")
	}
	return indexes, nil
}

// Size is the number of entries on disk, published or not.
func (l *Log) Size(ctx context.Context) (uint64, error) { return l.reader.IntegratedSize(ctx) }

// Published waits until a checkpoint covers the entry at index and returns the signed checkpoint.
func (l *Log) Published(ctx context.Context, index uint64) ([]byte, error) {
	_, checkpoint, err := l.awaiter.Await(ctx, func() (tessera.Index, error) { return tessera.Index{Index: index}, nil })
	return checkpoint, err
}

// Checkpoint is the latest signed checkpoint. Errors: not_found before the first one.
func (l *Log) Checkpoint(ctx context.Context) ([]byte, error) {
	checkpoint, err := l.reader.ReadCheckpoint(ctx)
	if errors.Is(err, os.ErrNotExist) {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "the evidence log has no checkpoint yet")
	}
	return checkpoint, err
}

// Entries reads the entries [from, to), of which at most limit are returned.
func (l *Log) Entries(ctx context.Context, from, to uint64) ([]Commitment, error) {
	size, err := l.Size(ctx)
	if err != nil {
		return nil, err
	}
	to = min(to, size)
	var all []Commitment
	for at := from; at < to; {
		b, err := client.GetEntryBundle(ctx, l.reader.ReadEntryBundle, at/bundle, size)
		if err != nil {
			return nil, err
		}
		for i := at % bundle; i < uint64(len(b.Entries)) && at < to; i++ {
			if len(b.Entries[i]) != len(Commitment{}) {
				return nil, qingyuan.Errorf(qingyuan.Internal, "entry %d of the evidence log has %d bytes", at, len(b.Entries[i]))
			}
			all = append(all, Commitment(b.Entries[i]))
			at++
		}
		if at%bundle != 0 && at < to {
			return nil, qingyuan.Errorf(qingyuan.Internal, "the evidence log lacks entry %d", at)
		}
	}
	return all, nil
}

// loadKey reads the signing key, or makes it at first run.
func loadKey(path, origin string) (note.Signer, note.Verifier, string, error) {
	secret, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		secret, err = makeKey(path, origin)
	}
	if err != nil {
		return nil, nil, "", err
	}
	signer, err := note.NewSigner(string(bytes.TrimSpace(secret)))
	if err != nil {
		return nil, nil, "", err
	}
	public, err := os.ReadFile(path + ".pub")
	if err != nil {
		return nil, nil, "", err
	}
	key := strings.TrimSpace(string(public))
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return nil, nil, "", err
	}
	if verifier.KeyHash() != signer.KeyHash() || verifier.Name() != signer.Name() {
		return nil, nil, "", errors.New("the public key of the evidence log belongs to another key")
	}
	return signer, verifier, key, nil
}

func makeKey(path, origin string) ([]byte, error) {
	secret, public, err := note.GenerateKey(nil, origin)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if err := WriteDurably(path+".pub", []byte(public+"\n"), 0o644); err != nil { // first: a key without it would not open
		return nil, err
	}
	return []byte(secret), WriteDurably(path, []byte(secret+"\n"), 0o600)
}

// WriteDurably puts a file in place as a whole, or not at all.
func WriteDurably(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
