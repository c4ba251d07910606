package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"qingyuan"
	"qingyuan/internal/api"
	"qingyuan/internal/auth"
	"qingyuan/internal/prevent/decision"
)

// replayCommand runs the record again.
type replayCommand struct {
	installation
	Tenant string `default:"main" help:"Tenant."`
	JSON   bool   `name:"json" help:"Print one JSON object."`
}

// Run replays; a decision that comes out otherwise is a conflict.
func (c *replayCommand) Run(ctx context.Context) error {
	p, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	report, err := p.decisions.Replay(ctx, qingyuan.Tenant(c.Tenant), func(done, total int64) {
		fmt.Fprintf(os.Stderr, "\r%d of %d", done, total)
	})
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(report); err != nil {
			return err
		}
	} else {
		fmt.Printf("%d events, %d decisions, %d identical, %d erased, %d fallbacks; %d of %d shadow results identical\ndigest %s\n", report.Events,
			report.Decisions, report.Identical, report.Erased, report.Fallbacks, report.ShadowsIdentical, report.Shadows, report.Digest)
		for _, d := range report.Differences {
			fmt.Printf("  %s at seq %d: recorded %s, replayed %s %v\n", d.ID, d.Seq, d.Recorded, d.Replayed, d.Rules)
		}
	}
	if report.ShadowsIdentical != report.Shadows {
		return qingyuan.Errorf(qingyuan.Conflict, "%d shadow results came out otherwise", report.Shadows-report.ShadowsIdentical)
	}
	if report.Identical != report.Decisions {
		return qingyuan.Errorf(qingyuan.Conflict, "%d decisions came out otherwise", report.Decisions-report.Identical)
	}
	return nil
}

// rulesCommand checks a ruleset file.
type rulesCommand struct {
	File string `arg:"" type:"existingfile" help:"YAML file."`
}

// Run prints every problem with its line.
func (c *rulesCommand) Run() error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	program, problems := decision.Check(text)
	for _, p := range problems {
		fmt.Printf("%s:%s\n", c.File, p)
	}
	if len(problems) > 0 {
		return qingyuan.Errorf(qingyuan.Invalid, "%d problems", len(problems))
	}
	rs := program.Ruleset()
	fmt.Printf("%s: %d rules, %d velocities on %d streams\n", rs.ID, len(rs.Rules), len(rs.Velocities), len(program.Streams()))
	return nil
}

// openAPICommand prints the OpenAPI document.
type openAPICommand struct{}

// Run prints YAML.
func (openAPICommand) Run() error {
	s, err := api.New(api.Config{Version: "1"})
	if err != nil {
		return err
	}
	text, err := s.OpenAPI().YAML()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(text)
	return err
}

// adminCommand works on the installation itself; the server must not be running on the embedded database.
type adminCommand struct {
	Tenant  createTenantCommand `cmd:"" help:"Make a tenant with its keys, ruleset and first administrator."`
	Key     createKeyCommand    `cmd:"" help:"Make an API key."`
	Account accountCommand      `cmd:"" help:"Accounts of people."`
	Keys    keysCommand         `cmd:"" help:"The keys that personal data are sealed with."`
	Audit   auditCommand        `cmd:"" help:"The audit chain."`
}

type createTenantCommand struct {
	installation
	founding
	Name  string `arg:"" help:"1–40 of a–z, 0–9 and '-'."`
	Title string `help:"The lender's name." default:""`
}

// Run makes the tenant and prints its administrator once.
func (c *createTenantCommand) Run(ctx context.Context) error {
	p, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	user, password, err := c.newTenant(ctx, p, qingyuan.Tenant(c.Name), c.Title)
	if err != nil {
		return err
	}
	if password == "" {
		fmt.Println("the tenant is there already")
		return nil
	}
	fmt.Printf("user      %s\npassword  %s\n", user, password)
	return nil
}

type createKeyCommand struct {
	installation
	Tenant string   `default:"main" help:"Tenant."`
	Name   string   `arg:"" help:"What people know the key by."`
	Scopes []string `default:"events:write,events:read,decisions:write,decisions:read" help:"What it may do; all: whatever its role may."`
	Role   string   `default:"system" help:"Role that bounds what it may do."`
}

// Run makes the key and prints its secret once.
func (c *createKeyCommand) Run(ctx context.Context) error {
	p, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	spec := auth.KeySpec{Name: c.Name, Role: auth.Role(c.Role)}
	if slices.Equal(c.Scopes, []string{"all"}) {
		for _, scope := range auth.Permissions() {
			if spec.Role.Allows(scope) && scope.Action != auth.Manage {
				spec.Scopes = append(spec.Scopes, scope)
			}
		}
	} else if spec.Scopes, err = scopesOf(c.Scopes); err != nil {
		return err
	}
	secret, err := p.key(ctx, qingyuan.Tenant(c.Tenant), spec)
	if err != nil {
		return err
	}
	fmt.Println(secret)
	return nil
}

func scopesOf(texts []string) (all []auth.Permission, err error) {
	for _, text := range texts {
		scope, err := auth.ParsePermission(text)
		if err != nil {
			return nil, err
		}
		all = append(all, scope)
	}
	return all, nil
}

// systemKey makes a key for a system of the lender's.
func (p *platform) systemKey(ctx context.Context, t qingyuan.Tenant, name string, scopes []string) (string, error) {
	all, err := scopesOf(scopes)
	if err != nil {
		return "", err
	}
	return p.key(ctx, t, auth.KeySpec{Name: name, Role: auth.System, Scopes: all})
}

// key makes an API key, by the platform itself.
func (p *platform) key(ctx context.Context, t qingyuan.Tenant, spec auth.KeySpec) (string, error) {
	secret, _, err := p.auth.CreateKey(ctx, onMachine(t), spec)
	return secret, err
}

// onMachine is whoever runs commands on the machine itself.
func onMachine(t qingyuan.Tenant) auth.Principal {
	return auth.Principal{Tenant: t, Actor: qingyuan.Actor{Kind: qingyuan.ActorSystem, ID: "operator"}, Name: "operator", Role: auth.Admin}
}
