// Package judge is the behaviour model of the simulated lender that rules and models are only judged on. It was written
// without sight of any rule, and apart from package dev: other mechanics, other tactics, other texts.
//
// Its mechanics are a society stepped day by day. Every person has a purse (income, spending, debts), a mood (stress,
// trust) and ties (kin, workmates); what a person does on a day is drawn from that state. Hardship is what follows from a
// loss of income. Firms of the trade have clerks with so many hours a day, a queue of files, a body of phrases that
// mutates as it is used, and heat: when there is too much of it they move, and change names, numbers and devices. Clients
// come to a firm by reach, need and word of mouth; which clerk's handset touches which file follows from who had time.
//
// Invariants: the same configuration gives the same events; nothing that marks a population or a ring is written into an
// event; who is in hardship or with a firm follows from the play, so the truth is whole only after [Model.Run].
//
// Events in: none. Events out: all twelve kinds.
package judge
