package complaint

// Side is what triage makes of who is behind a complaint. It is kept beside the complaint and moves none of its clocks.
type Side string

// The sides.
const (
	Hardship    Side = "hardship"     // a person in trouble: the fast lane
	Misled      Side = "misled"       // a borrower whom an agent talked into it: a victim
	AgentDriven Side = "agent_driven" // opens or joins a case
	Ordinary    Side = "ordinary"
)
