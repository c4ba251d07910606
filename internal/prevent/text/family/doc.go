// Package family finds texts made from one template, across persons and time, though names, amounts and evasive
// spelling differ: near-duplicate families, per kind of author.
//
// A text becomes the set of its three-sound shingles over the pinyin view, digits masked. Locality-sensitive hashing over
// a one-permutation MinHash proposes candidates; the exact Jaccard similarity of the sets decides. Texts that reach the
// similarity are joined, and a family is what is joined.
//
// Invariants:
//
//   - Families never mix kinds of author: an operator's way of summing up is not a gang. Which kinds can give C1 is data
//     (data/rules.yaml); operators are not among them.
//   - The index holds no text: keyed shingle hashes, ids and blind keys only. Representatives and slots are read from the
//     texts themselves, which stay with the caller ([Slots]).
//   - The same texts in the same order give the same families; a snapshot restores the same state, byte for byte.
//   - A lender's form letter or a template spread by the media, once registered, never gives C1.
//
// The package takes and emits no events: it turns texts with their metadata into families and the signals C1 and C4.
package family
