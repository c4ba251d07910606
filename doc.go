// Package qingyuan is the shared vocabulary of Qingyuan (清源), a platform with which a consumer lender governs the
// financial black/grey market (金融黑灰产): before money moves, while it happens, and afterwards.
//
// It holds the nouns every room of the house speaks — [Tenant], [Actor], [Entity], [Event], [Signal], [Reason],
// [Outcome], [Typology], [Family] — with the error table, typed ids and the paging cursor. It imports the standard
// library only and does no I/O.
//
// Events flow right, imports point left: every package may import this one, and it imports none of them. The floors
// are written down in docs/design/house.md and enforced by internal/arch.
package qingyuan
