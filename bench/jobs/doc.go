// Command jobs proves what internal/jobs promises at full size: 100,000 jobs in four processes on PostgreSQL, which are killed
// without warning at random. It prints one JSON object and fails where an effect is missing or there twice, a job is left over,
// or a lease is held past its time.
package main
