// Package notify tells others what happened: systems by webhook, people by e-mail. Both are durable, retried, and never in the
// way of a decision.
//
// Webhooks follow Standard Webhooks 1.0: the headers webhook-id, webhook-timestamp and webhook-signature (HMAC-SHA-256, v1; two
// signatures while a secret is being rotated). [Service.Feed] reads the tenant's outbox for each endpoint with a cursor of its own,
// and sends what the endpoint asked for. The body is the entry: kind, time, seq, subject and its data, which hold ids and codes
// only. A delivery happens at least once; webhook-id is the same each time, so a receiver can tell. Deliveries may arrive out of
// order; seq tells the order.
//
// An entry that a target refuses is set aside as a job and tried again for three days, while the feed goes on. A target that does
// not answer, or refuses everything, is left alone for growing pauses: its feed waits where it is, and costs nothing meanwhile.
// One that has failed for a day is disabled, and the outbox says so (webhook.disabled). What it missed can be replayed by seq or
// time, for as long as the outbox is kept.
//
// Addresses are checked when the connection is made, not when the name is looked up, so that a name which changes its mind
// reaches nothing inside; there are no redirects and no proxies, and TLS is verified.
//
// URLs and secrets of endpoints, and e-mails until they are sent, are sealed under the tenant's key.
//
// Events in: every outbox entry. Events out: webhook.created, webhook.changed, webhook.deleted, webhook.disabled.
package notify
