package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"

	"github.com/emmansun/gmsm/sm4"

	"qingyuan"
)

// Algorithm is how bytes are sealed. Every sealed form names its own, so that a change of an installation's algorithm concerns what is
// sealed from then on and leaves the rest readable.
type Algorithm byte

// The algorithms, by the number that stands in a sealed form.
const (
	AES256GCM Algorithm = 1 // the default
	SM4GCM    Algorithm = 2 // GB/T 32907-2016 in GCM (RFC 8998 §2), for installations bound to commercial cryptography (商用密码)
)

// ParseAlgorithm reads aes-256-gcm or sm4-gcm; empty is the default.
func ParseAlgorithm(name string) (Algorithm, error) {
	switch name {
	case "", "aes-256-gcm":
		return AES256GCM, nil
	case "sm4-gcm":
		return SM4GCM, nil
	}
	return 0, qingyuan.FieldErrorf("cipher", "must be aes-256-gcm or sm4-gcm")
}

// String is the name that ParseAlgorithm reads.
func (a Algorithm) String() string {
	if a == SM4GCM {
		return "sm4-gcm"
	}
	return "aes-256-gcm"
}

const (
	nonceSize = 12
	tagSize   = 16
	keySize   = 32
)

// key is 32 secret bytes with the ciphers made of them. The key of SM4 is derived, so that no two algorithms share one.
type key struct {
	bytes [keySize]byte
	alg   Algorithm // that seals
	aead  cipher.AEAD
}

func newKey(b []byte, a Algorithm) (*key, error) {
	if len(b) != keySize {
		return nil, qingyuan.Errorf(qingyuan.Internal, "a key has %d bytes", len(b))
	}
	k := &key{bytes: [keySize]byte(b), alg: a}
	var err error
	k.aead, err = k.cipher(a)
	return k, err
}

func makeKey(a Algorithm) (*key, error) {
	var b [keySize]byte
	rand.Read(b[:])
	return newKey(b[:], a)
}

func (k *key) cipher(a Algorithm) (cipher.AEAD, error) {
	if k.aead != nil && a == k.alg {
		return k.aead, nil
	}
	var block cipher.Block
	var err error
	switch a {
	case AES256GCM:
		block, err = aes.NewCipher(k.bytes[:])
	case SM4GCM:
		mac := hmac.New(sha256.New, k.bytes[:])
		mac.Write([]byte("sm4-gcm"))
		block, err = sm4.NewCipher(mac.Sum(nil)[:sm4.BlockSize])
	default:
		return nil, qingyuan.Errorf(qingyuan.Internal, "sealed by an unknown algorithm %d", a)
	}
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// The wrapped form of a key: algorithm (1 byte) ‖ version of the wrapping key (4) ‖ nonce (12) ‖ ciphertext and tag. Forms written before
// there were versions begin with the nonce and mean AES-256-GCM and version 1; their length tells.
const (
	wrappedHead = 1 + 4
	wrappedBare = nonceSize + keySize + tagSize
)

// wrap seals b under version v of k.
func (k *key) wrap(b []byte, v uint32, bind string) []byte {
	out := make([]byte, wrappedHead+nonceSize, wrappedHead+nonceSize+len(b)+tagSize)
	out[0] = byte(k.alg)
	binary.BigEndian.PutUint32(out[1:], v)
	nonce := out[wrappedHead:]
	rand.Read(nonce)
	return k.aead.Seal(out, nonce, b, []byte(bind))
}

// wrappedUnder is the version of the wrapping key that a wrapped form names.
func wrappedUnder(wrapped []byte) uint32 {
	if len(wrapped) == wrappedBare || len(wrapped) < wrappedHead {
		return 1
	}
	return binary.BigEndian.Uint32(wrapped[1:])
}

func (k *key) unwrap(wrapped []byte, bind string) ([]byte, error) {
	alg, body := AES256GCM, wrapped
	if len(wrapped) != wrappedBare {
		if len(wrapped) < wrappedHead+nonceSize+tagSize {
			return nil, qingyuan.Errorf(qingyuan.Internal, "not a wrapped key")
		}
		alg, body = Algorithm(wrapped[0]), wrapped[wrappedHead:]
	}
	aead, err := k.cipher(alg)
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, body[:nonceSize], body[nonceSize:], []byte(bind))
}
