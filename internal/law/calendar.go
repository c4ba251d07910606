package law

import (
	"fmt"
	"time"

	"qingyuan"
)

// index checks a year and makes its days.
func (y *CalendarYear) index() error {
	if y.Year < 1950 || y.Year > 2200 || y.Source.Text == "" {
		return fmt.Errorf("calendar year %d needs a source", y.Year)
	}
	y.days = map[Date]bool{}
	for _, s := range y.Off {
		for d := s.First; d <= s.Last; d++ {
			if _, twice := y.days[d]; twice || d.Year() != y.Year {
				return fmt.Errorf("calendar year %d: %s is there twice or of another year", y.Year, d)
			}
			y.days[d] = false
		}
	}
	for _, d := range y.Work {
		if _, twice := y.days[d]; twice || d.Year() != y.Year {
			return fmt.Errorf("calendar year %d: %s is there twice or of another year", y.Year, d)
		}
		if !weekend(d) {
			return fmt.Errorf("calendar year %d: %s is no weekend day to work on", y.Year, d)
		}
		y.days[d] = true
	}
	return nil
}

func weekend(d Date) bool { return d.Weekday() == time.Saturday || d.Weekday() == time.Sunday }

// Provisional is the same book, but a year without a notice counts as plain weeks; deadlines say that they are provisional.
// Holidays make the true day later than that; a day that is worked on a weekend may make it a little earlier.
func (b *Book) Provisional() *Book {
	p := *b
	p.provisional = true
	return &p
}

// WorkingDay reports whether people work on d. Errors: unavailable where the notice of its year is not known.
func (b *Book) WorkingDay(d Date) (bool, error) {
	working, _, err := b.workingDay(d)
	return working, err
}

// workingDay also tells whether the answer is provisional.
func (b *Book) workingDay(d Date) (working, provisional bool, err error) {
	y := b.years[d.Year()]
	if y == nil {
		if b.provisional {
			return !weekend(d), true, nil
		}
		return false, false, qingyuan.Errorf(qingyuan.Unavailable, "the working days of %d are not known: the State Council's notice is not among the law data", d.Year())
	}
	if working, special := y.days[d]; special {
		return working, false, nil
	}
	return !weekend(d), false, nil
}

// maxWorkingDays bounds AddWorkingDays.
const maxWorkingDays = 10_000

// AddWorkingDays is the n-th working day after d, or before it where n is negative; d itself is not counted, and n = 0 gives d.
// Errors: unavailable where it takes a year whose notice is not known; invalid beyond 10,000 days.
func (b *Book) AddWorkingDays(d Date, n int) (Date, error) {
	last, _, err := b.addWorkingDays(d, n)
	return last, err
}

func (b *Book) addWorkingDays(d Date, n int) (last Date, provisional bool, err error) {
	step, left := Date(1), n
	if n < 0 {
		step, left = -1, -n
	}
	if left > maxWorkingDays {
		return 0, false, qingyuan.Errorf(qingyuan.Invalid, "at most %d working days can be counted", maxWorkingDays)
	}
	for left > 0 {
		d += step
		working, guessed, err := b.workingDay(d)
		if err != nil {
			return 0, false, err
		}
		provisional = provisional || guessed
		if working {
			left--
		}
	}
	return d, provisional, nil
}

// WorkingDaysBetween counts the working days after first up to and including last: 0 where last is not later. Errors: as
// for AddWorkingDays.
func (b *Book) WorkingDaysBetween(first, last Date) (n int, err error) {
	if last-first > maxWorkingDays {
		return 0, qingyuan.Errorf(qingyuan.Invalid, "at most %d days can be counted", maxWorkingDays)
	}
	for d := first + 1; d <= last; d++ {
		working, err := b.WorkingDay(d)
		if err != nil {
			return 0, err
		}
		if working {
			n++
		}
	}
	return n, nil
}
