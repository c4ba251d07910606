package law

import (
	"time"

	"qingyuan"
)

// Deadline is when a clock runs out.
type Deadline struct {
	Clock       string // id
	From        time.Time
	LastDay     Date      // on which it may still be done; of a clock in hours, the day of Due
	Due         time.Time // the instant at which it is too late
	Length      int       // with extensions, in the clock's unit
	Extensions  []string
	Rolled      bool // the last day was no working day
	Confirmed   bool // the clock's text was read
	Provisional bool // a year was taken as plain weeks: count again when its notice is there
}

// Deadline counts a clock that begins at from, with the extensions that were granted, in order. The clock in force on the day
// of from counts. Errors: not_found for an unknown clock; invalid for an extension that it does not have or that comes too
// early; unavailable where it takes a year whose working days are not known.
func (b *Book) Deadline(clock string, from time.Time, extensions ...string) (*Deadline, error) {
	begin := DateOf(from)
	c, err := b.Clock(clock, begin)
	if err != nil {
		return nil, err
	}
	length, err := c.extended(extensions)
	if err != nil {
		return nil, err
	}
	d := &Deadline{Clock: c.ID, From: from, Length: length, Extensions: extensions, Confirmed: c.Confirmed}
	switch c.Unit {
	case Hour:
		d.Due = from.Add(time.Duration(length) * time.Hour)
		d.LastDay = DateOf(d.Due)
		return d, nil
	case Day:
		d.LastDay = begin + Date(length)
	case WorkingDay:
		d.LastDay, d.Provisional, err = b.addWorkingDays(begin, length)
	case Month:
		d.LastDay = begin.addMonths(length)
	case Year:
		d.LastDay = begin.addMonths(12 * length)
	}
	if err == nil && c.Roll != "" {
		err = b.roll(d)
	}
	if err != nil {
		return nil, err
	}
	d.Due = d.LastDay.End()
	return d, nil
}

// roll moves a last day that is no working day to the next one.
func (b *Book) roll(d *Deadline) error {
	working, guessed, err := b.workingDay(d.LastDay)
	if err != nil {
		return err
	}
	d.Provisional = d.Provisional || guessed
	if working {
		return nil
	}
	d.Rolled = true
	d.LastDay, guessed, err = b.addWorkingDays(d.LastDay, 1)
	d.Provisional = d.Provisional || guessed
	return err
}

// extended is the clock's length with extensions.
func (c *Clock) extended(granted []string) (int, error) {
	length, had := c.Length, map[string]bool{"": true}
	for _, id := range granted {
		var e *Extension
		for i := range c.Extensions {
			if c.Extensions[i].ID == id {
				e = &c.Extensions[i]
			}
		}
		switch {
		case e == nil:
			return 0, qingyuan.Errorf(qingyuan.Invalid, "clock %s has no extension %q", c.ID, id)
		case had[id]:
			return 0, qingyuan.Errorf(qingyuan.Invalid, "clock %s was extended by %q already", c.ID, id)
		case !had[e.After]:
			return 0, qingyuan.Errorf(qingyuan.Invalid, "clock %s can be extended by %q only after %q", c.ID, id, e.After)
		}
		had[id] = true
		if e.To > 0 {
			length = max(length, e.To)
		}
		length += e.Add
	}
	return length, nil
}
