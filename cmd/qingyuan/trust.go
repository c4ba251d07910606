package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"qingyuan"
	"qingyuan/internal/audit"
	"qingyuan/internal/keys"
)

// keysCommand works on the keys that personal data are sealed with.
type keysCommand struct {
	Status keysStatusCommand `cmd:"" help:"Which keys there are, and which key-encryption key opens them."`
	Make   keysMakeCommand   `cmd:"" help:"Write a new key-encryption key into a file."`
	Rotate keysRotateCommand `cmd:"" help:"Change the key-encryption key to the next one, and each tenant's wrapping key. A rotation that was broken off goes on. A running service does the same through POST /v1/encryption/rotate."`
}

// operator is who acts through the command line.
func operator(ctx context.Context, action string) context.Context {
	return audit.Acting(ctx, &audit.Intent{Actor: qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "operator"}, Action: action})
}

type keysStatusCommand struct {
	installation
	JSON bool `name:"json" help:"Print JSON."`
}

// Run prints a table.
func (c *keysStatusCommand) Run(ctx context.Context) error {
	p, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	tenants, err := p.db.Tenants(ctx)
	if err != nil {
		return err
	}
	all := []*keys.Status{}
	for _, t := range tenants {
		s, err := p.keys.Status(ctx, t)
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	if c.JSON {
		return printJSON(all)
	}
	for _, s := range all {
		fmt.Printf("%s: seals with %s, KEK %s; %d data keys, %d of them wait for the newest wrapping key\n", s.Tenant, s.Algorithm, s.KEK, s.Persons, s.Pending)
		for _, k := range s.Keys {
			fmt.Printf("  %-6s version %d  KEK %s  since %s\n", k.Purpose, k.Version, k.KEK, k.CreatedAt.Format("2006-01-02 15:04:05Z"))
		}
	}
	return nil
}

type keysMakeCommand struct {
	File string `arg:"" help:"File to write; it must not exist." type:"path"`
}

// Run writes the key.
func (c *keysMakeCommand) Run() error {
	_, err := keys.MakeKEK(c.File)
	return err
}

type keysRotateCommand struct {
	installation
	TenantKeys bool `name:"tenant-keys" help:"Give every tenant a new wrapping key too." default:"true" negatable:""`
}

// Run rotates.
func (c *keysRotateCommand) Run(ctx context.Context) error {
	p, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	_, algorithm, err := c.keks(ctx, p.db)
	if err != nil {
		return err
	}
	ctx = operator(ctx, "rotate-encryption")
	next, err := c.nextKEK(ctx, algorithm)
	switch {
	case err == nil:
		n, err := p.keys.RotateKEK(ctx, next)
		if err != nil {
			return err
		}
		fmt.Printf("%d tenant keys are wrapped with %s\n", n, next.ID())
	case qingyuan.CodeOf(err) == qingyuan.NotFound:
		fmt.Println("no next key-encryption key is laid out; the present one stays")
	default:
		return err
	}
	if !c.TenantKeys {
		return nil
	}
	tenants, err := p.db.Tenants(ctx)
	for _, t := range tenants {
		n, rerr := p.keys.RotateTenant(ctx, t)
		fmt.Printf("%s: %d data keys are wrapped anew\n", t, n)
		err = errors.Join(err, rerr)
	}
	return err
}

// auditCommand reads the audit chain.
type auditCommand struct {
	Verify auditVerifyCommand `cmd:"" help:"Check the chain and name every entry that was changed, removed or put elsewhere."`
	Export auditExportCommand `cmd:"" help:"Print the chain as JSON lines."`
}

type auditVerifyCommand struct {
	installation
	Tenant string `default:"main" help:"Tenant."`
	Head   string `help:"File with signed heads that were kept elsewhere, one JSON object a line; the published ones where empty." type:"existingfile"`
	File   string `help:"Check an exported file instead of the record." type:"existingfile"`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Run verifies; a chain with a fault is a conflict.
func (c *auditVerifyCommand) Run(ctx context.Context) error {
	v, err := c.verdict(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(v); err != nil {
			return err
		}
	} else {
		fmt.Printf("%d entries, %d heads, %d outbox entries compared\n", v.Entries, v.Heads, v.Sealed)
		for _, f := range v.Faults {
			fmt.Printf("  entry %d: %s\n", f.N, f.What)
		}
	}
	if len(v.Faults) > 0 {
		return qingyuan.Errorf(qingyuan.Conflict, "the audit chain is not whole: %d faults", len(v.Faults))
	}
	return nil
}

func (c *auditVerifyCommand) verdict(ctx context.Context) (*audit.Verdict, error) {
	if c.File != "" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return audit.VerifyExport(f)
	}
	p, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	defer p.close()
	t := qingyuan.Tenant(c.Tenant)
	file := c.Head
	if file == "" {
		file = audit.HeadsFile(c.heads(), t)
	}
	heads, err := audit.ReadHeads(file)
	if err != nil {
		return nil, err
	}
	return audit.Verify(ctx, p.db, t, heads, func(n int64) { fmt.Fprintf(os.Stderr, "\r%d", n) })
}

type auditExportCommand struct {
	installation
	Tenant string `default:"main" help:"Tenant."`
	After  int64  `help:"n of the last entry one has."`
}

// Run exports to standard output, with the signed head on standard error.
func (c *auditExportCommand) Run(ctx context.Context) error {
	p, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	t := qingyuan.Tenant(c.Tenant)
	if err := audit.Export(ctx, p.db, t, audit.Stretch{After: c.After}, os.Stdout); err != nil {
		return err
	}
	head, err := audit.Sign(ctx, p.db, p.keys, t)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stderr).Encode(head)
}
