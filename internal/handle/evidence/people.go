package evidence

import (
	"time"

	"qingyuan/internal/rights"
	"qingyuan/internal/store"
)

// People is what exhibits hold of people, for the desk of people's rights.
type People struct{}

// Name is exhibits.
func (People) Name() string { return "exhibits" }

func exhibitsOf(tx *store.Tx, s *rights.Subject) (all []*Exhibit, err error) {
	for _, person := range s.Persons {
		found, err := readExhibits(tx, `person = $2 AND state <> 'erased' ORDER BY seq`, person)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// Find counts the person's exhibits.
func (People) Find(tx *store.Tx, s *rights.Subject) ([]rights.Holding, error) {
	all, err := exhibitsOf(tx, s)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return []rights.Holding{{Holder: "exhibits", Class: "exhibit", N: len(all), From: all[0].ReceivedAt, To: all[len(all)-1].ReceivedAt}}, nil
}

// Export lists the person's exhibits; their bytes are asked for one by one, because each access is a record of custody.
func (People) Export(tx *store.Tx, s *rights.Subject, put func(class string, record any) error) error {
	all, err := exhibitsOf(tx, s)
	for _, e := range all {
		if err == nil {
			err = put("exhibit", map[string]any{"id": e.ID, "media_type": e.MediaType, "bytes": e.Size, "received_at": e.ReceivedAt.Format(time.RFC3339), "state": e.State})
		}
	}
	return err
}

// Holds are the legal holds on matters of the person's exhibits.
func (People) Holds(tx *store.Tx, s *rights.Subject) (all []rights.Hold, err error) {
	for _, person := range s.Persons {
		found, err := HoldsOn(tx, person)
		if err != nil {
			return nil, err
		}
		for _, h := range found {
			all = append(all, rights.Hold{Holder: "exhibits", ID: h.ID, Reason: h.Reason, Basis: h.Matter})
		}
	}
	return all, nil
}

// Erase takes the person's exhibits away.
func (People) Erase(tx *store.Tx, e *rights.Erasure) error {
	for _, person := range e.Subject.Persons {
		if err := Erase(tx, person); err != nil {
			return err
		}
	}
	return nil
}
