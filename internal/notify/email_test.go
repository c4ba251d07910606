package notify_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/notify"
	"qingyuan/internal/store"
	"qingyuan/internal/store/storetest"
)

// mailbox is an SMTP server in this process.
type mailbox struct {
	t        testing.TB
	addr     string
	config   *tls.Config
	roots    *x509.CertPool
	startTLS bool
	refuse   int // this many recipients are told to come back later

	mu   sync.Mutex
	got  []string // messages
	to   []string
	auth []string
	bare bool // something was said without TLS that should not have been
}

func openMailbox(t testing.TB, startTLS bool) *mailbox {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	must(t, err)
	parsed, err := x509.ParseCertificate(der)
	must(t, err)
	m := &mailbox{t: t, startTLS: startTLS, config: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots: x509.NewCertPool()}
	m.roots.AddCert(parsed)
	l, err := net.Listen("tcp", "localhost:0")
	must(t, err)
	m.addr = l.Addr().String()
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go m.talk(c)
		}
	}()
	return m
}

func (m *mailbox) talk(c net.Conn) {
	defer c.Close()
	secure := false
	in := bufio.NewReader(c)
	say := func(s string) { io.WriteString(c, s+"\r\n") }
	say("220 localhost ESMTP")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		word := strings.ToUpper(strings.SplitN(strings.TrimSpace(line), " ", 2)[0])
		m.mu.Lock()
		switch word {
		case "EHLO", "HELO":
			switch {
			case secure:
				say("250-localhost\r\n250 AUTH PLAIN")
			case m.startTLS:
				say("250-localhost\r\n250 STARTTLS")
			default:
				say("250 localhost")
			}
		case "STARTTLS":
			say("220 go on")
			tc := tls.Server(c, m.config)
			c, in, secure = tc, bufio.NewReader(tc), true
		case "AUTH":
			m.auth = append(m.auth, strings.Fields(line)[2])
			say("235 ok")
		case "MAIL":
			m.bare = m.bare || !secure
			say("250 ok")
		case "RCPT":
			if m.refuse > 0 {
				m.refuse--
				say("451 later, " + line)
			} else {
				m.to = append(m.to, strings.TrimSpace(line))
				say("250 ok")
			}
		case "DATA":
			say("354 go on")
			var b bytes.Buffer
			for {
				l, err := in.ReadString('\n')
				if err != nil || l == ".\r\n" {
					break
				}
				b.WriteString(l)
			}
			m.got = append(m.got, b.String())
			say("250 taken")
		case "QUIT":
			say("221 bye")
			m.mu.Unlock()
			return
		default:
			say("250 ok")
		}
		m.mu.Unlock()
	}
}

func (m *mailbox) count() int { m.mu.Lock(); defer m.mu.Unlock(); return len(m.got) }

func (m *mailbox) mail() notify.Mail {
	var port int
	_, text, _ := net.SplitHostPort(m.addr)
	fmt.Sscan(text, &port)
	return notify.Mail{Host: "localhost", Port: port, From: "清源 <qingyuan@example.com>", User: "u", Password: "p", TLS: &tls.Config{RootCAs: m.roots}}
}

func post(t testing.TB, h house, key string, m notify.Message) error {
	t.Helper()
	return h.db.Write(ctx, tenant, func(tx *store.Tx) error { return h.Send(tx, key, m) })
}

// TestEmail sends in both languages over TLS, once for each key, and leaves no address behind.
func TestEmail(t *testing.T) {
	storetest.Each(t, lines, func(t *testing.T, db *store.DB) {
		box := openMailbox(t, true)
		h := build(t, db, func(c *notify.Config) { c.Mail = box.mail() })
		values := map[string]string{"Approval": "apr_1", "Kind": "ruleset", "Expires": "2026-12-01"}
		to := []string{"Ann <ann@example.com>", "bob@example.com"}
		for range 2 {
			must(t, post(t, h, "apr_1", notify.Message{To: to, Template: "approval_requested", Values: values}))
		}
		must(t, post(t, h, "", notify.Message{To: to, Template: "approval_requested", Lang: "en", Values: values}))
		eventually(t, "two mails", func() bool { return box.count() == 2 })
		time.Sleep(50 * time.Millisecond)
		if box.bare || box.count() != 2 || len(box.to) != 4 || len(box.auth) != 2 {
			t.Errorf("bare %v, %d mails, to %v, auth %v", box.bare, len(box.got), box.to, box.auth)
		}
		var subjects, texts []string
		for _, raw := range box.got {
			msg, err := mail.ReadMessage(strings.NewReader(raw))
			must(t, err)
			subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
			must(t, err)
			text, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, msg.Body))
			must(t, err)
			subjects, texts = append(subjects, subject), append(texts, string(text))
			if from, err := msg.Header.AddressList("From"); err != nil || from[0].Address != "qingyuan@example.com" || from[0].Name != "清源" {
				t.Errorf("from %v %v", from, err)
			}
		}
		all := strings.Join(subjects, "|") + strings.Join(texts, "|")
		for _, want := range []string{"审批", "approval waits", "apr_1"} {
			if !strings.Contains(all, want) {
				t.Errorf("%q is missing: %s", want, all)
			}
		}
		eventually(t, "addresses are gone", func() bool {
			var n int
			must(t, db.Read(ctx, tenant, func(tx *store.Tx) error {
				_, err := tx.Get(`SELECT count(*) FROM email_message WHERE tenant = $1 AND length(sealed) > 0`, nil, &n)
				return err
			}))
			return n == 0
		})
	})
}

// TestEmailRefused tries again what is refused for the moment, sends nothing without TLS, and takes no bad addresses.
func TestEmailRefused(t *testing.T) {
	db := storetest.Open(t, t.TempDir()+"/q.db", lines...)
	box := openMailbox(t, true)
	box.refuse = 1
	h := build(t, db, func(c *notify.Config) { c.Mail = box.mail() })
	must(t, post(t, h, "", notify.Message{To: []string{"ann@example.com"}, Template: "test"}))
	eventually(t, "the second attempt", func() bool { return box.count() == 1 })
	for _, m := range []notify.Message{{To: []string{"nobody"}, Template: "test"}, {To: []string{"a@b.c\r\nBcc: x@y.z"}, Template: "test"}, {To: []string{"a@b.c"}, Template: "none"},
		{To: []string{"a@b.c"}, Template: "approval_requested"}, {To: make([]string, 51), Template: "test"}} {
		if err := post(t, h, "", m); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%+v: %v", m, err)
		}
	}
	open := openMailbox(t, false)
	h = build(t, storetest.Open(t, t.TempDir()+"/q.db", lines...), func(c *notify.Config) { c.Mail = open.mail() })
	must(t, post(t, h, "", notify.Message{To: []string{"ann@example.com"}, Template: "test"}))
	time.Sleep(300 * time.Millisecond)
	if open.count() != 0 || open.bare {
		t.Error("sent without TLS")
	}
}

// TestTemplates are there in both languages.
func TestTemplates(t *testing.T) {
	if all := notify.Templates(); len(all) < 4 {
		t.Errorf("%v", all)
	}
}
