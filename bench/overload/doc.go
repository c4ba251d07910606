// Command overload measures what becomes of decisions when five times as many are asked for as the server can make. It starts the real
// server, finds its capacity with clients that wait for their answers, then sends decisions at five times that rate whether answers come
// or not, and watches how soon things are as before. It prints one JSON object.
//
//	go run ./bench/overload
package main
