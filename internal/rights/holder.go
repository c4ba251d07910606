package rights

import (
	"time"

	"qingyuan"
	"qingyuan/internal/store"
)

// Subject is a person as the record knows one.
type Subject struct {
	Person  string            // the blind key by which the desk names the person
	Persons []string          // blind keys under which the person's events stand, Person among them: of an ID number, of a customer number
	Own     []qingyuan.Entity // identifiers of the person's own, Persons among them
	Events  []int64           // seqs of the person's events, in order
}

// Holding says how much of one class is held.
type Holding struct {
	Holder string    `json:"holder"`
	Class  string    `json:"class"` // such as an event kind
	N      int       `json:"n"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
}

// Hold is a reason why a person's data must not be erased yet.
type Hold struct {
	Holder string    `json:"holder"`
	ID     string    `json:"id,omitempty"` // of a hold that people placed
	Reason string    `json:"reason"`
	Basis  string    `json:"basis"` // article or case
	Until  time.Time `json:"until"` // zero: until it is lifted
}

// Erasure is what one erasure takes out. It is computed once, by the directory, before anything is changed.
type Erasure struct {
	ID       string
	Subject  *Subject
	Erased   []*qingyuan.Event // the person's events, as they were
	Redacted []Redaction       // events of others that mention the person
	// Pseudonyms are the random keys that take the place of blind keys which, after the erasure, no event mentions.
	Pseudonyms map[string]string
}

// Redaction is an event of another person, as it was and as it will be.
type Redaction struct {
	Was      *qingyuan.Event
	Data     map[string]any
	Entities []qingyuan.Entity
}

// Pseudonym is the key that stands for k after the erasure.
func (e *Erasure) Pseudonym(k string) string {
	if p, ok := e.Pseudonyms[k]; ok {
		return p
	}
	return k
}

// Holder holds something of people.
type Holder interface {
	// Name is the holder's name in reports.
	Name() string
	// Find counts what is held of a person by class.
	Find(tx *store.Tx, s *Subject) ([]Holding, error)
	// Export gives every record held of a person, in clear.
	Export(tx *store.Tx, s *Subject, put func(class string, record any) error) error
	// Holds names what forbids erasure now.
	Holds(tx *store.Tx, s *Subject) ([]Hold, error)
	// Erase takes out what e names, within the command of the erasure.
	Erase(tx *store.Tx, e *Erasure) error
}

// Directory knows who is who. It is the last holder to erase: the others may still read what it has.
type Directory interface {
	Holder
	// Candidates are the people (by Subject.Person) of whom value is an own identifier.
	Candidates(tx *store.Tx, kind qingyuan.EntityKind, value string) ([]string, error)
	// Subject is the person with that blind key. Errors: not_found.
	Subject(tx *store.Tx, person string) (*Subject, error)
	// Plan says what erasing the person takes out.
	Plan(tx *store.Tx, s *Subject) (*Erasure, error)
	// PlanPurge says what taking out events of that kind from before a time does, at most limit at once; those of people in keep stay.
	PlanPurge(tx *store.Tx, p Purge) (*Erasure, error)
}

// Purge asks for events that are beyond their retention period.
type Purge struct {
	Kind   qingyuan.EventKind
	Before time.Time
	Keep   func(person string) (bool, error)
	Limit  int
}
