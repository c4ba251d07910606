// Package simulate is a seeded lender: people, rings and months of business, put out as the events a lender's systems
// would send, with the truth about them kept apart.
//
// A [World] is played by one of two models of behaviour that were written independently of each other and of every rule:
// dev, on which rules and models may be developed, and judge, on which they are only judged. They share the generators of
// package leaf and nothing else of content: neither mechanics nor texts. Dev comes varied as well: other words, other habits
// of rings and harder cases of hardship tell how much of a rule was learnt by heart, without looking at the judge.
//
// Everything in a world is synthetic: names, numbers, addresses, firms and texts are drawn by chance or authored for this
// purpose and mean nobody. Figures measured on a world say how the platform does on that world, not on a lender's life.
//
// Invariants:
//   - The same [Config] gives the same bytes in the same order.
//   - Events are in order of arrival; some report what happened earlier, some correct an event before them.
//   - Nothing of the [Truth] is ever inside an event.
//   - Memory is bounded by customers and by what rings do, not by the number of events.
//
// The images of documents and the sound of calls are not made here: events carry the names (SHA-256) and sizes of files,
// and the fields that are printed or said. Generators of images and voices take a [Event] and fill in the bytes.
//
// Events in: decisions, for [Judge]. Events out: CloudEvents of all twelve kinds; a caller sends them with the public client.
package simulate
