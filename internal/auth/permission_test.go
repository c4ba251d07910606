package auth_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"qingyuan"
	"qingyuan/internal/auth"
)

var update = flag.Bool("update", false, "rewrite testdata/matrix.golden")

func user(r auth.Role) auth.Principal {
	return auth.Principal{Tenant: T, Actor: qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "usr_x"}, Role: r}
}

// The golden table is what a person reviews when the matrix changes.
func TestMatrix(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "%-18s", "")
	for _, r := range auth.Roles {
		fmt.Fprintf(&b, " %s", r)
	}
	for _, p := range auth.Permissions() {
		fmt.Fprintf(&b, "\n%-18s", p)
		for _, r := range auth.Roles {
			mark := "-"
			if user(r).Can(p.Action, p.Resource) {
				mark = "x"
			}
			if (mark == "x") != r.Allows(p) {
				t.Errorf("%s %s: a person's right differs from the matrix", r, p)
			}
			fmt.Fprintf(&b, " %-*s", len(r), mark)
		}
	}
	got := b.String() + "\n"
	if *update {
		os.WriteFile("testdata/matrix.golden", []byte(got), 0o644)
	}
	if want, err := os.ReadFile("testdata/matrix.golden"); err != nil || got != string(want) {
		t.Errorf("the matrix is not the one that was reviewed (%v); if it is meant, run the test with -update:\n%s", err, got)
	}
}

func TestMatrixRules(t *testing.T) {
	seen := map[auth.Permission]bool{}
	for _, p := range auth.Permissions() {
		if seen[p] {
			t.Errorf("%s stands twice: the second row would be dead", p)
		}
		seen[p] = true
		for _, r := range []auth.Role{auth.Partner, "", "root"} {
			if r.Allows(p) {
				t.Errorf("%q may %s", r, p)
			}
		}
		if p.Action == auth.Manage {
			for _, r := range auth.Roles {
				if r.Allows(p) != (r == auth.Admin) {
					t.Errorf("%s: role %s", p, r)
				}
			}
		}
	}
	reveal := auth.Permission{Resource: auth.Personal, Action: auth.Reveal}
	for _, r := range []auth.Role{auth.Admin, auth.System, auth.Auditor, auth.Validator} {
		if r.Allows(reveal) {
			t.Errorf("%s may reveal personal data", r)
		}
	}
	for _, r := range auth.Roles {
		if r.Allows(auth.Permission{Resource: auth.Rulesets, Action: auth.Write}) && r.Allows(auth.Permission{Resource: auth.Rulesets, Action: auth.Activate}) {
			t.Errorf("%s both writes and activates rulesets", r)
		}
	}
}

func TestCanDeniesByDefault(t *testing.T) {
	read := auth.Permission{Resource: auth.Events, Action: auth.Read}
	key := user(auth.System)
	key.Actor.Kind, key.Scopes = qingyuan.ActorKey, []auth.Permission{read}
	platform := user(auth.System)
	platform.Actor.Kind = qingyuan.ActorSystem
	fresh := user(auth.Admin)
	fresh.MustChange = true
	beyond := key
	beyond.Scopes = []auth.Permission{{Resource: auth.Accounts, Action: auth.Manage}}
	bare := key
	bare.Scopes = nil
	for name, c := range map[string]struct {
		p    auth.Principal
		a    auth.Action
		r    auth.Resource
		want bool
	}{
		"zero principal":             {auth.Principal{}, auth.Read, auth.Events, false},
		"admin of no kind":           {auth.Principal{Tenant: T, Role: auth.Admin}, auth.Read, auth.Events, false},
		"person":                     {user(auth.Admin), auth.Read, auth.Events, true},
		"person, unknown action":     {user(auth.Admin), "shred", auth.Events, false},
		"person, unknown resource":   {user(auth.Admin), auth.Read, "", false},
		"person with first password": {fresh, auth.Read, auth.Events, false},
		"key in scope":               {key, auth.Read, auth.Events, true},
		"key out of scope":           {key, auth.Write, auth.Events, false},
		"key, scope beyond the role": {beyond, auth.Manage, auth.Accounts, false},
		"key without scopes":         {bare, auth.Read, auth.Events, false},
		"platform":                   {platform, auth.Write, auth.Decisions, true},
		"platform beyond its role":   {platform, auth.Manage, auth.Accounts, false},
	} {
		if got := c.p.Can(c.a, c.r); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		if err := c.p.Require(c.a, c.r); (err == nil) != c.want || (err != nil && qingyuan.CodeOf(err) != qingyuan.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPermissionText(t *testing.T) {
	all := auth.Permissions()
	text, err := json.Marshal(all)
	if err != nil || !strings.Contains(string(text), `"personal:reveal"`) {
		t.Fatalf("%s, %v", text, err)
	}
	var back []auth.Permission
	if err := json.Unmarshal(text, &back); err != nil || !slices.Equal(all, back) {
		t.Errorf("%v, %v", back, err)
	}
	for _, bad := range []string{"", ":", "events", "events:", ":write", "events:write ", "events:write:x", "Events:write"} {
		if p, err := auth.ParsePermission(bad); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%q: %v, %v", bad, p, err)
		}
	}
}
