package scene_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/simulate/scene"
)

func TestQueueKeepsOrder(t *testing.T) {
	var q scene.Queue[int]
	r := rand.New(rand.NewPCG(1, 2))
	start := time.Unix(1000, 0)
	for i := range 5000 {
		q.Put(start.Add(time.Duration(r.IntN(700))*time.Second), i)
	}
	var last time.Time
	before := -1
	for q.Len() > 0 {
		at, ok := q.Next()
		i := q.Take()
		if !ok || at.Before(last) || at.Equal(last) && i < before {
			t.Fatalf("%d at %v after %d at %v", i, at, before, last)
		}
		last, before = at, i
	}
	if _, ok := q.Next(); ok {
		t.Error("an empty queue has a next")
	}
}

func TestPenWritesJSON(t *testing.T) {
	p := scene.NewPen()
	at := time.Date(2026, 1, 5, 1, 2, 3, 0, time.UTC)
	id := p.Begin(qingyuan.MessageReceived, at, "")
	text := "引号\"反斜\\换行\n制表\t坏\xff字节"
	p.Customer("C1").Str("empty", "").Text("text", qingyuan.AuthorCustomer, text).Strs("list", "a", "b").Strs("none").Float("f", 0.25).Bool("b", true)
	p.List("items").Open("").Int("n", 1).Close().Open("").Date("d", at).Close().EndList().Time("t", time.Time{})
	p.Mark(scene.Label{Typology: qingyuan.T1, Ring: "r"})
	e, label := p.End(at.Add(time.Hour))
	var got struct {
		ID   string         `json:"id"`
		Time string         `json:"time"`
		Data map[string]any `json:"data"`
	}
	if err := json.Unmarshal(e.Body, &got); err != nil {
		t.Fatalf("%v\n%s", err, e.Body)
	}
	want := `{"b":true,"customer_no":"C1","f":0.25,"items":[{"n":1},{"d":"2026-01-05"}],"list":["a","b"],"text":{"author":"customer","text":"引号\"反斜\\换行\n制表\t坏�字节"}}`
	if data, _ := json.Marshal(got.Data); string(data) != want || got.ID != id || got.Time != "2026-01-05T09:02:03+08:00" {
		t.Errorf("got  %s\nwant %s", data, want)
	}
	if label == nil || label.ID != id || label.Customer != "C1" || e.Customer != "C1" || !e.At.Equal(at.Add(time.Hour)) {
		t.Errorf("label %+v of %+v", label, e)
	}
	p.Begin(qingyuan.PostObserved, at, id)
	if e, label := p.End(at); label != nil || e.Customer != "" || e.ID == id {
		t.Errorf("the next event keeps something of the last: %+v", e)
	}
}
