package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/client"
	"qingyuan/internal/api"
	"qingyuan/internal/audit"
	"qingyuan/internal/improve/intel"
	"qingyuan/testdata"
)

// What the demo plants: a slogan and a template of our own.
const (
	plantedSlogan   = "灰鹭渡口"
	plantedTemplate = "贵公司外包人员连日骚扰本人同事与家属，本人已录音取证并公证，现郑重要求七日内书面答复并出具减免结清证明，否则依次向各主管部门实名举报到底。编号%d"
)

// plantedReport says what became of a slogan and a template that nobody knew.
type plantedReport struct {
	Slogan   plantedFind `json:"slogan"`
	Template plantedFind `json:"template"`
}

// plantedFind is one of them.
type plantedFind struct {
	Rank    int           `json:"rank"`    // in the queue of what is new, from 1; 0: it was not found
	Writers int           `json:"writers"` // who used it
	Before  bool          `json:"before"`  // a decision named it before two people had confirmed it
	Reason  qingyuan.Text `json:"reason"`  // of the next decision after that
}

// plant lets agents use a new slogan and customers a new template, has the record read for what is new, confirms both by two people,
// and asks what the next decisions say.
func (c *demoCommand) plant(ctx context.Context, s *server, lender *client.Client, report *demoReport) error {
	now := time.Now()
	rows, err := plantedRows(now)
	if err != nil {
		return err
	}
	done, err := c.importRows(ctx, lender, "planted texts", eachOf(rows), len(rows), 1)
	if err != nil {
		return err
	}
	report.Imported = append(report.Imported, *done)
	p := &plantedReport{}
	report.Planted = p
	analyst := qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "demo-analyst"}
	job, err := s.intel.Start(ctx, s.jobs, api.DefaultTenant, analyst, time.Time{})
	for err == nil && !job.Finished() {
		time.Sleep(50 * time.Millisecond)
		job, err = s.jobs.Get(ctx, api.DefaultTenant, job.ID)
	}
	if err != nil {
		return err
	}
	queue, err := s.intel.Candidates(ctx, api.DefaultTenant, intel.CandidateFilter{State: intel.Waiting, Limit: 200})
	if err != nil {
		return err
	}
	x := planting{s, lender, queue}
	post := func(n int) []byte {
		return postEvent(fmt.Sprint("planted-next-", n), n, now, []string{"听人说" + plantedSlogan + "，是真的吗", "都在问" + plantedSlogan + "怎么走"}[n%2])
	}
	letter := func(n int) []byte { return letterEvent(fmt.Sprint("planted-letter-", n), n, now) }
	return errors.Join(x.follow(ctx, &p.Slogan, plantedSlogan, post), x.follow(ctx, &p.Template, "", letter))
}

// eachOf is a source of rows that are there.
func eachOf(rows [][]byte) source {
	return func(yield func([]byte, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// planting is what a find is followed with.
type planting struct {
	s      *server
	lender *client.Client
	queue  []intel.Candidate
}

// follow confirms one find and decides an event before and one after. word is empty for the template.
func (x *planting) follow(ctx context.Context, f *plantedFind, word string, next func(n int) []byte) error {
	at := slices.IndexFunc(x.queue, func(c intel.Candidate) bool {
		return word != "" && c.Detail.Word == word || word == "" && c.Kind == intel.Growing && c.Texts == plantedLetters
	})
	if at < 0 {
		return nil
	}
	f.Rank, f.Writers = at+1, x.queue[at].Writers
	d, err := x.lender.Decide(ctx, next(900))
	if err != nil {
		return err
	}
	f.Before = confirmedReason(d) != (qingyuan.Text{})
	a, err := x.s.intel.Confirm(ctx, api.DefaultTenant, qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "demo-analyst"}, x.queue[at].ID, intel.Confirmation{
		Sense: qingyuan.Text{ZH: "演示中的代理投诉暗称", EN: "a cover name of the demo for paid complaints"}, Typology: qingyuan.T3, Title: "七日书面答复", Reason: "演示 demo"})
	if err != nil {
		return err
	}
	_, err = x.s.intel.Approve(ctx, audit.Ballot{Tenant: api.DefaultTenant, Voter: qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "demo-lead"}, Approval: a.ID})
	if err != nil {
		return err
	}
	if d, err = x.lender.Decide(ctx, next(901)); err == nil {
		f.Reason = confirmedReason(d)
	}
	return err
}

// confirmedReason is the reason that rests on what people confirmed; empty where there is none.
func confirmedReason(d *client.Decision) qingyuan.Text {
	for _, r := range d.Reasons {
		if strings.HasSuffix(r.Rule, "-CONFIRMED-TEXT") {
			return r.Text
		}
	}
	return qingyuan.Text{}
}

// plantedLetters is how many customers send the template.
const plantedLetters = 6

// plantedRows are posts in ordinary words over two months, and lately some with the slogan; and letters by the template.
func plantedRows(now time.Time) (rows [][]byte, err error) {
	raw, err := testdata.Files.ReadFile("text/intents_dev.jsonl")
	if err != nil {
		return nil, err
	}
	for n, line := range bytes.Split(bytes.TrimSpace(raw), []byte("\n")) {
		var row struct{ Text, Label string }
		if err := json.Unmarshal(line, &row); err != nil {
			return nil, err
		}
		if row.Label != "promotion" && row.Label != "recruitment" {
			rows = append(rows, postEvent(fmt.Sprint("planted-", n), n, now.AddDate(0, 0, -2-n), row.Text))
			continue
		}
		words := []string{"，%s懂的来", "，认准%s", "，我们就是%s", "，走%s不求人", "，问%s就行"}[n%5]
		rows = append(rows, postEvent(fmt.Sprint("planted-", n), n, now.AddDate(0, 0, -1-n%10), strings.TrimRight(row.Text, "。！？")+fmt.Sprintf(words, plantedSlogan)))
	}
	for n := range plantedLetters {
		rows = append(rows, letterEvent(fmt.Sprint("planted-c", n), n, now.AddDate(0, 0, -1-n)))
	}
	return rows, nil
}

func postEvent(id string, n int, at time.Time, words string) []byte {
	return cloudEvent("post.observed", id, at, map[string]any{"platform": "tieba", "handle": fmt.Sprintf("tieba:planted%d", n), "text": map[string]any{"author": "public", "text": words}})
}

func letterEvent(id string, n int, at time.Time) []byte {
	return cloudEvent("complaint.received", id, at, map[string]any{"customer_no": fmt.Sprint("PLANTED", n), "channel": "own", "category": "complaint",
		"text": map[string]any{"author": "customer", "text": fmt.Sprintf(plantedTemplate, 1000+7919*n)}})
}

func cloudEvent(kind, id string, at time.Time, data map[string]any) []byte {
	body, _ := json.Marshal(map[string]any{"specversion": "1.0", "id": id, "source": "/demo/planted", "type": kind, "time": at.UTC().Format(time.RFC3339), "data": data}) // plain values always encode
	return body
}

func printPlanted(w io.Writer, p *plantedReport) {
	fmt.Fprintf(w, "\n  新话术发现（预埋，合成）what is new (planted, synthetic)\n")
	for _, f := range []struct {
		zh, en string
		plantedFind
	}{{"话术", "slogan", p.Slogan}, {"模板", "template", p.Template}} {
		if f.Rank == 0 {
			fmt.Fprintf(w, "    %s %s: 未发现 not found\n", f.zh, f.en)
			continue
		}
		fmt.Fprintf(w, "    %s %s: 候选第 %d 位，%d 人使用；双人确认后下一决策的理由 rank %d in the queue, %d writers; confirmed by two, the next decision says: %s\n",
			f.zh, f.en, f.Rank, f.Writers, f.Rank, f.Writers, f.Reason.ZH)
	}
}
