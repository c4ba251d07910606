// Package stamp has the checkpoints of the transparency log stamped by a time-stamping authority (RFC 3161) and keeps them, so
// that a log rewritten later, even with its own key, is refused by what was stamped before.
//
// One token over a checkpoint covers every entry before it. [TSA] asks a configured authority; [TestAuthority] is one made for
// development, whose tokens say so in their policy and which [Token.Test] tells apart: they prove the format and nothing else,
// and no package for the police may hold one. [Archive] is a directory of stamped checkpoints; each new one must continue the
// last.
//
// Invariants: a token is kept only if it is about the checkpoint, answers our nonce, is signed by a certificate for
// time stamping alone (critical, RFC 3161 §2.3) and chains to the configured roots at its own time. Checkpoint and token are
// put in place together or not at all. Checkpoints of equal size are kept once.
package stamp
