// Package lexicon finds the terms of the black/grey market in texts, as they stand and in disguise, and explains them.
//
// A [Lexicon] is versioned data: terms with their sense in plain words, typology, source, and the contexts in which they mean
// nothing (warnings, education, the lender's own notices, victims quoting). The shipped ones cover the nine typologies; tenants
// add their own. A [Matcher] is built from lexicons and never changes: a new version of a lexicon is a new Matcher, swapped in by
// the caller.
//
// A scan reads a text once into tokens and follows every reading of them at once: the characters, taken-apart ones merged, signs by
// their names (view "merged"); their sounds, with Latin letters as syllables and digits as they are read ("pinyin"); first letters
// ("initials"). Two more searches start from two characters that stand near each other: for terms with some characters replaced by
// look-alikes ("glyph") or lost ("partial"), and for rearranged ones ("order"). Each candidate is then weighed as a noisy channel does:
// how many bits the text speaks for the disguised term and against ordinary writing ([Scoring]). One threshold holds for all ways of
// disguise, so short terms of common characters need no list of exceptions: they cannot reach it unless the disguise is odd.
//
// Invariants: a plain occurrence is always found, unless it lies in an allow-listed phrase or in a longer term; a disguised term of one
// or two characters counts only beside a corroborating hit; every span is in bytes of the raw text; time is linear in the text with
// bounds per token, and about [MaxHits] hits end a scan. A weak term never makes a signal by itself.
//
// The package takes no events; its signals have code C2.
package lexicon
