package decision

import "embed"

//go:embed rulesets/*.yaml
var rulesets embed.FS

// First is the text of the ruleset a new tenant starts with: typologies T1, T2, T3 and T5, and hardship.
func First() []byte { return embedded("first") }

// BenchMixed is the text of the ruleset of the benchmark scenario "mixed": ten rules on loan.drawn.
func BenchMixed() []byte { return embedded("bench_mixed") }

func embedded(name string) []byte {
	text, _ := rulesets.ReadFile("rulesets/" + name + ".yaml") // it is part of the binary
	return text
}
