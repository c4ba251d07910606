package scene

import (
	"time"

	"qingyuan"
)

// Config says which world to make.
type Config struct {
	Seed      uint64
	Start     time.Time // first instant of the simulated time
	Days      int       // how long
	Customers int       // how many people have or ask for credit
	Behaviour string    // which model of behaviour: dev or judge
	Hardship  float64   // share of customers in genuine hardship; 0 means the default of the model
	Rings     float64   // share of customers whom rings reach or who work for one; 0 means the default of the model
}

// Event is one message of the lender's systems to the platform.
type Event struct {
	At       time.Time // when it arrives; the time in Body is when it happened
	Kind     qingyuan.EventKind
	ID       string // CloudEvents id, unique in the world
	Customer string // the customer number inside Body, empty where there is none
	Body     []byte // CloudEvents JSON
}

// Population is what a person of the world is in truth.
type Population string

// The populations. Misled people are victims of agents.
const (
	Honest    Population = "honest"
	Hardship  Population = "hardship"
	Misled    Population = "misled"
	Colluding Population = "colluding"
	Agent     Population = "agent"
)

// Populations lists the populations.
var Populations = []Population{Honest, Hardship, Misled, Colluding, Agent}

// Role is what a person is to a ring.
type Role string

// The roles.
const (
	RoleNone      Role = ""
	RoleVictim    Role = "victim"    // pays, or owes, for somebody else's gain
	RoleMisled    Role = "misled"    // believed the agent and follows advice against own interest
	RoleColluding Role = "colluding" // knows and takes part
	RoleAgent     Role = "agent"     // works for the ring
	RoleOrganiser Role = "organiser" // runs it
)

// Person is the truth about one customer, or about one agent who is no customer of the lender.
type Person struct {
	Customer   string            `json:"customer,omitempty"` // customer number; empty for an agent outside
	Name       string            `json:"name,omitempty"`     // of an agent outside
	Population Population        `json:"population"`
	Typology   qingyuan.Typology `json:"typology,omitempty"`
	Ring       string            `json:"ring,omitempty"`
	Role       Role              `json:"role,omitempty"`
	Onset      time.Time         `json:"onset,omitzero"`       // the first event of the scheme, or of the hardship
	Stake      int64             `json:"stake,omitempty"`      // money at stake, minor units
	Tactic     string            `json:"tactic,omitempty"`     // how the scheme was played, for reading misses
	Look       string            `json:"look_alike,omitempty"` // for the innocent: what makes them look like a ring
}

// Label is the truth about one event that belongs to a scheme. Events without a label belong to none.
type Label struct {
	ID       string             `json:"event"`
	Kind     qingyuan.EventKind `json:"kind"`
	Customer string             `json:"customer,omitempty"`
	Typology qingyuan.Typology  `json:"typology"`
	Ring     string             `json:"ring"`
	Role     Role               `json:"role,omitempty"`
	Stake    int64              `json:"stake,omitempty"` // money that leaves or is claimed with this event, minor units
}

// Truth is what the world knows and the platform must never read.
type Truth struct {
	Config Config
	People []*Person // every customer and every agent outside, in a fixed order
	Labels []Label   // the events of schemes, in order of arrival
}
