package decision

import (
	"fmt"
	"strings"
	"testing"

	"qingyuan"
)

// scored is a ruleset on loan.drawn whose rules fire where event.product names them.
func scored(rules ...string) string {
	var b strings.Builder
	b.WriteString(`id: scored
title: {zh: 计分, en: Scoring}
thresholds: {review: 30, warn: 50, challenge: 70, hold: 90, reject: 200}
decision_points:
  loan.drawn: {deadline_ms: 100, fallback: hold, fail: closed}
  account.login: {deadline_ms: 100, fallback: pass, fail: open, at_most: review}
  counter: {deadline_ms: 100, fallback: warn, fail: open}
rules:
`)
	if len(rules) == 0 {
		b.WriteString("  []\n")
	}
	for i, r := range rules {
		fmt.Fprintf(&b, "  - {id: R%d, title: {zh: 规, en: Rule}, on: [loan.drawn, account.login], %s, when: 'true', reason: {zh: 因, en: Why}, source: s}\n", i, r)
	}
	return b.String()
}

func TestScore(t *testing.T) {
	suspicion := func(weight int, family, more string) string {
		return fmt.Sprintf("typology: T1, family: %s, weight: %d%s", family, weight, more)
	}
	hardship := func(weight int) string { return fmt.Sprintf("family: text, polarity: hardship, weight: %d", weight) }
	tests := []struct {
		name    string
		rules   []string
		outcome qingyuan.Outcome
		score   int
	}{
		{"nothing", nil, qingyuan.Pass, 0},
		{"below review", []string{suspicion(29, "link", "")}, qingyuan.Pass, 29},
		{"at review", []string{suspicion(30, "link", "")}, qingyuan.Review, 30},
		{"a lone family is capped", []string{suspicion(60, "link", ""), suspicion(60, "link", "")}, qingyuan.Review, 120},
		{"two families are not", []string{suspicion(60, "link", ""), suspicion(60, "text", "")}, qingyuan.Hold, 120},
		{"process confirms nothing", []string{suspicion(60, "link", ""), suspicion(60, "process", "")}, qingyuan.Review, 120},
		{"hardship adds no family", []string{suspicion(90, "link", ""), hardship(1)}, qingyuan.Review, 89},
		{"hardship subtracts", []string{suspicion(60, "link", ""), suspicion(60, "text", ""), hardship(55)}, qingyuan.Warn, 65},
		{"hardship cancels", []string{suspicion(60, "link", ""), suspicion(60, "text", ""), hardship(500)}, qingyuan.Pass, 0},
		{"an outcome asked for", []string{suspicion(5, "link", ", outcome: warn"), suspicion(5, "text", "")}, qingyuan.Warn, 10},
		{"asked for by a lone family", []string{suspicion(5, "link", ", outcome: reject")}, qingyuan.Review, 5},
		{"asked for, but cancelled by hardship", []string{suspicion(5, "link", ", outcome: warn"), suspicion(5, "text", ""), hardship(10)}, qingyuan.Pass, 0},
		{"a milder outcome asked for", []string{suspicion(60, "link", ", outcome: review"), suspicion(60, "text", "")}, qingyuan.Hold, 120},
		{"a hard fact stands alone", []string{suspicion(5, "link", ", outcome: hold, hard: true")}, qingyuan.Hold, 5},
		{"and against hardship", []string{suspicion(5, "link", ", outcome: hold, hard: true"), hardship(500)}, qingyuan.Hold, 0},
		{"reject", []string{suspicion(100, "link", ""), suspicion(100, "voice", "")}, qingyuan.Reject, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := compileText(t, scored(tt.rules...))
			got := p.NewEvaluator().Decide(Input{Event: loan(map[string]any{})})
			if got.Outcome != tt.outcome || got.Score != tt.score {
				t.Errorf("got %s with %d, want %s with %d", got.Outcome, got.Score, tt.outcome, tt.score)
			}
			login := loan(map[string]any{})
			login.Kind = qingyuan.AccountLogin
			if got := p.NewEvaluator().Decide(Input{Event: login}); got.Outcome.Severity() > qingyuan.Review.Severity() {
				t.Errorf("a login gets %s, at most review is allowed", got.Outcome)
			}
		})
	}
}

func TestTypologies(t *testing.T) {
	p := compileText(t, scored("typology: T1, family: link, weight: 40", "typology: T3, family: text, weight: 30", "typology: T5, family: voice, weight: 10",
		"family: text, polarity: hardship, weight: 10", "typology: T1, family: text, polarity: hardship, weight: 25"))
	got := p.NewEvaluator().Decide(Input{Event: loan(map[string]any{})})
	if want := "[{T1 5} {T3 20}]"; fmt.Sprint(got.Typologies) != want || got.Score != 45 {
		t.Errorf("got %v, %d", got.Typologies, got.Score)
	}
	weights := ""
	for _, r := range got.Reasons {
		weights += fmt.Sprintf(" %s:%d", r.Rule, r.Weight)
	}
	if weights != " R0:40 R1:30 R4:-25 R2:10 R3:-10" {
		t.Errorf("reasons in order%s", weights)
	}
}

func TestFallback(t *testing.T) {
	p := compileText(t, scored())
	for _, tt := range []struct {
		point string
		kind  qingyuan.EventKind
		want  qingyuan.Outcome
	}{{"", qingyuan.LoanDrawn, qingyuan.Hold}, {"counter", qingyuan.LoanDrawn, qingyuan.Warn}, {"unknown", qingyuan.LoanDrawn, qingyuan.Hold},
		{"", qingyuan.PostObserved, qingyuan.Review}} {
		got := p.Fallback(tt.point, tt.kind, "deadline")
		if got.Outcome != tt.want || got.Fallback != "deadline" || got.Kind != tt.kind || got.Ruleset != "scored" {
			t.Errorf("%q %s: %+v", tt.point, tt.kind, got)
		}
	}
}

func TestReasonTexts(t *testing.T) {
	text := strings.Replace(oneRule("loan.drawn", "event.amount > 1 && velocity.by_device > 1"), "{zh: 理由, en: Reason}",
		`{zh: "{event.amount|yuan} 元，{velocity.by_device} 次，{event.sim_tenure_days} 天，{event.effective_at|time}，{event.annual_rate|percent}", en: "{event.payee.kind} {param.limit|yuan} {param.share} {event.device_flags.rooted}"}`, 1)
	got := compileText(t, text).NewEvaluator().Decide(input(loan(map[string]any{"amount": int64(123456789), "annual_rate": 0.2415, "device_flags": map[string]any{"rooted": true}})))
	want := qingyuan.Text{ZH: "1,234,567.89 元，3 次，未知 天，2026-03-01 09:30，24.1%", EN: "unknown 500.00 0.5 true"}
	if len(got.Reasons) != 1 || got.Reasons[0].Text != want {
		t.Errorf("got %+v", got.Reasons)
	}
	for minor, text := range map[int64]string{0: "0.00", 5: "0.05", -123456: "-1,234.56", 99999: "999.99", -1 << 63: "-92,233,720,368,547,758.08"} {
		if yuan(minor) != text {
			t.Errorf("yuan(%d) = %s", minor, yuan(minor))
		}
	}
}
