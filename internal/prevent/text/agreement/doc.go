// Package agreement reviews the text of a service agreement for the marks of illegal debt, complaint and surrender
// agencies (非法服务协议): a vague service, a success fee, payment to a person, SIM and bank cards handed over, powers given
// to what is no law firm, personal data grabbed. Each [Finding] has the raw span, the rule, its basis in law and advice in
// both languages.
//
// It also extracts the text of DOCX and PDF files. Files are foreign bytes: size, entries, ratio, depth, pages and time are
// limited, and no input makes the caller panic or wait past its deadline.
//
// Rules are versioned data (data/rules.yaml). A finding is a reason to talk to the customer, not a verdict; an agreement is
// called suspicious when its findings together reach the weight that the data names. The package takes and emits no events.
package agreement
