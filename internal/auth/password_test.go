package auth

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"qingyuan"

	"github.com/alexedwards/argon2id"
)

func TestCheckPassword(t *testing.T) {
	for password, ok := range map[string]bool{
		"correct horse battery staple":            true,
		"清源十二个字的口令就是这样长":                          true,
		"k7mq3-xwd9r-tfhn2":                       true,
		strings.Repeat("ab1-x9", 80):              true,
		"elevenchars":                             false,
		"":                                        false,
		"口令太短":                                    false,
		"1qaz2wsx3edc":                            false, // common
		"1QAZ2wsx3EDC":                            false,
		"password1234":                            false,
		"ababababababab":                          false, // monotonous
		"111111111111111":                         false,
		"zhang.wei-2026!":                         false, // the account
		"my-Big-Lender-pass":                      false, // the tenant
		"QingYuan-0000-x":                         false,
		strings.Repeat("ab1-x9", 86):              false, // too long
		"not utf-8 \xff\xfe but long enough here": false,
	} {
		err := checkPassword(password, "zhang.wei", "big-lender")
		if (err == nil) != ok || (err != nil && qingyuan.CodeOf(err) != qingyuan.Invalid) {
			t.Errorf("%q: %v", password, err)
		}
	}
	if len(common) < 3000*commonWidth || len(common)%commonWidth != 0 {
		t.Errorf("the list of common passwords has %d bytes", len(common))
	}
	for range 1000 {
		if p := newPassword(); len(p) != 23 || checkPassword(p, "admin", "t1") != nil {
			t.Fatalf("%q: %v", p, checkPassword(p, "admin", "t1"))
		}
	}
}

// A missing account costs a comparison with a hash of the same parameters, and matches nothing.
func TestDecoy(t *testing.T) {
	h, err := newHasher()
	if err != nil {
		t.Fatal(err)
	}
	var compared []string
	h.compare = func(_, hash string) (bool, error) { compared = append(compared, hash); return true, nil }
	if ok, err := h.matches(context.Background(), "anything", ""); ok || err != nil {
		t.Errorf("no account: %v, %v", ok, err)
	}
	real, err := h.hash(context.Background(), "anything")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := h.matches(context.Background(), "anything", real); !ok || err != nil {
		t.Errorf("account: %v, %v", ok, err)
	}
	if len(compared) != 2 {
		t.Fatalf("%d comparisons", len(compared))
	}
	for _, hash := range compared {
		if p, _, _, err := argon2id.DecodeHash(hash); err != nil || *p != params {
			t.Errorf("%s: %+v, %v", hash, p, err)
		}
	}
}

func TestHashesAreRationed(t *testing.T) {
	h, err := newHasher()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var now, most int
	step, started := make(chan struct{}), make(chan struct{}, 100)
	h.compare = func(string, string) (bool, error) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		started <- struct{}{}
		<-step
		mu.Lock()
		now--
		mu.Unlock()
		return false, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	errs := make(chan error, 100)
	call := func(ctx context.Context) {
		_, err := h.matches(ctx, "x", "")
		errs <- err
	}
	for range hashesAtOnce {
		go call(context.Background())
	}
	for range hashesAtOnce {
		<-started
	}
	for range hashesWaiting {
		go call(ctx)
	}
	for len(h.inside) < hashesAtOnce+hashesWaiting {
		runtime.Gosched()
	}
	soon, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	if _, err := h.matches(soon, "x", ""); qingyuan.CodeOf(err) != qingyuan.TooMany {
		t.Errorf("one too many: %v", err)
	}
	cancel() // those who wait go away and leave room
	for range hashesWaiting {
		if err := <-errs; err != context.Canceled {
			t.Errorf("gone: %v", err)
		}
	}
	close(step)
	for range hashesAtOnce {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if most != hashesAtOnce || len(h.inside) != 0 || len(h.running) != 0 {
		t.Errorf("%d at once; %d and %d left", most, len(h.inside), len(h.running))
	}
}

func TestLockFor(t *testing.T) {
	for failed, want := range map[int64]string{0: "0s", 4: "0s", 5: "15s", 6: "30s", 8: "2m0s", 10: "8m0s", 11: "15m0s", 12: "15m0s", 1 << 40: "15m0s"} {
		if got := lockFor(failed).String(); got != want {
			t.Errorf("%d: %s, want %s", failed, got, want)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	h, _ := newHasher()
	for b.Loop() {
		h.matches(context.Background(), "correct horse battery staple", "")
	}
}
