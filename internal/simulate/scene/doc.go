// Package scene is what the behaviour models of the simulated lender have in common: the configuration of a world, the
// events it puts out, the pen that writes them as CloudEvents, and the truth that is kept apart.
//
// Invariants: an event's bytes are written by [Pen] and hold what a lender's systems would know, nothing else; a [Label]
// never enters them. Memory is bounded by people and by what the rings do, never by all events.
//
// Events in: none. Events out: CloudEvents 1.0 JSON of all twelve kinds.
package scene
