package complaint

import (
	"embed"
	"slices"
	"time"

	"github.com/goccy/go-yaml"

	"qingyuan"
	"qingyuan/internal/law"
)

//go:embed data/*.yaml
var data embed.FS

// Category is what sort of demand a complaint makes. They are legally different and never mixed: one message with two sorts
// is split.
type Category string

// The categories.
const (
	OwnRight        Category = "complaint"        // 投诉: a right of one's own
	TipOff          Category = "report"           // 举报
	Petition        Category = "petition"         // 信访
	CreditObjection Category = "credit_objection" // 征信异议
	Suit            Category = "suit"             // 起诉、调解
	PublicPost      Category = "public_post"      // 舆情
)

// Route is one category or one channel.
type Route struct {
	ID     string        `yaml:"id"`
	Title  qingyuan.Text `yaml:"title"`
	Clocks []string      `yaml:"clocks"` // of package law
	Review []string      `yaml:"review"` // clocks of a review
	Portal bool          `yaml:"portal"` // the channel's portal is to be answered
	Note   qingyuan.Text `yaml:"note"`
}

// Routes is how law applies to categories and channels: versioned data.
type Routes struct {
	Version    int     `yaml:"version"`
	Categories []Route `yaml:"categories"`
	Channels   []Route `yaml:"channels"`
}

// ShippedRoutes reads the routes of this build and checks that the book knows their clocks as of every date that has any.
func ShippedRoutes(book *law.Book) (*Routes, error) {
	text, err := data.ReadFile("data/routes.yaml")
	if err != nil {
		return nil, err
	}
	r := &Routes{}
	if err := yaml.UnmarshalWithOptions(text, r, yaml.Strict()); err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, c := range book.Clocks() {
		known[c.ID] = true
	}
	for _, route := range slices.Concat(r.Categories, r.Channels) {
		for _, clock := range route.Clocks {
			if !known[clock] {
				return nil, qingyuan.Errorf(qingyuan.Internal, "route %s names the unknown clock %s", route.ID, clock)
			}
		}
	}
	return r, nil
}

func find(all []Route, id string) (*Route, bool) {
	i := slices.IndexFunc(all, func(r Route) bool { return r.ID == id })
	if i < 0 {
		return nil, false
	}
	return &all[i], true
}

// Portal reports whether the channel's portal is to be answered.
func (r *Routes) Portal(channel string) bool {
	route, ok := find(r.Channels, channel)
	return ok && route.Portal
}

// Facts are all that a complaint's clocks depend on. Nothing of suspicion is among them.
type Facts struct {
	Category   Category
	Channel    string
	ReceivedAt time.Time // by the lender, whoever had it before
	AnswerBy   law.Date  // last day by the transfer sheet; 0 where it names none
	Extensions []string  // granted, in order
	Review     bool      // what runs is the term of a review of the first decision
}

// Duties are the clocks of a complaint, the one that runs out first at the front. Empty means that no term of ours runs.
// Errors: invalid for an unknown category or channel; those of [law.Book.Deadline].
func (r *Routes) Duties(book *law.Book, f Facts) ([]law.Deadline, error) {
	category, ok := find(r.Categories, string(f.Category))
	if !ok {
		return nil, qingyuan.FieldErrorf("category", "is none of a complaint")
	}
	channel, ok := find(r.Channels, f.Channel)
	if !ok {
		return nil, qingyuan.FieldErrorf("channel", "is none of a complaint")
	}
	clocks := slices.Clone(category.Clocks)
	if f.Review {
		clocks = slices.Clone(category.Review)
	} else if f.Category == OwnRight || f.Category == TipOff { // what a hotline says of answers is said of complaints
		clocks = append(clocks, channel.Clocks...)
	}
	var duties []law.Deadline
	for _, id := range clocks {
		clock, err := book.Clock(id, law.DateOf(f.ReceivedAt))
		if err != nil {
			return nil, err
		}
		d, err := book.Deadline(id, f.ReceivedAt, known(clock, f.Extensions)...)
		if err != nil {
			return nil, err
		}
		duties = append(duties, *d)
	}
	if f.AnswerBy != 0 {
		duties = append(duties, law.Deadline{Clock: TransferSheet, From: f.ReceivedAt, LastDay: f.AnswerBy, Due: f.AnswerBy.End(), Confirmed: true})
	}
	slices.SortStableFunc(duties, func(a, b law.Deadline) int { return a.Due.Compare(b.Due) })
	return duties, nil
}

// TransferSheet stands for a clock where a transfer sheet names the last day itself.
const TransferSheet = "transfer.sheet"

// known are those of the granted extensions that the clock has.
func known(c *law.Clock, granted []string) (all []string) {
	for _, id := range granted {
		if slices.ContainsFunc(c.Extensions, func(e law.Extension) bool { return e.ID == id }) {
			all = append(all, id)
		}
	}
	return all
}
