package main

import (
	"context"
	"fmt"

	"qingyuan"
	"qingyuan/internal/auth"
)

// accountCommand works on the accounts of people, for the day when no administrator can sign in.
type accountCommand struct {
	List    listAccountsCommand  `cmd:"" help:"Accounts of a tenant."`
	Create  createAccountCommand `cmd:"" help:"Make an account and print its first password."`
	Disable accountIDCommand     `cmd:"" help:"Disable an account: its sessions and its own keys end at once."`
	Reset   resetAccountCommand  `cmd:"" help:"Give an account a new first password, and take its second factor where asked."`
}

// tenantAccounts is a tenant of the installation.
type tenantAccounts struct {
	installation
	Tenant string `default:"main" help:"Tenant."`
}

// with opens the platform for one command of the operator's.
func (c *tenantAccounts) with(ctx context.Context, fn func(*auth.Service, auth.Principal) error) error {
	p, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	return fn(p.auth, onMachine(qingyuan.Tenant(c.Tenant)))
}

type listAccountsCommand struct{ tenantAccounts }

// Run prints one line an account.
func (c *listAccountsCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(s *auth.Service, by auth.Principal) error {
		for page := (qingyuan.Page{Limit: qingyuan.MaxPage}); ; {
			all, next, err := s.Accounts(ctx, by, page)
			if err != nil {
				return err
			}
			for _, a := range all {
				state := "in use"
				if !a.DisabledAt.IsZero() {
					state = "disabled"
				}
				fmt.Printf("%s\t%s\t%s\t%s\tsecond factor: %t\n", a.ID, a.Name, a.Role, state, a.TOTP)
			}
			if page.Cursor = next; next == "" {
				return nil
			}
		}
	})
}

type createAccountCommand struct {
	tenantAccounts
	Name string `arg:"" help:"Name to sign in with."`
	Role string `arg:"" help:"Role, such as analyst."`
}

// Run makes the account and prints its first password once.
func (c *createAccountCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(s *auth.Service, by auth.Principal) error {
		a, password, err := s.CreateAccount(ctx, by, c.Name, auth.Role(c.Role))
		if err == nil {
			fmt.Printf("%s\nuser      %s\npassword  %s\n", a.ID, a.Name, password)
		}
		return err
	})
}

type accountIDCommand struct {
	tenantAccounts
	ID string `arg:"" help:"usr_…, as list shows it."`
}

// Run disables the account.
func (c *accountIDCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(s *auth.Service, by auth.Principal) error { return s.DisableAccount(ctx, by, c.ID) })
}

type resetAccountCommand struct {
	accountIDCommand
	SecondFactor bool `help:"Take its second factor too." name:"factor"`
}

// Run resets and prints the password once.
func (c *resetAccountCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(s *auth.Service, by auth.Principal) error {
		if c.SecondFactor {
			if err := s.ResetSecondFactor(ctx, by, c.ID); err != nil {
				return err
			}
		}
		password, err := s.ResetPassword(ctx, by, c.ID)
		if err == nil {
			fmt.Printf("password  %s\n", password)
		}
		return err
	})
}
