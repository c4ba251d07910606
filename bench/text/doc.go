// Command text measures how fast texts are searched, in megabytes (10^6 bytes) per second of processor time on one core.
//
//   - matcher: the plain matcher on 5,000 and 30,000 terms, with two public ones on the same terms and texts side by side. All must
//     find the same number of occurrences; else there is no report.
//   - scan: the whole path of a scan (folding, all views, weighing, contexts), with the shipped lexicons, and with 5,000 and 30,000 terms more.
//   - signatures: how many short messages a second become MinHash signatures, from the raw text and from their shingles.
//   - families: an index of a million authored texts (-texts): memory, and the clock time of one insertion.
//
// The texts are those of the evaluation data (-data), or the authored texts in testdata where that is absent; the report says which. The
// terms are the entities of the perturbed posts and sequences of three to five characters cut from the posts, from a fixed seed. It prints
// one JSON object, the [Report], on standard output.
package main
