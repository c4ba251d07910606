package simulate

import (
	"iter"
	"time"

	"qingyuan"
	"qingyuan/internal/simulate/scene"
)

// Decision is what the platform answered to one event of a world.
type Decision struct {
	EventID  string    // [Event.ID]
	Customer string    // [Event.Customer]
	At       time.Time // [Event.At]
	Outcome  qingyuan.Outcome
	Reasons  []qingyuan.Reason
}

// Levels are the outcomes from which something counts; an empty one is the default.
type Levels struct {
	Alert     qingyuan.Outcome `json:"alert"`     // somebody has to look; default review
	Intervene qingyuan.Outcome `json:"intervene"` // the customer notices: flagged; default warn
	Stop      qingyuan.Outcome `json:"stop"`      // money does not move; default hold
	Suspect   qingyuan.Outcome `json:"suspect"`   // turned away as a suspect; default reject
}

func (l Levels) orDefaults() Levels {
	for _, d := range []struct {
		level *qingyuan.Outcome
		to    qingyuan.Outcome
	}{{&l.Alert, qingyuan.Review}, {&l.Intervene, qingyuan.Warn}, {&l.Stop, qingyuan.Hold}, {&l.Suspect, qingyuan.Reject}} {
		if *d.level == "" {
			*d.level = d.to
		}
	}
	return l
}

// Score is how one typology was met. A case is a customer with at least one event of the typology, or one such event
// that concerns no customer (a public post). A case is caught where a decision on any event of the customer, not before
// the scheme began, is flagged with a reason of the typology.
type Score struct {
	Typology    qingyuan.Typology `json:"typology,omitempty"` // empty in the row over all typologies
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
	All          Score                                    `json:"all"`                   // whatever the typology: was it somebody of a ring, was somebody of a ring seen
	Populations  map[Population]Hurt                      `json:"populations"`
	Looks        map[string]Hurt                          `json:"look_alikes"` // the honest and those in hardship who look like a ring, by what makes them
	Wrongly      map[Population]map[qingyuan.Typology]int `json:"wrongly"`     // honest and hardship people flagged, by typology
	// HardshipFlagged is the share of people in genuine hardship who were flagged; MisledSuspects the share of the misled
	// who were turned away as suspects.
	HardshipFlagged float64 `json:"hardship_flagged_rate"`
	MisledSuspects  float64 `json:"misled_suspect_rate"`
}

// place is a case: a customer, or an event without one, and a typology; the empty typology stands for any.
type place struct {
	who      string
	typology qingyuan.Typology
}

// jury is a report in the making.
type jury struct {
	levels  Levels
	onset   map[string]time.Time
	known   map[place]bool            // cases
	labels  map[string][]int          // event → its labels
	flagged map[place]bool            // pointed at; true where rightly so
	alerts  map[qingyuan.Typology]int // with "" for any
	right   map[qingyuan.Typology]int
	stopped map[place]int // case → the first label that was stopped
	worst   map[string]int
	blamed  map[place]bool // customer and typology flagged
}

// Judge measures decisions against the truth. Decisions on events that were not part of the world are counted and belong
// to nobody. It reads the decisions once, in any order.
func Judge(truth *Truth, decisions iter.Seq[Decision], levels Levels) Report {
	j := &jury{levels: levels.orDefaults(), onset: map[string]time.Time{}, known: map[place]bool{}, labels: map[string][]int{}, flagged: map[place]bool{},
		alerts: map[qingyuan.Typology]int{}, right: map[qingyuan.Typology]int{}, stopped: map[place]int{}, worst: map[string]int{}, blamed: map[place]bool{}}
	for _, p := range truth.People {
		if p.Customer != "" {
			j.onset[p.Customer] = p.Onset
			j.worst[p.Customer] = -1
		}
	}
	for i, l := range truth.Labels {
		j.known[place{whose(l.Customer, l.ID), l.Typology}] = true
		j.known[place{whose(l.Customer, l.ID), ""}] = true
		j.labels[l.ID] = append(j.labels[l.ID], i)
	}
	r := Report{Config: truth.Config, Levels: j.levels}
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
	for _, t := range qingyuan.Typologies {
		r.Typologies = append(r.Typologies, j.score(truth, t))
	}
	r.All = j.score(truth, "")
	j.sentence(truth, &r)
	return r
}

func whose(customer, event string) string {
	if customer == "" {
		return "event " + event
	}
	return customer
}

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
	if severity < j.levels.Intervene.Severity() {
		return
	}
	early := d.At.Before(j.onset[d.Customer]) // before the scheme began nothing could be known
	for _, t := range append(named(d.Reasons), "") {
		at := place{who, t}
		right := j.known[at] && !early
		j.flagged[at] = j.flagged[at] || right
		j.blamed[place{d.Customer, t}] = true
		j.alerts[t]++
		if right {
			j.right[t]++
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

// score is the row of one typology, or of all where t is empty.
func (j *jury) score(truth *Truth, t qingyuan.Typology) Score {
	s := Score{Typology: t, Alerts: j.alerts[t], TrueAlerts: j.right[t]}
	for at := range j.known {
		if at.typology == t {
			s.Cases++
		}
	}
	for at, right := range j.flagged {
		if at.typology != t {
			continue
		}
		s.Flagged++
		if right {
			s.Caught++
		}
	}
	for i, l := range truth.Labels {
		if t != "" && l.Typology != t {
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
