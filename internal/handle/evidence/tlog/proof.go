package tlog

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"qingyuan"
)

// proofHeader begins a proof file, and maxProof bounds it, in bytes: 64 hashes and a checkpoint are far less.
const (
	proofHeader = "c2sp.org/tlog-proof@v1"
	maxProof    = 64 << 10
)

// Hash is a node of the log's Merkle tree (RFC 6962): a SHA-256.
type Hash = tlog.Hash

// Point is what a checkpoint says: how many entries the log had, and the root of the Merkle tree (RFC 6962) over them.
type Point struct {
	Origin string
	Size   uint64
	Root   tlog.Hash
}

// OpenCheckpoint checks the log's signature on a checkpoint and reads it. Errors: invalid.
func OpenCheckpoint(checkpoint []byte, key string) (Point, error) {
	bad := func(why string) (Point, error) {
		return Point{}, qingyuan.Errorf(qingyuan.Invalid, "not a checkpoint of this log: %s", why)
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(key))
	if err != nil {
		return bad("the key is no verifier key")
	}
	signed, err := note.Open(checkpoint, note.VerifierList(verifier))
	if err != nil {
		return bad("its signature does not verify")
	}
	if !bytes.Equal(checkpoint, canonical(signed)) {
		return bad("it is not written as it was signed")
	}
	lines := strings.SplitN(signed.Text, "\n", 4)
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return bad("its lines or its origin are wrong")
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	root, wrong := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || wrong != nil || len(root) != len(tlog.Hash{}) {
		return bad("size or root is wrong")
	}
	return Point{Origin: lines[0], Size: size, Root: tlog.Hash(root)}, nil
}

// canonical writes a note the one way there is to write it, less the signatures of keys that are not known: base64 has spare
// bits, which no signature covers.
func canonical(n *note.Note) []byte {
	var b bytes.Buffer
	b.WriteString(n.Text + "\n")
	for _, s := range n.Sigs {
		raw, _ := base64.StdEncoding.DecodeString(s.Base64) // it verified
		fmt.Fprintf(&b, "— %s %s\n", s.Name, base64.StdEncoding.EncodeToString(raw))
	}
	return b.Bytes()
}

// Proof is the proof file of the entry at index under the latest checkpoint. It waits until one covers the entry.
// Errors: not_found where the log has no such entry.
func (l *Log) Proof(ctx context.Context, index uint64) ([]byte, error) {
	proofs, err := l.Proofs(ctx, []uint64{index})
	if err != nil {
		return nil, err
	}
	return proofs[0], nil
}

// Proofs are the proof files of several entries, all under one checkpoint. Errors: as of [Log.Proof].
func (l *Log) Proofs(ctx context.Context, indexes []uint64) ([][]byte, error) {
	size, err := l.Size(ctx)
	if err != nil {
		return nil, err
	}
	var last uint64
	for _, index := range indexes {
		if index >= size {
			return nil, qingyuan.Errorf(qingyuan.NotFound, "the evidence log has no entry %d", index)
		}
		last = max(last, index)
	}
	checkpoint, err := l.Published(ctx, last)
	if err != nil {
		return nil, err
	}
	point, err := OpenCheckpoint(checkpoint, l.key)
	if err != nil {
		return nil, err
	}
	builder, err := client.NewProofBuilder(ctx, point.Size, l.reader.ReadTile)
	if err != nil {
		return nil, err
	}
	proofs := make([][]byte, len(indexes))
	for i, index := range indexes {
		path, err := builder.InclusionProof(ctx, index)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s\nindex %d\n", proofHeader, index)
		for _, hash := range path {
			b.WriteString(base64.StdEncoding.EncodeToString(hash) + "\n")
		}
		b.WriteByte('\n')
		b.Write(checkpoint)
		proofs[i] = b.Bytes()
	}
	return proofs, nil
}

// Consistency is the proof that the log of an older checkpoint is the beginning of the log of a newer one: hashes by the
// rules of RFC 6962, for [CheckConsistency].
func (l *Log) Consistency(ctx context.Context, older, newer Point) ([]tlog.Hash, error) {
	if older.Size == 0 || older.Size == newer.Size {
		return nil, nil
	}
	builder, err := client.NewProofBuilder(ctx, newer.Size, l.reader.ReadTile)
	if err != nil {
		return nil, err
	}
	path, err := builder.ConsistencyProof(ctx, older.Size, newer.Size)
	if err != nil {
		return nil, err
	}
	hashes := make([]tlog.Hash, len(path))
	for i, hash := range path {
		hashes[i] = tlog.Hash(hash)
	}
	return hashes, nil
}

// CheckConsistency checks that the log of older is the beginning of the log of newer. Errors: conflict where it is not: the
// log was rewritten.
func CheckConsistency(older, newer Point, path []tlog.Hash) error {
	rewritten := qingyuan.Errorf(qingyuan.Conflict, "the log at %d entries is not a continuation of the log at %d entries: it was rewritten", newer.Size, older.Size)
	switch {
	case older.Origin != newer.Origin || older.Size > newer.Size:
		return rewritten
	case older.Size == 0:
		return nil
	case older.Size == newer.Size:
		if older.Root != newer.Root {
			return rewritten
		}
		return nil
	}
	if tlog.CheckTree(tlog.TreeProof(path), int64(newer.Size), newer.Root, int64(older.Size), older.Root) != nil {
		return rewritten
	}
	return nil
}

// Proven is what a proof file proves.
type Proven struct {
	Point
	Index      uint64
	Checkpoint []byte // as signed
}

// Verify checks a proof file of an entry against the log's verifier key. Errors: invalid, with what does not fit.
func Verify(entry Commitment, proof []byte, key string) (*Proven, error) {
	index, path, checkpoint, err := readProof(proof)
	if err != nil {
		return nil, err
	}
	point, err := OpenCheckpoint(checkpoint, key)
	if err != nil {
		return nil, err
	}
	if index >= point.Size {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the proof is of entry %d, but the checkpoint covers %d", index, point.Size)
	}
	if tlog.CheckRecord(tlog.RecordProof(path), int64(point.Size), point.Root, int64(index), tlog.RecordHash(entry[:])) != nil {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the record is not entry %d of the log: record or proof was changed", index)
	}
	return &Proven{Point: point, Index: index, Checkpoint: checkpoint}, nil
}

// readProof takes a proof file apart.
func readProof(proof []byte) (index uint64, path []tlog.Hash, checkpoint []byte, err error) {
	bad := func(why string) (uint64, []tlog.Hash, []byte, error) {
		return 0, nil, nil, qingyuan.Errorf(qingyuan.Invalid, "not a proof file: %s", why)
	}
	if len(proof) > maxProof {
		return bad("too long")
	}
	head, checkpoint, found := bytes.Cut(proof, []byte("\n\n"))
	if !found {
		return bad("it has no checkpoint")
	}
	lines := bufio.NewScanner(bytes.NewReader(head))
	if !lines.Scan() || lines.Text() != proofHeader {
		return bad("its first line is not " + proofHeader)
	}
	next := lines.Scan()
	if next && strings.HasPrefix(lines.Text(), "extra ") {
		next = lines.Scan()
	}
	number, named := strings.CutPrefix(lines.Text(), "index ")
	if index, err = strconv.ParseUint(number, 10, 63); !next || !named || err != nil {
		return bad("it has no index")
	}
	for lines.Scan() {
		hash, err := base64.StdEncoding.Strict().DecodeString(lines.Text())
		if err != nil || len(hash) != len(tlog.Hash{}) || len(path) == 63 {
			return bad("its path is not one of hashes")
		}
		path = append(path, tlog.Hash(hash))
	}
	return index, path, checkpoint, nil
}
