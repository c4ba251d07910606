// Command imports measures the import of a file: it starts the real server, sends a CSV file of which five in a hundred rows are bad,
// confirms the dry run, kills the server with SIGKILL while the run is on, as often as asked, starts it again each time, and compares
// the report and the record with what was sent. It prints one JSON object.
//
//	go run ./bench/imports -rows 1000000 -kills 3
package main
