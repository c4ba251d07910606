package simulate

import (
	"bufio"
	"encoding/json"
	"io"
	"iter"

	"qingyuan"
	"qingyuan/internal/simulate/dev"
	"qingyuan/internal/simulate/judge"
	"qingyuan/internal/simulate/scene"
)

// The types of a world. They are defined in package scene, where the models of behaviour can reach them.
type (
	// Config says which world to make.
	Config = scene.Config
	// Event is one message of the lender's systems.
	Event = scene.Event
	// Truth is what the world knows and the platform must never read.
	Truth = scene.Truth
	// Person is the truth about one customer or one agent outside.
	Person = scene.Person
	// Label is the truth about one event of a scheme.
	Label = scene.Label
	// Population is what a person is in truth.
	Population = scene.Population
)

// The models of behaviour.
const (
	Dev     = "dev"      // for development
	Varied  = dev.Varied // development with other words and other habits of rings: how much was learnt by heart
	Judging = "judge"    // for judging only
)

// model is one world under way.
type model interface {
	Run(yield func(scene.Event) bool)
	Truth() *scene.Truth
}

// World is a simulated lender. It is not safe for concurrent use.
type World struct {
	cfg   Config
	truth *Truth // of the last run that went to its end
}

// New checks the configuration and makes a world. Days is 1–1,500 and Customers 20–1,000,000; shares lie in [0, 0.5], 0
// meaning the model's default. Errors: invalid, with the field.
func New(cfg Config) (*World, error) {
	switch {
	case cfg.Start.IsZero():
		return nil, qingyuan.FieldErrorf("start", "must be given")
	case cfg.Days < 1 || cfg.Days > 1500:
		return nil, qingyuan.FieldErrorf("days", "must lie between 1 and 1500")
	case cfg.Customers < 20 || cfg.Customers > 1e6:
		return nil, qingyuan.FieldErrorf("customers", "must lie between 20 and 1000000")
	case cfg.Behaviour != Dev && cfg.Behaviour != Varied && cfg.Behaviour != Judging:
		return nil, qingyuan.FieldErrorf("behaviour", "must be dev, dev-varied or judge")
	case !(cfg.Hardship >= 0 && cfg.Hardship <= 0.5):
		return nil, qingyuan.FieldErrorf("hardship", "must lie between 0 and 0.5")
	case !(cfg.Rings >= 0 && cfg.Rings <= 0.5):
		return nil, qingyuan.FieldErrorf("rings", "must lie between 0 and 0.5")
	}
	return &World{cfg: cfg}, nil
}

func (w *World) model() model {
	if w.cfg.Behaviour == Judging {
		return judge.New(w.cfg)
	}
	return dev.New(w.cfg)
}

// Events plays the world from its beginning, in order of arrival. Each call plays the same events again.
func (w *World) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		m := w.model()
		whole := true
		m.Run(func(e Event) bool {
			whole = whole && yield(e)
			return whole
		})
		if whole {
			w.truth = m.Truth()
		}
	}
}

// Truth is what is true of the world and of the events of a whole play. It plays the world if [World.Events] has not
// been read to its end yet.
func (w *World) Truth() *Truth {
	if w.truth == nil {
		for range w.Events() {
		}
	}
	return w.truth
}

// line is one line of a truth file: exactly one member is set.
type line struct {
	World  *Config `json:"world,omitempty"`
	Person *Person `json:"person,omitempty"`
	Label  *Label  `json:"label,omitempty"`
}

// WriteTruth writes the truth as JSON lines: the world, then every person, then every event of a scheme.
func (w *World) WriteTruth(to io.Writer) error {
	t := w.Truth()
	out := bufio.NewWriter(to)
	enc := json.NewEncoder(out)
	if err := enc.Encode(line{World: &t.Config}); err != nil {
		return qingyuan.Wrap(qingyuan.Internal, err, "The truth could not be written.")
	}
	for _, p := range t.People {
		if err := enc.Encode(line{Person: p}); err != nil {
			return qingyuan.Wrap(qingyuan.Internal, err, "The truth could not be written.")
		}
	}
	for i := range t.Labels {
		if err := enc.Encode(line{Label: &t.Labels[i]}); err != nil {
			return qingyuan.Wrap(qingyuan.Internal, err, "The truth could not be written.")
		}
	}
	if err := out.Flush(); err != nil {
		return qingyuan.Wrap(qingyuan.Internal, err, "The truth could not be written.")
	}
	return nil
}

// ReadTruth reads what [World.WriteTruth] wrote. A line has at most 1 MiB. Errors: invalid for anything else.
func ReadTruth(from io.Reader) (*Truth, error) {
	t := &Truth{}
	in := bufio.NewScanner(from)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var l line
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			return nil, qingyuan.Wrap(qingyuan.Invalid, err, "The truth file has a line that is not valid.")
		}
		switch {
		case l.World != nil:
			t.Config = *l.World
		case l.Person != nil:
			t.People = append(t.People, l.Person)
		case l.Label != nil:
			t.Labels = append(t.Labels, *l.Label)
		}
	}
	if err := in.Err(); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "The truth file could not be read.")
	}
	return t, nil
}
