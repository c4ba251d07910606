// Package contact reads the contacts in a text — phones, WeChat, QQ, groups, e-mail, web addresses — also where they
// are written to escape: ➕V, 卫星, spelled or circled digits, full width, signs and spaces in between.
//
// Every [Mention] has the bytes it was read from and a normalised value, so that two spellings of one contact are equal.
// Invariants: linear in the text; never more than [MaxMentions]; numbers that are something else (amounts, dates, ID and
// card numbers, orders, hotlines in short form) are not taken for contacts. The words that introduce a contact or speak
// against one are data (data/contact.yaml).
//
// The package takes and emits no events: it turns text into mentions, and mentions of an advertisement into the signal S1.
package contact
