package main

import (
	"fmt"
	"net/netip"
	"os"
	"strings"

	"qingyuan"
	"qingyuan/internal/notify"
)

// outward says how the platform tells others.
type outward struct {
	WebhookAllow []string `help:"Networks (CIDR) of your own that webhooks may reach; without it only addresses on the internet." env:"QINGYUAN_WEBHOOK_ALLOW"`
	WebhookHTTP  bool     `help:"Webhooks may go over http, without TLS." name:"webhook-http" env:"QINGYUAN_WEBHOOK_HTTP"`
	SMTPHost     string   `help:"SMTP server for e-mail; nothing is mailed without." name:"smtp-host" env:"QINGYUAN_SMTP_HOST"`
	SMTPPort     int      `help:"Its port." name:"smtp-port" default:"587" env:"QINGYUAN_SMTP_PORT"`
	SMTPFrom     string   `help:"Sender of e-mail." name:"smtp-from" env:"QINGYUAN_SMTP_FROM"`
	SMTPUser     string   `help:"User at the SMTP server." name:"smtp-user" env:"QINGYUAN_SMTP_USER"`
	SMTPPassword string   `help:"File of the password at the SMTP server." name:"smtp-password-file" type:"path" env:"QINGYUAN_SMTP_PASSWORD_FILE"`
	SMTPPlain    bool     `help:"Without STARTTLS and password: for a relay on this machine." name:"smtp-plain" env:"QINGYUAN_SMTP_PLAIN"`
	MailLang     string   `help:"Language of e-mail: zh or en." default:"zh" enum:"zh,en," env:"QINGYUAN_MAIL_LANG"`
	MailNotices  []string `help:"Who is mailed when a webhook is disabled." env:"QINGYUAN_MAIL_NOTICES"`
}

// service makes what tells others.
func (o outward) service(p *platform) (*notify.Service, error) {
	c := notify.Config{DB: p.db, Keys: p.keys, Jobs: p.jobs, Log: p.log, PlainHTTP: o.WebhookHTTP, Notices: o.MailNotices,
		Mail: notify.Mail{Host: o.SMTPHost, Port: o.SMTPPort, From: o.SMTPFrom, User: o.SMTPUser, Lang: o.MailLang, Plain: o.SMTPPlain}}
	for _, text := range o.WebhookAllow {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, qingyuan.Errorf(qingyuan.Invalid, "--webhook-allow %q is not a network such as 10.1.0.0/16", text)
		}
		c.Allow = append(c.Allow, network)
	}
	if o.SMTPHost != "" && o.SMTPFrom == "" {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "--smtp-host needs --smtp-from")
	}
	if o.SMTPPassword != "" {
		text, err := os.ReadFile(o.SMTPPassword)
		if err != nil {
			return nil, fmt.Errorf("read the SMTP password: %w", err)
		}
		c.Mail.Password = strings.TrimSpace(string(text))
	}
	return notify.New(c)
}
