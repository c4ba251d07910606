package model

import (
	"strings"
	"time"
)

// minCalendarLevels is the number of levels from which names of months or weekdays count as an order.
const minCalendarLevels = 3

// calendarOrder gives each level its place in the year or in the week if all of them name months, or all weekdays, in
// English (full or cut to three letters or more) or Chinese.
func calendarOrder(levels []string) ([]float64, bool) {
	if len(levels) < minCalendarLevels {
		return nil, false
	}
	for _, place := range []func(string) int{monthOf, weekdayOf} {
		order := make([]float64, 0, len(levels))
		for _, level := range levels {
			if p := place(strings.ToLower(level)); p > 0 {
				order = append(order, float64(p))
			}
		}
		if len(order) == len(levels) {
			return order, true
		}
	}
	return nil, false
}

// cutFrom reports whether s is name in lower case, or its first three letters or more.
func cutFrom(s, name string) bool { return len(s) >= 3 && strings.HasPrefix(strings.ToLower(name), s) }

// monthOf is 1 to 12, or 0.
func monthOf(s string) int {
	chinese := strings.Fields("一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月")
	for m := time.January; m <= time.December; m++ {
		if cutFrom(s, m.String()) || s == chinese[m-1] {
			return int(m)
		}
	}
	return 0
}

// weekdayOf is 1 (Monday) to 7 (Sunday), or 0.
func weekdayOf(s string) int {
	for d := 1; d <= 7; d++ {
		numeral := strings.Fields("一 二 三 四 五 六 日")[d-1]
		if cutFrom(s, time.Weekday(d%7).String()) || s == "周"+numeral || s == "星期"+numeral {
			return d
		}
	}
	return 0
}
