package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // RFC 6238's default, and what authenticators read
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// Time-based one-time passwords after RFC 6238: SHA-1, six digits, steps of 30 seconds; one step early or late is taken (§5.2).
const (
	totpStep   = 30 * time.Second
	totpDigits = 6
	totpSkew   = 1
	totpSecret = 20 // bytes, the length of the hash (RFC 4226 §4)
)

// recoveryCodes is how many codes a person keeps for the day the device is lost. Each has 80 random bits and is good for once.
const recoveryCodes = 10

// totpCode is the code of a step.
func totpCode(secret []byte, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac := hmac.New(sha1.New, secret)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf // RFC 4226 §5.3
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", totpDigits, n%1_000_000)
}

// totpMatch finds the step, after last, whose code was sent; ok is false where there is none: a code is good for once.
func totpMatch(secret []byte, sent string, now time.Time, last int64) (step int64, ok bool) {
	at := now.Unix() / int64(totpStep/time.Second)
	for s := at - totpSkew; s <= at+totpSkew; s++ {
		if subtle.ConstantTimeCompare([]byte(totpCode(secret, s)), []byte(sent)) == 1 && s > last {
			step, ok = s, true
		}
	}
	return step, ok
}

func totpPlace(account string) string { return "account|totp|" + account }

// Enrolment is what a person's authenticator needs.
type Enrolment struct {
	Secret string // base 32
	URL    string // otpauth://, to be shown as a QR code
}

// BeginTOTP makes a secret for the person of a session; it counts once [Service.ConfirmTOTP] has seen a code of it. Errors:
// unauthorized; unavailable where the service has no keys.
func (s *Service) BeginTOTP(ctx context.Context, text string) (Enrolment, error) {
	open, err := s.Session(ctx, text)
	if err != nil {
		return Enrolment{}, err
	}
	if s.cfg.Keys == nil {
		return Enrolment{}, qingyuan.Errorf(qingyuan.Unavailable, "second factors cannot be kept here")
	}
	p := open.Principal
	key, err := s.cfg.Keys.Person(ctx, p.Tenant, "")
	if err != nil {
		return Enrolment{}, err
	}
	secret := make([]byte, totpSecret)
	rand.Read(secret)
	err = s.cfg.DB.Write(ctx, p.Tenant, func(tx *store.Tx) error {
		key.Persist(tx)
		_, err := tx.Exec(`UPDATE account SET totp_pending = $3 WHERE tenant = $1 AND id = $2`, p.Actor.ID, key.Seal(secret, totpPlace(p.Actor.ID)))
		return err
	})
	if err != nil {
		return Enrolment{}, err
	}
	e := Enrolment{Secret: base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)}
	label := "Qingyuan:" + string(p.Tenant) + "/" + p.Name
	e.URL = "otpauth://totp/" + url.PathEscape(label) + "?" + url.Values{"secret": {e.Secret}, "issuer": {"Qingyuan"}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}.Encode()
	return e, nil
}

// ConfirmTOTP makes the secret that was begun the person's second factor, where the code is one of it, and gives the recovery codes,
// which are stored nowhere. Every other session of the person ends. Errors: unauthorized; conflict where nothing was begun; invalid
// for the code.
func (s *Service) ConfirmTOTP(ctx context.Context, text, code string) (recovery []string, err error) {
	open, err := s.Session(ctx, text)
	if err != nil {
		return nil, err
	}
	p, hash := open.Principal, hashOf(text)
	err = s.cfg.DB.Write(ctx, p.Tenant, func(tx *store.Tx) error {
		recovery = nil
		var sealed []byte
		if _, err := tx.Get(`SELECT totp_pending FROM account WHERE tenant = $1 AND id = $2`, []any{p.Actor.ID}, &sealed); err != nil {
			return err
		}
		if len(sealed) == 0 {
			return qingyuan.Errorf(qingyuan.Conflict, "no enrolment was begun")
		}
		secret, err := s.cfg.Keys.Open(ctx, p.Tenant, sealed, totpPlace(p.Actor.ID))
		if err != nil {
			return err
		}
		step, ok := totpMatch(secret, code, s.cfg.Now(), 0)
		if !ok {
			return qingyuan.FieldErrorf("code", "is not the code your authenticator shows now")
		}
		if _, err := tx.Exec(`UPDATE account SET totp = totp_pending, totp_pending = NULL, totp_last = $3 WHERE tenant = $1 AND id = $2`, p.Actor.ID, step); err != nil {
			return err
		}
		if recovery, err = newRecovery(tx, p.Actor.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM session WHERE tenant = $1 AND account = $2 AND hash <> $3`, p.Actor.ID, hash[:]); err != nil {
			return err
		}
		return emit(tx, "account.second_factor_set", p.Actor.ID, p.Actor)
	})
	return recovery, err
}

var recoveryRow = store.Into("recovery_code", "account", "hash")

// newRecovery replaces an account's recovery codes.
func newRecovery(tx *store.Tx, account string) (codes []string, err error) {
	if _, err := tx.Exec(`DELETE FROM recovery_code WHERE tenant = $1 AND account = $2`, account); err != nil {
		return nil, err
	}
	for range recoveryCodes {
		var b [10]byte
		rand.Read(b[:])
		text := alphabet.EncodeToString(b[:])
		code := text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:]
		hash := hashOf("recovery " + text)
		tx.Insert(recoveryRow, account, hash[:])
		codes = append(codes, code)
	}
	return codes, nil
}

// second checks the second factor of an account in the command that lets it in: a code of the present time that was not used before,
// or a recovery code, which is used up. An account without one has nothing to check.
func (s *Service) second(tx *store.Tx, a account, code string) (bool, error) {
	if len(a.totp) == 0 {
		return true, nil
	}
	if code = strings.ToLower(strings.TrimSpace(code)); len(code) != totpDigits {
		hash := hashOf("recovery " + strings.ReplaceAll(code, "-", ""))
		n, err := tx.Exec(`DELETE FROM recovery_code WHERE tenant = $1 AND account = $2 AND hash = $3`, a.ID, hash[:])
		return n == 1, err
	}
	if s.cfg.Keys == nil {
		return false, qingyuan.Errorf(qingyuan.Unavailable, "second factors cannot be checked here")
	}
	secret, err := s.cfg.Keys.Open(tx.Context(), tx.Tenant(), a.totp, totpPlace(a.ID))
	if err != nil {
		return false, err
	}
	step, ok := totpMatch(secret, code, s.cfg.Now(), a.totpLast)
	if !ok {
		return false, nil
	}
	_, err = tx.Exec(`UPDATE account SET totp_last = $3 WHERE tenant = $1 AND id = $2`, a.ID, step)
	return true, err
}

// needCode is the answer to a right password without a code. It is said to those only who know the password.
func needCode() error {
	return &qingyuan.Error{Code: qingyuan.Unauthorized, Field: "code", Message: "enter the code of your authenticator, or a recovery code"}
}

// ResetSecondFactor takes the second factor from an account whose owner has lost it, and ends its sessions. Errors: forbidden; not_found.
func (s *Service) ResetSecondFactor(ctx context.Context, by Principal, id string) error {
	return s.manage(ctx, by, id, func(tx *store.Tx, a account) error {
		if _, err := tx.Exec(`UPDATE account SET totp = NULL, totp_pending = NULL WHERE tenant = $1 AND id = $2`, id); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM recovery_code WHERE tenant = $1 AND account = $2`, id); err != nil {
			return err
		}
		if err := endSessions(tx, id); err != nil {
			return err
		}
		return emit(tx, "account.second_factor_reset", id, by.Actor)
	})
}

// mustEnrol reports whether the policy asks the role for a second factor that the account has not. For accounts that others vouch for,
// it is theirs to ask.
func (s *Service) mustEnrol(a account) bool {
	return len(a.totp) == 0 && a.external == "" && slices.Contains(s.cfg.SecondFactor, a.Role)
}
