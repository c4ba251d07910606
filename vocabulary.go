package qingyuan

import "time"

// Tenant names one lender. All data belongs to exactly one tenant; no query crosses tenants.
// Shape: 1–40 characters of a–z, 0–9 and '-'.
type Tenant string

// Valid reports whether t has the shape of a tenant name.
func (t Tenant) Valid() bool {
	if len(t) == 0 || len(t) > 40 {
		return false
	}
	for _, c := range []byte(t) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// ActorKind says what sort of actor did something.
type ActorKind string

// The kinds of actor.
const (
	ActorUser   ActorKind = "user"
	ActorKey    ActorKind = "key"
	ActorSystem ActorKind = "system"
)

// Actor is who did something: a signed-in person, an API key, or the platform itself.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id"`
}

// Text is one sentence in both console languages.
type Text struct {
	ZH string `json:"zh" yaml:"zh"`
	EN string `json:"en" yaml:"en"`
}

// In returns the sentence in the language lang ("en", or anything else for Chinese).
func (t Text) In(lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.ZH
}

// EntityKind is the kind of thing an event mentions and that events can share.
type EntityKind string

// The kinds of entity. Person is a natural person by ID number, or by the lender's customer number where no ID number
// is given; every other kind is named for its identifier.
const (
	Person       EntityKind = "person"
	Customer     EntityKind = "customer"
	Phone        EntityKind = "phone"
	Device       EntityKind = "device"
	IP           EntityKind = "ip"
	BankCard     EntityKind = "bank_card"
	Email        EntityKind = "email"
	Address      EntityKind = "address"
	Organisation EntityKind = "organisation"
	Employer     EntityKind = "employer"
	Handle       EntityKind = "handle" // WeChat, QQ or platform account
	Merchant     EntityKind = "merchant"
	Terminal     EntityKind = "terminal"
	Agent        EntityKind = "agent" // a representative named in a complaint or an agreement
	Voice        EntityKind = "voice"
)

// Entity is one thing an event mentions. Key is the blind index of the normalised value under the tenant's key for
// the kind (32 lower-case hex digits): equal values have equal keys, and a key reveals nothing without the tenant's key.
type Entity struct {
	Kind EntityKind `json:"kind"`
	Key  string     `json:"key"`
	Role string     `json:"role,omitempty"` // what it is in the event: applicant, contact, payee, …
}

// AuthorKind says who wrote a text. Similarity of operators' summaries finds the operator, not a gang.
type AuthorKind string

// The kinds of author.
const (
	AuthorCustomer AuthorKind = "customer" // the customer's own words
	AuthorOperator AuthorKind = "operator" // a clerk's summary of a call or letter
	AuthorSpeech   AuthorKind = "asr"      // speech recognition
	AuthorOCR      AuthorKind = "ocr"      // text read from an image
	AuthorPublic   AuthorKind = "public"   // a public post or advertisement
	AuthorAgent    AuthorKind = "agent"    // a representative, lawful or not
	AuthorLender   AuthorKind = "lender"   // the lender's own letters and notices
)

// Family is the kind of evidence a signal comes from. "Agent-suspect" needs at least two independent families.
type Family string

// The evidence families of the signal catalogue (domain brief A-4).
const (
	FamilyVoice     Family = "voice"
	FamilyText      Family = "text"
	FamilyDocument  Family = "document"
	FamilyBehaviour Family = "behaviour"
	FamilyLink      Family = "link"
	FamilySocial    Family = "social"
	FamilyProcess   Family = "process"
)

// Families lists the evidence families in catalogue order.
var Families = []Family{FamilyVoice, FamilyText, FamilyDocument, FamilyBehaviour, FamilyLink, FamilySocial, FamilyProcess}

// Typology is one of the nine patterns of the black/grey market (domain brief A-2).
type Typology string

// The typologies.
const (
	T1 Typology = "T1" // 非法存贷款中介: illegal loan intermediary, AB贷, packaged loans
	T2 Typology = "T2" // 恶意逃废债: malicious debt evasion
	T3 Typology = "T3" // 不正当反催收: improper anti-collection, illegal proxy complaints
	T4 Typology = "T4" // 非法代理退保理赔: illegal proxy surrender
	T5 Typology = "T5" // 信用卡诈骗、套现: card fraud, cash-out
	T6 Typology = "T6" // 假律所: fake law-firm fronts
	T7 Typology = "T7" // 招揽下级: recruitment of downlines
	T8 Typology = "T8" // 伪造证明: forged certificates
	T9 Typology = "T9" // 征信修复: credit "repair"
)

// Typologies lists the nine typologies in order.
var Typologies = []Typology{T1, T2, T3, T4, T5, T6, T7, T8, T9}

// Polarity says which way a signal points. Hardship can cancel suspicion.
type Polarity string

// The polarities.
const (
	Suspicion Polarity = "suspicion"
	Hardship  Polarity = "hardship"
)

// Span is a half-open range of bytes [Start, End) of the raw text a signal was read from.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Signal is what a detector found: a fact with a polarity, never a verdict. Code is the id of the signal catalogue
// (C1, D3, …) or of a rule; Score is a calibrated probability in [0,1], or 1 for a plain fact.
type Signal struct {
	Code     string            `json:"code"`
	Family   Family            `json:"family"`
	Polarity Polarity          `json:"polarity"`
	Typology Typology          `json:"typology,omitempty"`
	Score    float64           `json:"score"`
	Author   AuthorKind        `json:"author,omitempty"`
	Spans    []Span            `json:"spans,omitempty"`
	Detail   map[string]string `json:"detail,omitempty"`
	Detector string            `json:"detector"` // name@version
}

// Value is one named value a rule read, kept in the trace so that a reason can be followed to its source.
type Value struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// Reason is one rule that spoke in a decision: what it says, how strongly, and the values it read.
type Reason struct {
	Rule     string   `json:"rule"`
	Typology Typology `json:"typology,omitempty"`
	Family   Family   `json:"family"`
	Polarity Polarity `json:"polarity"`
	Weight   int      `json:"weight"`
	Text     Text     `json:"text"`
	Values   []Value  `json:"values,omitempty"`
}

// Outcome is what the platform asks the lender to do. Outcomes are ordered: a later one is more severe.
type Outcome string

// The outcomes, mildest first.
const (
	Pass      Outcome = "pass"
	Review    Outcome = "review"    // a person looks, nothing stops
	Warn      Outcome = "warn"      // 劝阻: talk to the customer before going on
	Challenge Outcome = "challenge" // verify identity or authorisation again
	Hold      Outcome = "hold"      // 冷静期: stopped until a person releases it
	Reject    Outcome = "reject"
)

// Outcomes lists the outcomes, mildest first.
var Outcomes = []Outcome{Pass, Review, Warn, Challenge, Hold, Reject}

// Severity is the place of o in [Outcomes], or -1 for an unknown outcome.
func (o Outcome) Severity() int {
	for i, p := range Outcomes {
		if p == o {
			return i
		}
	}
	return -1
}

// EventKind names what happened at the lender.
type EventKind string

// The event kinds.
const (
	ApplicationSubmitted EventKind = "application.submitted"
	AccountLogin         EventKind = "account.login"
	AccountChanged       EventKind = "account.changed"
	LoanDrawn            EventKind = "loan.drawn"
	RepaymentPosted      EventKind = "repayment.posted"
	CardTransaction      EventKind = "card.transaction"
	CallRecorded         EventKind = "call.recorded"
	ComplaintReceived    EventKind = "complaint.received"
	DocumentSubmitted    EventKind = "document.submitted"
	PostObserved         EventKind = "post.observed"
	MessageReceived      EventKind = "message.received"
	AgreementSubmitted   EventKind = "agreement.submitted"
)

// EventKinds lists every event kind.
var EventKinds = []EventKind{ApplicationSubmitted, AccountLogin, AccountChanged, LoanDrawn, RepaymentPosted, CardTransaction,
	CallRecorded, ComplaintReceived, DocumentSubmitted, PostObserved, MessageReceived, AgreementSubmitted}

// Event is one thing that happened at the lender, validated and normalised.
//
// Data holds the normalised fields in clear and exists in memory only: on disk it is sealed under the person's key.
// Its values are string, int64, float64, bool, []any and map[string]any; a field that was not given is absent, which
// means unknown and is never suspicious. Times inside Data are int64 microseconds since 1970 UTC, money int64 minor units.
type Event struct {
	Tenant      Tenant         `json:"tenant"`
	ID          string         `json:"id"`  // evt_…
	Seq         int64          `json:"seq"` // the tenant's sequence: commit order; 0 before it is recorded
	Kind        EventKind      `json:"kind"`
	Source      string         `json:"source"`      // CloudEvents source: the lender's system
	ExternalID  string         `json:"external_id"` // CloudEvents id: unique within source
	EffectiveAt time.Time      `json:"effective_at"`
	ObservedAt  time.Time      `json:"observed_at"`
	Corrects    string         `json:"corrects,omitempty"` // external id of the event this one replaces
	CorrectsSeq int64          `json:"corrects_seq,omitempty"`
	Subject     Entity         `json:"subject"` // the person the event is about; Key is empty where there is none
	Entities    []Entity       `json:"entities"`
	Data        map[string]any `json:"-"`
}
