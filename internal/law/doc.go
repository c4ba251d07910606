// Package law is what laws and notices fix, as versioned data: clocks (期限), the calendar of working days, articles, charges
// with their thresholds, and rules of conduct. Every entry has a source, a date from which it is in force, and says whether its
// text was read (confirmed) or is to be confirmed.
//
// A [Book] holds the data and is immutable. [Load] reads the shipped files (data/*.yaml) and an operator's own, whose entries
// take the place of shipped ones with the same id and date, or add versions and calendar years. Entries are chosen as of a
// date: a matter of last year keeps last year's law.
//
// Days are those of China Standard Time. The day on which something happens is not counted. A working-day question that
// touches a year whose notice is not known is refused ([Book.Provisional] answers it as plain weeks, and says so): it is never
// answered wrongly in silence.
//
// No events, no tables.
package law
