// Package velocity keeps sliding windows: how many items an entity key had, what they add up to and how many distinct
// values they carried, over any window from one minute to a hundred days.
//
// It is purely numeric: it knows streams, keys and items, and nothing of events, rules or SQL. All state is in memory;
// the record in SQL is the truth from which it is rebuilt, and a snapshot only shortens the rebuild.
//
// Invariants:
//
//   - What a query answers depends on the sequence of Add and Remove calls alone: not on the clock, on map order, on
//     memory, on earlier queries or on when expired data was swept. A rebuild, a replay and a restored snapshot
//     therefore answer exactly like the live state, and [Windows.Snapshot] writes the same bytes for all of them.
//   - A window is [asOf-window, asOf) by effective time. An event is queried before it is added, so it never counts
//     itself; a caller that wants it counted adds its item to the answer.
//   - The newest items of a key are kept exactly. Older items of a busy key are kept in buckets of a minute, a quarter of
//     an hour, two hours and a day. A query that reaches into buckets counts whole buckets at both ends: it never
//     misses an item of the window and never counts one further outside it than the width of one bucket.
//   - A stream forgets by its own watermark, the latest effective time it has seen.
//
// It takes no events and emits none: decision maps events to items, and keeps the journal in step with the writer's commits.
//
// One goroutine at a time may use a [Windows]; queries move caches, so they count as use. DESIGN.md, next to this file,
// explains the structure.
package velocity
