// Command decision measures the main job: events of a lender go in over HTTP, durable decisions come out.
//
// It starts the real server as a process of its own, once on SQLite and once on PostgreSQL, with the ruleset bench_mixed (ten rules: six
// conditions on the event, one list, three aggregates over 24 hours, 7 and 30 days), records past loans through POST /v1/events, and puts
// 200 devices on the list. Then 1, 16 and 64 clients, each on one connection and each waiting for its answer before it sends the next
// loan, call POST /v1/decisions while one consumer reads GET /v1/stream. The load generator runs on the same machine and its CPU time is
// measured apart. Loans and their order come from a fixed seed; only ids and times differ between runs.
//
// It prints one JSON object, the [Report], on standard output and its progress on standard error. Every request must be answered with a
// decision, and afterwards the database must hold as many decisions as were acknowledged; else there is no report.
package main
