package auth

import (
	"slices"
	"strings"

	"qingyuan"
)

// Role is what a person or a system is employed as.
type Role string

// The roles.
const (
	Admin         Role = "admin"          // keeps accounts and keys; sees, does not decide
	Clerk         Role = "clerk"          // intake clerk
	Handler       Role = "handler"        // complaint and case handler
	CollectionsQA Role = "collections_qa" // checks the lender's own collectors
	Analyst       Role = "analyst"        // risk analyst: rules and lists
	Reviewer      Role = "reviewer"       // document reviewer
	Legal         Role = "legal"
	TaskforceLead Role = "taskforce_lead" // leads the task force (专项组)
	Compliance    Role = "compliance"
	DPO           Role = "dpo"       // data-protection officer
	Validator     Role = "validator" // validates models and rules, independent of who made them
	Auditor       Role = "auditor"
	Partner       Role = "partner" // alliance partner
	System        Role = "system"  // a lender's system that calls the API, or the platform itself
)

// Roles lists every role.
var Roles = []Role{Admin, Clerk, Handler, CollectionsQA, Analyst, Reviewer, Legal, TaskforceLead, Compliance, DPO,
	Validator, Auditor, Partner, System}

// Resource is a class of things that permissions are about. A principal reaches those of its own tenant only.
type Resource string

// The resources.
const (
	Events     Resource = "events"
	Decisions  Resource = "decisions"
	Lists      Resource = "lists"
	Rulesets   Resource = "rulesets"
	Models     Resource = "models" // trained models
	Labels     Resource = "labels" // what the lender found out: closed cases
	APIKeys    Resource = "keys"
	Accounts   Resource = "accounts"
	Audit      Resource = "audit"
	Metrics    Resource = "metrics"
	Jobs       Resource = "jobs"
	Law        Resource = "law"   // clocks, calendars, articles: the same for everybody
	Intel      Resource = "intel" // the black/grey base: lexicon, templates, contacts, what is new
	Complaints Resource = "complaints"
	Exhibits   Resource = "exhibits"
	Imports    Resource = "imports"   // files brought into the record, and their mappings
	Education  Resource = "education" // what newly overdue customers are told
	Exports    Resource = "exports"   // whole tables, taken away
	Personal   Resource = "personal"  // personal data, which everyone else sees masked
	Webhooks   Resource = "webhooks"
	Persons    Resource = "persons"    // people's rights: what is held of whom, requests, holds, erasure
	Keys       Resource = "encryption" // the keys that personal data are sealed with
)

// Action is what may be done with a resource.
type Action string

// The actions.
const (
	Read     Action = "read"
	Write    Action = "write"
	Release  Action = "release"  // let go on what a decision holds; agree to more time
	Activate Action = "activate" // make a ruleset the one that decides
	Seal     Action = "seal"     // close exhibits for good, with a second person
	Manage   Action = "manage"
	Reveal   Action = "reveal"
	Erase    Action = "erase" // take people's data out of the record, or hand it out, for good
)

// matrix is the whole of what roles may do: resource, action, roles. What is not here is denied.
var matrix = []struct {
	Permission
	roles []Role
}{
	{Permission{Events, Write}, []Role{Clerk, Handler, System}},
	{Permission{Events, Read}, []Role{Admin, Clerk, Handler, CollectionsQA, Analyst, Reviewer, Legal, TaskforceLead, Compliance, DPO, Validator, Auditor, System}},
	{Permission{Decisions, Write}, []Role{System}},
	{Permission{Decisions, Read}, []Role{Admin, Clerk, Handler, CollectionsQA, Analyst, Reviewer, Legal, TaskforceLead, Compliance, DPO, Validator, Auditor, System}},
	{Permission{Decisions, Release}, []Role{Handler, Analyst, TaskforceLead}},
	{Permission{Lists, Read}, []Role{Admin, Clerk, Handler, CollectionsQA, Analyst, Reviewer, Legal, TaskforceLead, Compliance, DPO, Validator, Auditor, System}},
	{Permission{Lists, Write}, []Role{Analyst, TaskforceLead, System}},
	{Permission{Rulesets, Read}, []Role{Admin, Analyst, Legal, TaskforceLead, Compliance, DPO, Validator, Auditor, System}},
	{Permission{Rulesets, Write}, []Role{Analyst}},
	{Permission{Rulesets, Activate}, []Role{TaskforceLead, Compliance}},
	{Permission{Models, Read}, []Role{Admin, Analyst, Legal, TaskforceLead, Compliance, DPO, Validator, Auditor, System}},
	{Permission{Models, Write}, []Role{Analyst, System}},
	{Permission{Labels, Read}, []Role{Admin, Handler, CollectionsQA, Analyst, Legal, TaskforceLead, Compliance, DPO, Validator, Auditor, System}},
	{Permission{Labels, Write}, []Role{Analyst, TaskforceLead, System}},
	{Permission{APIKeys, Manage}, []Role{Admin}},
	{Permission{Accounts, Manage}, []Role{Admin}},
	{Permission{Audit, Read}, []Role{Admin, Compliance, DPO, Auditor}},
	{Permission{Metrics, Read}, []Role{Admin, Analyst, TaskforceLead, Compliance, Validator, Auditor, System}},
	{Permission{Jobs, Read}, []Role{Admin, Analyst, TaskforceLead, Compliance, DPO, Validator, Auditor, System}},
	{Permission{Jobs, Manage}, []Role{Admin}},
	{Permission{Webhooks, Manage}, []Role{Admin}},
	{Permission{Law, Read}, []Role{Admin, Clerk, Handler, CollectionsQA, Analyst, Reviewer, Legal, TaskforceLead, Compliance, DPO, Validator, Auditor, System}},
	{Permission{Intel, Read}, []Role{Admin, Handler, CollectionsQA, Analyst, Reviewer, Legal, TaskforceLead, Compliance, DPO, Validator, Auditor, System}},
	{Permission{Intel, Write}, []Role{Analyst, TaskforceLead}},
	{Permission{Complaints, Read}, []Role{Clerk, Handler, CollectionsQA, Analyst, Legal, TaskforceLead, Compliance, DPO, Auditor}},
	{Permission{Complaints, Write}, []Role{Clerk, Handler}},
	{Permission{Complaints, Release}, []Role{TaskforceLead, Compliance}},
	{Permission{Exhibits, Read}, []Role{Handler, Reviewer, Legal, TaskforceLead, Compliance, DPO, Auditor}},
	{Permission{Exhibits, Write}, []Role{Clerk, Handler, Reviewer, Legal, TaskforceLead, System}},
	{Permission{Exhibits, Seal}, []Role{Legal, TaskforceLead}},
	{Permission{Imports, Write}, []Role{Clerk, Analyst, System}},
	{Permission{Imports, Read}, []Role{Admin, Clerk, Analyst, TaskforceLead, Compliance, DPO, Auditor, System}},
	{Permission{Education, Read}, []Role{Admin, Handler, CollectionsQA, Analyst, Legal, TaskforceLead, Compliance, DPO, Auditor, System}},
	{Permission{Education, Write}, []Role{CollectionsQA, TaskforceLead, Compliance}},
	{Permission{Exports, Read}, []Role{Admin, Analyst, Legal, TaskforceLead, Compliance, DPO, Auditor}},
	{Permission{Persons, Read}, []Role{Handler, Legal, Compliance, DPO, Auditor}},
	{Permission{Persons, Write}, []Role{Handler, Legal, Compliance, DPO}},
	{Permission{Persons, Erase}, []Role{Legal, DPO}},
	{Permission{Keys, Read}, []Role{Admin, DPO, Auditor}},
	{Permission{Keys, Manage}, []Role{Admin}},
	{Permission{Personal, Reveal}, []Role{Handler, Analyst, Reviewer, Legal, TaskforceLead, DPO}},
}

// Permission is one action on one resource. Its text form, also in JSON and as a key's scope, is "events:write".
type Permission struct {
	Resource Resource
	Action   Action
}

// Permissions lists every permission there is, in the order of the matrix.
func Permissions() []Permission {
	all := make([]Permission, len(matrix))
	for i, row := range matrix {
		all[i] = row.Permission
	}
	return all
}

// Allows reports whether the matrix gives p to r.
func (r Role) Allows(p Permission) bool {
	for i := range matrix {
		if matrix[i].Permission == p {
			return slices.Contains(matrix[i].roles, r)
		}
	}
	return false
}

// ParsePermission reads the text form of a permission that exists. Errors: invalid.
func ParsePermission(s string) (Permission, error) {
	resource, action, _ := strings.Cut(s, ":")
	p := Permission{Resource(resource), Action(action)}
	for i := range matrix {
		if matrix[i].Permission == p {
			return p, nil
		}
	}
	return Permission{}, qingyuan.FieldErrorf("scopes", "has no such permission: want resource:action such as events:write")
}

// String is the text form.
func (p Permission) String() string { return string(p.Resource) + ":" + string(p.Action) }

// MarshalText gives the text form.
func (p Permission) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the text form.
func (p *Permission) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePermission(string(text))
	return err
}

// Principal is who is calling: a signed-in person, a system with an API key, or the platform. It acts in its own tenant
// only. The zero Principal may do nothing.
type Principal struct {
	Tenant     qingyuan.Tenant
	Actor      qingyuan.Actor
	Name       string
	Role       Role
	Scopes     []Permission // of an API key, which may do nothing else; others have none
	MustChange bool         // the password must be changed first: nothing else is allowed
	MustEnrol  bool         // the policy asks for a second factor first: nothing else is allowed
}

// Can reports whether p may do the action on resources of its tenant.
func (p Principal) Can(a Action, r Resource) bool {
	want := Permission{r, a}
	switch p.Actor.Kind {
	case qingyuan.ActorUser:
		return !p.MustChange && !p.MustEnrol && p.Role.Allows(want)
	case qingyuan.ActorKey:
		return slices.Contains(p.Scopes, want) && p.Role.Allows(want)
	case qingyuan.ActorSystem:
		return p.Role.Allows(want)
	}
	return false
}

// Require is nil where p may do the action on resources of its tenant, else forbidden.
func (p Principal) Require(a Action, r Resource) error {
	if p.Can(a, r) {
		return nil
	}
	if p.MustChange {
		return qingyuan.Errorf(qingyuan.Forbidden, "change your password first")
	}
	if p.MustEnrol {
		return qingyuan.Errorf(qingyuan.Forbidden, "set up a second factor first")
	}
	return qingyuan.Errorf(qingyuan.Forbidden, "this needs the permission %s", Permission{r, a})
}
