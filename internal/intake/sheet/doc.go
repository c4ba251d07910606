// Package sheet reads the files lenders export: CSV, JSON lines, Parquet, Excel workbooks, and zip archives of them, row by row and
// within limits.
//
// Invariants:
//   - Memory is bounded whatever the file says of itself: a row, a line, the number of columns, what is held of an archive or a
//     workbook, and all that comes out of an archive have limits ([Limits]); a file beyond one is refused by name.
//   - A row that cannot be read costs that row ([Row].Err); a file that cannot be read ends with an error.
//   - Nothing is executed and nothing is written to disk. Files that can carry code (macro workbooks, OLE files) are refused, and
//     so are names that lead out of an archive.
//   - Texts are UTF-8 when they leave: encodings are detected, or declared and then held to.
//
// It knows nothing of events: package intake makes events of rows.
package sheet
