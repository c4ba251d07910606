package decision

import "testing"

func TestEmbeddedRulesetsCompile(t *testing.T) {
	for name, text := range map[string][]byte{"first": First(), "bench_mixed": BenchMixed()} {
		rs, problems := Parse(text)
		for _, p := range problems {
			t.Errorf("%s.yaml:%s", name, p)
		}
		if rs == nil {
			continue
		}
		_, problems = Compile(rs, EventFields{})
		for _, p := range problems {
			t.Errorf("%s.yaml:%s", name, p)
		}
		t.Log(name, len(rs.Rules), "rules", len(rs.Velocities), "velocities")
	}
}
