// Package imports brings files into the record: upload, dry run, confirmation by a person, the run, and a report in which the
// figures meet.
//
// An upload is sealed into a blob and then read twice, each time row by row: by the dry run, which stores nothing but the reason and
// line of each row that would be refused, and, once somebody confirmed, by the run. What a row means says a [Mapping], a versioned
// pack that ships with the product or is the tenant's own; without one a file holds CloudEvents as JSON lines.
//
// Invariants:
//   - rows = stored + repeated + refused, always: rows are recorded in pieces, and a piece, its refusals, its counts and the place
//     to go on from are one transaction. A process may die at any time; the next one goes on at the next row.
//   - A row stored once is not stored again, by whichever file it comes: it counts as repeated. One with the id of a recorded event and
//     other content is refused.
//   - A file whose columns are not those of its mapping fails as a whole, and the error names the column.
//   - Memory does not grow with the file.
//   - Names of files, errors and reasons are sealed; jobs carry ids only. The upload is deleted a week after its run.
//
// Once a day the imports that ended the day before are added up by source and compared with what is really on record
// ([Reconciliation]).
//
// Events out: import.uploaded, import.confirmed, import.finished, import.cancelled, mapping.published (subject: the id, or
// name@revision), beside the events recorded.
package imports
