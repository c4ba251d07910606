// Package leaf makes the small things a simulated lender is furnished with: people, numbers, places, employers, devices,
// network addresses, and texts from authored patterns.
//
// Everything is random and synthetic. Names of cities, districts and their codes are public facts; persons, addresses,
// employers, telephone numbers, cards, certificates and accounts are drawn by chance and mean nobody. ID numbers, cards
// and credit codes carry valid check digits (GB 11643-1999, ISO/IEC 7812-1 Annex B, GB 32100-2015), because a lender's
// data does.
//
// Invariants: the same [Rand] gives the same things in the same order; nothing here knows of populations, rings or
// typologies, so a generator cannot give away who is who. The behaviour models share this package and nothing else of
// content.
//
// Events in: none. Events out: none.
package leaf
