package keys

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"qingyuan"
)

// KEK is a key-encryption key, wherever it lives: in a file or the environment (see [LocalKEK]), or behind a program that asks an HSM or a
// key-management service (see [CommandKEK]). It wraps the tenants' keys, a few dozen bytes each, and sees nothing else.
type KEK interface {
	// ID names the key without telling anything of it: 1–64 characters, for ever the same.
	ID() string
	// Wrap seals b; bind must be given again to open it.
	Wrap(ctx context.Context, b []byte, bind string) ([]byte, error)
	// Unwrap opens what Wrap sealed. Errors: any, where it was sealed by another key, for another place, or was changed.
	Unwrap(ctx context.Context, wrapped []byte, bind string) ([]byte, error)
}

// LocalKEK is a KEK whose 32 bytes are in this process.
func LocalKEK(b []byte, a Algorithm) (KEK, error) {
	if len(b) != keySize {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the key-encryption key must have 32 bytes")
	}
	k, err := newKey(b, a)
	return &localKEK{k}, err
}

type localKEK struct{ *key }

// ID is a hash of the key.
func (k *localKEK) ID() string {
	sum := sha256.Sum256(append([]byte("qingyuan kek id "), k.bytes[:]...))
	return hex.EncodeToString(sum[:6])
}

// Wrap seals b.
func (k *localKEK) Wrap(_ context.Context, b []byte, bind string) ([]byte, error) {
	return k.wrap(b, 1, bind), nil
}

// Unwrap opens what Wrap sealed.
func (k *localKEK) Unwrap(_ context.Context, wrapped []byte, bind string) ([]byte, error) {
	return k.unwrap(wrapped, bind)
}

const kekHeader = "qingyuan-kek-1 "

// Source says where a KEK is: the path of a key file; env:NAME, a variable that holds what the file would; or command:PROGRAM, see
// [CommandKEK].
type Source string

// Load gets the KEK. create makes the file at first run, where the source is one; a file that is missing later is an error, lest a new key
// take the place of the one that opens the record. Errors: invalid where it is no such key or may be read by others; not_found where there
// is no such file or variable; unavailable where the program cannot be asked.
func (s Source) Load(ctx context.Context, a Algorithm, create bool) (KEK, error) {
	if program, ok := strings.CutPrefix(string(s), "command:"); ok {
		return CommandKEK(ctx, program)
	}
	if name, ok := strings.CutPrefix(string(s), "env:"); ok {
		text, set := os.LookupEnv(name)
		if !set {
			return nil, qingyuan.Errorf(qingyuan.NotFound, "the environment has no key %s", name)
		}
		b, err := parseKEK([]byte(text), "the key in the environment ("+name+")")
		if err != nil {
			return nil, err
		}
		return LocalKEK(b, a)
	}
	_, err := os.Stat(string(s))
	if errors.Is(err, fs.ErrNotExist) && !create {
		return nil, qingyuan.Errorf(qingyuan.NotFound, "the key file %s is missing; without it the record cannot be read, and no new one is made in its place", filepath.Base(string(s)))
	}
	b, err := LoadKEK(string(s))
	if err != nil {
		return nil, err
	}
	return LocalKEK(b, a)
}

// LoadKEK reads the key-encryption key from a file that only its owner may read, and makes the file where there is none.
// Errors: invalid where the file is not such a key or is readable by others.
func LoadKEK(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return MakeKEK(path)
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
	return parseKEK(text, "the key file "+filepath.Base(path))
}

func parseKEK(text []byte, what string) ([]byte, error) {
	body, ok := strings.CutPrefix(strings.TrimSpace(string(text)), kekHeader)
	kek, err := hex.DecodeString(body)
	if !ok || err != nil || len(kek) != keySize {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "%s is not a Qingyuan key", what)
	}
	return kek, nil
}

// MakeKEK writes a new key and returns it only once it is on disk under its name. It replaces nothing. Errors: conflict where there is
// such a file.
func MakeKEK(path string) ([]byte, error) {
	kek := make([]byte, keySize)
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
	defer os.Remove(path + ".new")
	_, err = f.WriteString(kekHeader + hex.EncodeToString(kek) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fail(err)
	}
	if err := os.Link(path+".new", path); errors.Is(err, fs.ErrExist) {
		return nil, qingyuan.Errorf(qingyuan.Conflict, "there is a key file %s already", filepath.Base(path))
	} else if err != nil {
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

// commandKEK asks a program.
type commandKEK struct {
	program string
	id      string
}

// commandLimit bounds what a program may answer, and commandTime how long it may take.
const (
	commandLimit = 4096
	commandTime  = 20 * time.Second
)

// CommandKEK is a KEK behind a program: the seam for PKCS#11 tokens and key-management services. The program is run with one argument: id
// prints the key's name; wrap and unwrap read one line of base64 (the bytes) and one line of text (bind, which it must authenticate with
// them) from standard input and print one line of base64. Any other exit status than 0 is a refusal. Errors: unavailable where it does
// not answer.
func CommandKEK(ctx context.Context, program string) (KEK, error) {
	k := &commandKEK{program: program}
	out, err := k.ask(ctx, "id", "")
	if err != nil {
		return nil, err
	}
	if k.id = strings.TrimSpace(string(out)); k.id == "" || len(k.id) > 64 {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the key program gives no usable id")
	}
	return k, nil
}

// ID is what the program says.
func (k *commandKEK) ID() string { return k.id }

// Wrap asks the program.
func (k *commandKEK) Wrap(ctx context.Context, b []byte, bind string) ([]byte, error) {
	return k.transform(ctx, "wrap", b, bind)
}

// Unwrap asks the program.
func (k *commandKEK) Unwrap(ctx context.Context, wrapped []byte, bind string) ([]byte, error) {
	return k.transform(ctx, "unwrap", wrapped, bind)
}

func (k *commandKEK) transform(ctx context.Context, verb string, b []byte, bind string) ([]byte, error) {
	out, err := k.ask(ctx, verb, base64.StdEncoding.EncodeToString(b)+"\n"+bind+"\n")
	if err != nil {
		return nil, err
	}
	answer, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(out)))
	if err != nil || len(answer) == 0 {
		return nil, qingyuan.Errorf(qingyuan.Unavailable, "the key program's answer to %s is not base64", verb)
	}
	return answer, nil
}

func (k *commandKEK) ask(ctx context.Context, verb, input string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, k.program, verb)
	cmd.Stdin = strings.NewReader(input)
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "the key program refused to "+verb)
	}
	if out.Len() > commandLimit {
		return nil, qingyuan.Errorf(qingyuan.Unavailable, "the key program answers too much")
	}
	return out.Bytes(), nil
}
