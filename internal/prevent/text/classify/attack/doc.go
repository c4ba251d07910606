// Package attack rewrites texts the way evaders do — homophones, look-alikes, taken-apart and traditional characters,
// pinyin, initials, signs and invisible characters between words — to train against it and to measure what survives it.
//
// It is seeded: the same source of randomness gives the same text. It draws its substitutes from the tables of the
// normaliser, so recovery measured with it alone is optimistic; figures against substitutions of other origin stand beside it.
// The package takes and emits no events.
package attack
