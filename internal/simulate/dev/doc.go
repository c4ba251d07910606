// Package dev is the behaviour model of the simulated lender that rules and models may be developed on.
//
// Its mechanics are scripts on a clock. Every customer has a few independent habits (signing in, paying, using a card,
// writing, moving house), each of which books its own next turn; hardship and schemes are scripts of dated steps. A ring
// holds a stock of means (devices, numbers, addresses, payees, texts), reaches customers in waves and changes its means
// every few weeks; each customer is handled carelessly, carefully or late.
//
// Invariants: the same configuration gives the same events; nothing that marks a population or a ring is written into an
// event; a third and more of each suspicious trait is also found among the honest and those in hardship.
//
// [Varied] plays the same mechanics in a second wording, with rings that reuse less and people in hardship who ask for less
// and repeat more. What rules lose on it they had learnt by heart.
//
// Events in: none. Events out: all twelve kinds, through [Model.Run].
package dev
