// Package intake is ROOM 0, the door: bytes of a lender's systems come in, validated and normalised events go out.
//
// One table per event kind ([Schema]) says which fields exist, which are required, which are personal and which name
// an entity. Validation, normalisation, entity extraction, masking, the JSON Schema of the API and the type
// environment of the rule compiler are all derived from that table; there is no second description of a field.
//
// Invariants:
//   - [Parse] accepts a CloudEvents 1.0 structured-mode JSON event and nothing else: unknown, duplicate or mis-cased
//     fields, wrong types, invalid UTF-8 and absurd dates are errors with the path of the field.
//   - No error ever repeats a personal value.
//   - A field that was not given (or is null, or empty) is absent from Event.Data: unknown, never suspicious.
//   - A well-formed identifier that fails its check digit is kept and listed under "quality": the failure is itself a
//     signal (a slip of OCR, or a forgery). A value that cannot be an identifier of its type is refused.
//   - Texts are kept byte for byte, so that the spans of signals hold.
//   - Entities are extracted once, here, as [Mention]s; blind indexes replace their values before anything is stored.
//
// Parsing, masking and mapping are pure: bytes in, values out. [EncodeData] and [DecodeData] are the form in which the
// record keeps Event.Data. [Mapping] turns a lender's CSV file into the same CloudEvents that the API takes.
//
// Events in: the lender's. Events out: one recorded event per accepted input.
package intake
