// Command check measures how long the public check takes to answer: the authored test texts, one by one, and an agreement of 8 KB full of
// findings, each from the form to the page, through the handler with all its bounds. It prints one JSON object, the [Report], on standard output.
package main
