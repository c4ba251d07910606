package simulate

import (
	"iter"
	"slices"
	"strings"

	"qingyuan"
	"qingyuan/internal/simulate/scene"
)

// Decision is what the platform answered to one event of a world.
type Decision struct {
	EventID  string // [Event.ID]
	Customer string // [Event.Customer]
	Seq      int64  // where the event stands on the platform's record
	Outcome  qingyuan.Outcome
	Reasons  []qingyuan.Reason
}

// Levels are the outcomes from which something counts; an empty one is the default.
type Levels struct {
	Alert     qingyuan.Outcome `json:"alert"`     // somebody has to look; default review
	Post      qingyuan.Outcome `json:"post"`      // a public post is flagged: no customer is concerned, and a review is all that can follow; default review
	Intervene qingyuan.Outcome `json:"intervene"` // the customer notices: flagged; default warn
	Stop      qingyuan.Outcome `json:"stop"`      // money does not move; default hold
	Suspect   qingyuan.Outcome `json:"suspect"`   // turned away as a suspect; default reject
}

func (l Levels) orDefaults() Levels {
	for _, d := range []struct {
		level *qingyuan.Outcome
		to    qingyuan.Outcome
	}{{&l.Alert, qingyuan.Review}, {&l.Post, qingyuan.Review}, {&l.Intervene, qingyuan.Warn}, {&l.Stop, qingyuan.Hold}, {&l.Suspect, qingyuan.Reject}} {
		if *d.level == "" {
			*d.level = d.to
		}
	}
	return l
}

// Score is how a set of cases was met.
//
// A case is a customer with at least one event of the scheme, or one public post of a ring: people and posts count one each,
// whatever number of events they have. A person is flagged by a decision at [Levels].Intervene or above, a post at
// [Levels].Post or above. In the row of a typology only decisions with a suspicious reason of that typology count; in the
// rows over several typologies any does: the question is whether somebody of a ring was pointed at. A case is caught where
// it was flagged on an event that stands on record no earlier than the first event of its scheme: before, nothing could be
// known, and pointing at the person was wrong.
type Score struct {
	Typology    qingyuan.Typology `json:"typology,omitempty"` // empty in rows over several
	Cases       int               `json:"cases"`
	Caught      int               `json:"caught"`
	Flagged     int               `json:"flagged"`     // customers and posts flagged with the typology, rightly or not
	Recall      float64           `json:"recall"`      // caught / cases
	Precision   float64           `json:"precision"`   // caught / flagged: of those pointed at, how many it was true of
	Alerts      int               `json:"alerts"`      // flagged decisions
	TrueAlerts  int               `json:"true_alerts"` // flagged decisions on cases of the typology
	PPV         float64           `json:"ppv"`         // true alerts / alerts
	AtStake     int64             `json:"at_stake"`    // money of the labelled events, minor units
	Stopped     int64             `json:"stopped"`     // of it, what moved with or after the first event that was stopped
	StoppedRate float64           `json:"stopped_rate"`
}

// Hurt is how people of one group were treated.
type Hurt struct {
	People      int     `json:"people"`
	Alerted     int     `json:"alerted"`  // people with a decision at alert or above
	Flagged     int     `json:"flagged"`  // people with a decision at intervene or above
	Stopped     int     `json:"stopped"`  // people with a decision at stop or above
	Suspects    int     `json:"suspects"` // people with a decision at suspect or above
	FlaggedRate float64 `json:"flagged_rate"`
}

// Report is how a platform did on a world. Rates without a denominator are 0.
type Report struct {
	Config       Config                                   `json:"config"`
	Levels       Levels                                   `json:"levels"`
	Decisions    int                                      `json:"decisions"`
	AlertsPerDay float64                                  `json:"alerts_per_day"`        // decisions at alert or above
	PerDay       float64                                  `json:"interventions_per_day"` // decisions at intervene or above
	Typologies   []Score                                  `json:"typologies"`            // T1–T9, in order
	All          Score                                    `json:"all"`                   // whatever the typology
	People       Score                                    `json:"people"`                // All, people only
	Posts        Score                                    `json:"posts"`                 // All, public posts only
	Visible      Score                                    `json:"visible"`               // All without the cases that only typologies of LeftOut have
	LeftOut      []LeftOut                                `json:"left_out"`              // typologies that rules and models cannot see at this stage
	Populations  map[Population]Hurt                      `json:"populations"`
	Looks        map[string]Hurt                          `json:"look_alikes"` // the honest and those in hardship who look like a ring, by what makes them
	Wrongly      map[Population]map[qingyuan.Typology]int `json:"wrongly"`     // honest and hardship people flagged, by typology
	// HardshipFlagged is the share of people in genuine hardship who were flagged; MisledSuspects the share of the misled
	// who were turned away as suspects.
	HardshipFlagged float64 `json:"hardship_flagged_rate"`
	MisledSuspects  float64 `json:"misled_suspect_rate"`
}

// LeftOut is a typology whose mark is in something that the platform does not read yet, and what that is. Its row is reported all
// the same.
type LeftOut struct {
	Typology qingyuan.Typology `json:"typology"`
	Why      qingyuan.Text     `json:"why"`
}

func leftOut() []LeftOut {
	return []LeftOut{{qingyuan.T8, qingyuan.Text{ZH: "伪造痕迹在证明影像之中（印章、版式、篡改），本阶段尚不读取影像",
		EN: "what gives a forged paper away is in its image (seal, layout, edits), and images are not read yet"}}}
}

// place is a case: a customer, or an event without one, and a typology; the empty typology stands for any.
type place struct {
	who      string
	typology qingyuan.Typology
}

// jury is a report in the making.
type jury struct {
	levels  Levels
	first   map[string]int64 // case → where the first event of its scheme stands on record
	known   map[place]bool   // cases
	labels  map[string][]int // event → its labels
	flagged map[place]bool   // pointed at; true where rightly so
	alerts  map[place]int    // flagged decisions
	right   map[place]int    // of them, on cases
	stopped map[place]int    // case → the first label that was stopped
	worst   map[string]int
	blamed  map[place]bool // customer and typology flagged
}

// Judge measures decisions against the truth. Decisions on events that were not part of the world are counted and belong
// to nobody. It reads the decisions twice, in any order.
func Judge(truth *Truth, decisions iter.Seq[Decision], levels Levels) Report {
	j := &jury{levels: levels.orDefaults(), first: map[string]int64{}, known: map[place]bool{}, labels: map[string][]int{}, flagged: map[place]bool{},
		alerts: map[place]int{}, right: map[place]int{}, stopped: map[place]int{}, worst: map[string]int{}, blamed: map[place]bool{}}
	for _, p := range truth.People {
		if p.Customer != "" {
			j.worst[p.Customer] = -1
		}
	}
	for i, l := range truth.Labels {
		j.known[place{whose(l.Customer, l.ID), l.Typology}] = true
		j.known[place{whose(l.Customer, l.ID), ""}] = true
		j.labels[l.ID] = append(j.labels[l.ID], i)
	}
	for d := range decisions {
		who := whose(d.Customer, d.EventID)
		if first, ok := j.first[who]; len(j.labels[d.EventID]) > 0 && (!ok || d.Seq < first) {
			j.first[who] = d.Seq
		}
	}
	r := Report{Config: truth.Config, Levels: j.levels, LeftOut: leftOut()}
	alerts, interventions := 0, 0
	for d := range decisions {
		r.Decisions++
		severity := d.Outcome.Severity()
		if severity >= j.levels.Alert.Severity() {
			alerts++
		}
		if severity >= j.levels.Intervene.Severity() {
			interventions++
		}
		j.hear(truth, d, severity)
	}
	r.AlertsPerDay, r.PerDay = share(alerts, truth.Config.Days), share(interventions, truth.Config.Days)
	j.rows(truth, &r)
	j.sentence(truth, &r)
	return r
}

// rows fills in the rows of the report.
func (j *jury) rows(truth *Truth, r *Report) {
	for _, t := range qingyuan.Typologies {
		r.Typologies = append(r.Typologies, j.score(truth, t, func(string) bool { return true }))
	}
	seen := map[string]bool{} // cases with a typology that can be seen
	for at := range j.known {
		out := slices.ContainsFunc(r.LeftOut, func(l LeftOut) bool { return l.Typology == at.typology })
		seen[at.who] = seen[at.who] || at.typology != "" && !out
	}
	r.All = j.score(truth, "", func(string) bool { return true })
	r.People = j.score(truth, "", func(who string) bool { return !isPost(who) })
	r.Posts = j.score(truth, "", isPost)
	r.Visible = j.score(truth, "", func(who string) bool { return seen[who] || !j.known[place{who, ""}] })
}

// postPrefix begins the name of a case that is a post; no customer number holds a blank.
const postPrefix = "post "

func whose(customer, event string) string {
	if customer == "" {
		return postPrefix + event
	}
	return customer
}

func isPost(who string) bool { return strings.HasPrefix(who, postPrefix) }

// hear takes one decision into account.
func (j *jury) hear(truth *Truth, d Decision, severity int) {
	who := whose(d.Customer, d.EventID)
	if worst, ok := j.worst[d.Customer]; ok && severity > worst {
		j.worst[d.Customer] = severity
	}
	if severity >= j.levels.Stop.Severity() {
		for _, i := range j.labels[d.EventID] {
			l := &truth.Labels[i]
			at := place{whose(l.Customer, l.ID), l.Typology}
			if first, ok := j.stopped[at]; !ok || i < first {
				j.stopped[at] = i
			}
		}
	}
	level := j.levels.Intervene
	if isPost(who) {
		level = j.levels.Post
	}
	if severity < level.Severity() {
		return
	}
	early := d.Seq < j.first[who]
	for _, t := range append(named(d.Reasons), "") {
		at := place{who, t}
		right := j.known[at] && !early
		j.flagged[at] = j.flagged[at] || right
		j.blamed[place{d.Customer, t}] = true
		j.alerts[at]++
		if right {
			j.right[at]++
		}
	}
}

// named lists the typologies that suspicious reasons name, each once.
func named(reasons []qingyuan.Reason) (out []qingyuan.Typology) {
	for _, t := range qingyuan.Typologies {
		for _, r := range reasons {
			if r.Typology == t && r.Polarity != qingyuan.Hardship && r.Weight >= 0 {
				out = append(out, t)
				break
			}
		}
	}
	return out
}

// score is the row of one typology, or of all where t is empty, over the people and posts that belong.
func (j *jury) score(truth *Truth, t qingyuan.Typology, belongs func(who string) bool) Score {
	s := Score{Typology: t}
	for at := range j.known {
		if at.typology == t && belongs(at.who) {
			s.Cases++
		}
	}
	for at, n := range j.alerts {
		if at.typology == t && belongs(at.who) {
			s.Alerts += n
			s.TrueAlerts += j.right[at]
		}
	}
	for at, right := range j.flagged {
		if at.typology != t || !belongs(at.who) {
			continue
		}
		s.Flagged++
		if right {
			s.Caught++
		}
	}
	for i, l := range truth.Labels {
		if t != "" && l.Typology != t || !belongs(whose(l.Customer, l.ID)) {
			continue
		}
		s.AtStake += l.Stake
		if first, ok := j.stopped[place{whose(l.Customer, l.ID), l.Typology}]; ok && i >= first {
			s.Stopped += l.Stake
		}
	}
	s.Recall, s.Precision, s.PPV = share(s.Caught, s.Cases), share(s.Caught, s.Flagged), share(s.TrueAlerts, s.Alerts)
	if s.AtStake > 0 {
		s.StoppedRate = float64(s.Stopped) / float64(s.AtStake)
	}
	return s
}

// sentence counts people by population and by what makes them look like a ring.
func (j *jury) sentence(truth *Truth, r *Report) {
	r.Populations, r.Looks, r.Wrongly = map[Population]Hurt{}, map[string]Hurt{}, map[Population]map[qingyuan.Typology]int{}
	for _, p := range truth.People {
		if p.Customer == "" {
			continue
		}
		innocent := p.Population == scene.Honest || p.Population == scene.Hardship
		r.Populations[p.Population] = j.count(r.Populations[p.Population], p.Customer)
		if p.Look != "" && innocent {
			r.Looks[p.Look] = j.count(r.Looks[p.Look], p.Customer)
		}
		for _, t := range qingyuan.Typologies {
			if !innocent || !j.blamed[place{p.Customer, t}] {
				continue
			}
			if r.Wrongly[p.Population] == nil {
				r.Wrongly[p.Population] = map[qingyuan.Typology]int{}
			}
			r.Wrongly[p.Population][t]++
		}
	}
	r.HardshipFlagged = r.Populations[scene.Hardship].FlaggedRate
	misled := r.Populations[scene.Misled]
	r.MisledSuspects = share(misled.Suspects, misled.People)
}

func (j *jury) count(h Hurt, customer string) Hurt {
	h.People++
	worst := j.worst[customer]
	for _, c := range []struct {
		level qingyuan.Outcome
		n     *int
	}{{j.levels.Alert, &h.Alerted}, {j.levels.Intervene, &h.Flagged}, {j.levels.Stop, &h.Stopped}, {j.levels.Suspect, &h.Suspects}} {
		if worst >= c.level.Severity() {
			*c.n++
		}
	}
	h.FlaggedRate = share(h.Flagged, h.People)
	return h
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
