// Package normal turns a text into views that survive evasion: each view is a sequence of symbols with a map back to
// the exact bytes of the raw text, so that whatever is found in a view is shown in the text as it was written.
//
// The views build on each other:
//
//   - [Base]: what is invisible or only decorates is dropped (default ignorables, bidi controls, variation selectors,
//     enclosing marks); compatibility forms, letter case, look-alike Latin letters and all digits are folded.
//   - [Simplified]: Base with traditional characters simplified.
//   - [Compact]: Simplified without the short runs of signs and spaces that split words between Han characters; signs
//     that name one character (🐟) stand for it.
//   - [Merged]: Compact with taken-apart characters (彳正) put together. It is an extra view, never a replacement:
//     merging destroys some clean words.
//   - [Pinyin]: Compact as toneless fuzzy sounds (z/zh, c/ch, s/sh, n/l, in/ing, en/eng, an/ang are one); runs of
//     Latin letters that are whole syllables are split into them.
//   - [Initials]: Compact as the first letters of those syllables.
//   - [Glyph]: Compact with each character reduced to the part that carries its shape (账, 帐, 张 … → 长).
//
// Invariants: a view never panics and costs time linear in the text, whatever the bytes; starts and ends of symbols
// never decrease; every symbol's span begins and ends on a rune (an invalid byte counts as one rune, U+FFFD). A
// Normalizer is immutable and may be shared.
//
// The tables come from openly licensed sources (tables/ATTRIBUTION.md) through the generator in gen; none is typed by hand.
// The package takes and emits no events.
package normal
