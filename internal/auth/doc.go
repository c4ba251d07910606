// Package auth says who is calling and what they may do: accounts with passwords and sessions for people, API keys for
// systems, and one matrix of roles and permissions (permission.go) that denies by default.
//
// Tokens. A session's token is qys_<tenant>_<secret>, an API key's secret qyk_<tenant>_<id>_<secret>; both carry 256
// random bits. They name their tenant, so that every query keeps to one tenant; the database holds only the SHA-256 of
// the whole token, so a secret moved under another tenant's or key's name is nothing.
//
// Passwords are Argon2id hashes with the parameters OWASP names. At most two are computed at once and few wait, so that
// sign-in cannot exhaust the machine. A sign-in that fails says the same and does the same work whether the account
// exists, is disabled, is locked or has another password; that a tenant exists is not a secret. Five failures in a row
// lock an account for a time that doubles up to 15 minutes. A password that the platform made (the first
// administrator's, a new account's, a reset one's) opens a session that may do nothing but change it.
//
// Sessions end 30 minutes after their last use and 12 hours after sign-in, at once when the account is disabled or its
// password changes, and every sign-in makes a new one: a caller that holds an older token signs it out. Figures after
// OWASP ASVS 5.0, level 2, and the OWASP password storage cheat sheet.
//
// API keys expire, carry scopes within their role's permissions, and never manage accounts or keys. A verified key is
// remembered for at most five seconds; revoking it is effective at once in this process and within that time in others.
//
// Outbox entries (subject; data is {"actor": {kind, id}}): account.created, account.disabled, account.password_reset,
// account.password_changed, session.opened, session.closed, session.refused (the account's id; empty where the name is
// unknown), key.created, key.revoked (the key's id). Consumes nothing.
package auth
