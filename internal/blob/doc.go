// Package blob keeps bytes that are too large for the database, sealed, in a directory.
//
// Every blob has a data key of its own, which the caller wraps (see [Wrap]); without the wrapping key nothing of it can be
// read. Content is sealed in chunks of 64 KiB with AES-256-GCM, so that a reader may begin anywhere: the nonce of a chunk is
// its number with a mark on the last one, which makes a blob that was cut off, reordered or extended unreadable.
//
// The address of a blob is the SHA-256 of its sealed bytes: two blobs of equal content have different addresses, and an
// address tells nothing of the content. [Store.Put] answers once the bytes and the name are on disk.
//
// Form: "QYB1" ‖ length of the wrapped key (2 bytes, big endian) ‖ wrapped key ‖ chunks of 64 KiB and 16 bytes, the last one
// shorter. The tenant is bound to every chunk. Files lie under <tenant>/<first two digits>/<address>.
package blob
