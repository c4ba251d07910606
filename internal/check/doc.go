// Package check is the public check: anybody pastes an advertisement, a message or an agreement and is told in plain words
// which marks of the black/grey market stand in it, where, what they mean, what to do, and where to turn.
//
// Invariants:
//   - It holds no case data. Of this module it imports the vocabulary and the parts that read text; it opens no database, keeps
//     nothing of what it is given, and writes none of it to a log. Of numbers and accounts it knows only those that an organisation
//     has published and somebody has confirmed ([Published], which refuses what may be a person's); of every other one it says
//     nothing, and the same nothing.
//   - What a consumer reports, with consent, is sealed to a key that this process does not have ([Outbox]), without any mark of
//     who reported it.
//   - It speaks of words, never of a person. No finding is no assurance, and the answer says so.
//   - What a caller may cost is bounded: bytes of a request, requests of an address, requests under way, connections, time.
//
// What it says (advice, channels, the regulator's traits) is versioned data: data/guidance.yaml; the words of the page are
// data/words.yaml. Both are complete in Chinese and English or refuse to load.
//
// The package takes no events and emits none.
package check
