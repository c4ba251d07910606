package notify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"qingyuan"
	"qingyuan/internal/jobs"
	"qingyuan/internal/store"
)

//go:embed templates/*.txt
var templates embed.FS

// Mail says how e-mail leaves.
type Mail struct {
	Host     string // of the SMTP server; empty: nothing is mailed
	Port     int    // 0: 587
	From     string // address, with a name or without
	User     string // empty: no authentication
	Password string
	Lang     string      // zh or en where a message does not say; empty: zh
	Plain    bool        // without STARTTLS, and then without a password: for a relay on the same machine
	TLS      *tls.Config // nil: the system's certificate authorities, for Host
}

// Message is one e-mail to be.
type Message struct {
	To       []string          // addresses
	Template string            // such as webhook_disabled
	Lang     string            // zh or en; empty: the configured one
	Values   map[string]string // for the template: ids and codes, no personal data
}

const maxRecipients = 50

// Send adds an e-mail in the caller's transaction. Addresses are sealed until it is sent. Where no mail server is configured
// nothing is added. key tells repetitions apart; empty: it is none. Errors: invalid.
func (s *Service) Send(tx *store.Tx, key string, m Message) error {
	if s.cfg.Mail.Host == "" || len(m.To) == 0 {
		return nil
	}
	if _, _, err := s.render(m); err != nil {
		return err
	}
	if len(m.To) > maxRecipients {
		return qingyuan.FieldErrorf("to", "must have at most %d addresses", maxRecipients)
	}
	for _, to := range m.To {
		if _, err := mail.ParseAddress(to); err != nil || strings.ContainsAny(to, "\r\n") {
			return qingyuan.FieldErrorf("to", "holds something that is not an e-mail address")
		}
	}
	id := qingyuan.NewID("mail", tx.Now())
	if key != "" {
		sum := sha256.Sum256([]byte(key))
		id = "mail_" + hex.EncodeToString(sum[:16])
	}
	sealed, person, err := s.seal(tx.Context(), tx.Tenant(), "email_message/"+id, m)
	if err != nil {
		return err
	}
	n, err := tx.Exec(`INSERT INTO email_message (tenant, id, sealed, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant, id) DO NOTHING`, id, sealed, tx.Now().UnixMicro())
	if err != nil || n == 0 {
		return err
	}
	if err := person.Persist(tx); err != nil {
		return err
	}
	_, err = s.cfg.Jobs.Enqueue(tx, jobs.Spec{Kind: emailKind, Key: id, Payload: []byte(strconv.Quote(id))})
	return err
}

// Templates lists the names of the templates.
func Templates() (all []string) {
	files, _ := templates.ReadDir("templates")
	for _, f := range files {
		name, _, _ := strings.Cut(f.Name(), ".")
		all = append(all, name)
	}
	return slices.Compact(all)
}

// render makes subject and text: a template's first line is the subject.
func (s *Service) render(m Message) (subject, text string, err error) {
	lang := m.Lang
	if lang == "" {
		lang = s.cfg.Mail.Lang
	}
	if lang != "en" {
		lang = "zh"
	}
	source, err := templates.ReadFile("templates/" + m.Template + "." + lang + ".txt")
	if err != nil {
		return "", "", qingyuan.FieldErrorf("template", "there is no template %q", m.Template)
	}
	t, err := template.New(m.Template).Option("missingkey=error").Parse(string(source))
	if err != nil {
		return "", "", err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, m.Values); err != nil {
		return "", "", qingyuan.FieldErrorf("values", "do not fit the template %q", m.Template)
	}
	subject, text, _ = strings.Cut(out.String(), "\n")
	return subject, text, nil
}

// sendEmail is the handler of e-mails.
func (s *Service) sendEmail(ctx context.Context, r *jobs.Run) error {
	var id string
	if err := r.Decode(&id); err != nil {
		return err
	}
	var sealed []byte
	found, err := s.cfg.DB.Get(ctx, r.Tenant, `SELECT sealed FROM email_message WHERE tenant = $1 AND id = $2`, []any{id}, &sealed)
	if err != nil {
		return err
	}
	if !found {
		return qingyuan.Errorf(qingyuan.NotFound, "the e-mail is no longer there")
	}
	var m Message
	if err := s.unseal(ctx, r.Tenant, sealed, "email_message/"+id, &m); err != nil {
		return err
	}
	subject, text, err := s.render(m)
	if err != nil {
		return err
	}
	if err := s.cfg.Mail.send(ctx, m.To, s.cfg.Mail.compose(id, m.To, subject, text, s.cfg.DB.Now())); err != nil {
		return err
	}
	return r.Commit(ctx, func(tx *store.Tx) error { // the addresses go; the id stays as long as the job, against repetition
		_, err := tx.Exec(`UPDATE email_message SET sealed = $3 WHERE tenant = $1 AND id = $2`, id, []byte{})
		return err
	})
}

// compose makes the message (RFC 5322), its text in base64. The Message-ID is the same at each attempt.
func (m Mail) compose(id string, to []string, subject, text string, now time.Time) []byte {
	from, domain := m.From, "qingyuan.invalid"
	if a, err := mail.ParseAddress(m.From); err == nil {
		from = a.String()
		domain = a.Address[strings.LastIndexByte(a.Address, '@')+1:]
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s@%s>\r\n", from, strings.Join(to, ", "),
		mime.BEncoding.Encode("utf-8", strings.Map(oneLine, subject)), now.Format(time.RFC1123Z), id, domain)
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n")
	for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString([]byte(text))), 76) {
		b.Write(line)
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

func oneLine(r rune) rune {
	if r == '\r' || r == '\n' {
		return ' '
	}
	return r
}

// send gives the message to the server. Errors hold no addresses.
func (m Mail) send(ctx context.Context, to []string, message []byte) error {
	port := m.Port
	if port == 0 {
		port = 587
	}
	conn, err := (&net.Dialer{Timeout: 15 * time.Second}).DialContext(ctx, "tcp", net.JoinHostPort(m.Host, strconv.Itoa(port)))
	if err != nil {
		return qingyuan.Wrap(qingyuan.Unavailable, err, "the mail server cannot be reached")
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	conn.SetDeadline(time.Now().Add(45 * time.Second))
	c, err := smtp.NewClient(conn, m.Host)
	if err != nil {
		return refused("greeting", err)
	}
	if err := m.secure(c); err != nil {
		return err
	}
	from := m.From
	if a, err := mail.ParseAddress(m.From); err == nil {
		from = a.Address
	}
	if err := c.Mail(from); err != nil {
		return refused("sender", err)
	}
	for _, t := range to {
		a, err := mail.ParseAddress(t)
		if err != nil {
			return qingyuan.Errorf(qingyuan.Invalid, "a recipient is not an e-mail address")
		}
		if err := c.Rcpt(a.Address); err != nil {
			return refused("recipient", err)
		}
	}
	w, err := c.Data()
	if err == nil {
		_, err = w.Write(message)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return refused("message", err)
	}
	c.Quit() // it is taken already
	return nil
}

// secure starts TLS and signs in. A server that cannot do TLS is refused, unless it is configured to be plain.
func (m Mail) secure(c *smtp.Client) error {
	if m.Plain {
		return nil
	}
	if ok, _ := c.Extension("STARTTLS"); !ok {
		return qingyuan.Errorf(qingyuan.Unavailable, "the mail server offers no STARTTLS, and nothing is sent without it")
	}
	config := m.TLS
	if config == nil {
		config = &tls.Config{}
	}
	config = config.Clone()
	config.ServerName, config.MinVersion = m.Host, tls.VersionTLS12
	if err := c.StartTLS(config); err != nil {
		return qingyuan.Wrap(qingyuan.Unavailable, err, "TLS with the mail server failed")
	}
	if m.User == "" {
		return nil
	}
	if err := c.Auth(smtp.PlainAuth("", m.User, m.Password, m.Host)); err != nil {
		return refused("sign-in", err)
	}
	return nil
}

// refused says what a server refused, with its code. Its words stay out: they may hold addresses. A recipient that it
// refuses for good is not tried again.
func refused(what string, err error) error {
	var said *textproto.Error
	if !errors.As(err, &said) {
		return qingyuan.Errorf(qingyuan.Unavailable, "the mail server ended the conversation at the %s", what)
	}
	code := qingyuan.Unavailable
	if what == "recipient" && said.Code >= 550 {
		code = qingyuan.Invalid
	}
	return qingyuan.Errorf(code, "the mail server refused the %s (%d)", what, said.Code)
}
