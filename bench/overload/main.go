package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Report is what is printed. Latencies are those of admitted decisions, in milliseconds, as the clients saw them.
type Report struct {
	Clients      int     `json:"clients"`
	AtOnce       int     `json:"decisions_at_once"`
	Capacity     float64 `json:"capacity_per_second"`
	NormalP50    float64 `json:"normal_p50_ms"`
	NormalP99    float64 `json:"normal_p99_ms"`
	Asked        float64 `json:"asked_per_second"`
	Admitted     float64 `json:"admitted_per_second"`
	P50          float64 `json:"overload_p50_ms"`
	P99          float64 `json:"overload_p99_ms"`
	Ratio        float64 `json:"p99_ratio"`
	Refused      int64   `json:"refused"`
	WithoutRetry int64   `json:"refused_without_retry_after"`
	RefusedP99   float64 `json:"refused_p99_ms"`
	Other        int64   `json:"other_answers"`
	Unsent       int64   `json:"not_sent_by_the_generator"` // it could not keep up
	RecoverySec  float64 `json:"recovery_seconds"`
	LoadBefore   string  `json:"load_before"`
}

type bench struct {
	clients, atOnce int
	seconds         time.Duration
	dir, url, key   string
	http            *http.Client
	n               atomic.Int64
}

func main() {
	b := &bench{}
	flag.IntVar(&b.clients, "clients", 64, "clients that wait for their answers")
	flag.IntVar(&b.atOnce, "at-once", 64, "decisions the server works on at once")
	flag.DurationVar(&b.seconds, "seconds", 8*time.Second, "length of each part")
	flag.Parse()
	report, err := b.run()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(report)
}

var listens = regexp.MustCompile(`listens on (http://\S+)`)

// start builds and starts the server.
func (b *bench) start() (stop func(), err error) {
	if b.dir, err = os.MkdirTemp("", "qingyuan-overload"); err != nil {
		return nil, err
	}
	program := filepath.Join(b.dir, "qingyuan")
	if out, err := exec.Command("go", "build", "-o", program, "qingyuan/cmd/qingyuan").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w\n%s", err, out)
	}
	flags := []string{"--data", filepath.Join(b.dir, "data"), "--log-level", "error"}
	if out, err := exec.Command(program, append([]string{"admin", "tenant", "main"}, flags...)...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("make the tenant: %w\n%s", err, out)
	}
	key, err := exec.Command(program, append([]string{"admin", "key", "bench"}, flags...)...).Output()
	if err != nil {
		return nil, err
	}
	b.key = strings.TrimSpace(string(key))
	cmd := exec.Command(program, append([]string{"serve", "--listen", "127.0.0.1:0", "--decisions-at-once", fmt.Sprint(b.atOnce)}, flags...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for scan := bufio.NewScanner(out); scan.Scan() && b.url == ""; {
		if m := listens.FindStringSubmatch(scan.Text()); m != nil {
			b.url = m[1]
			break
		}
	}
	go io.Copy(io.Discard, out)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 4096
	b.http = &http.Client{Transport: transport, Timeout: 30 * time.Second}
	return func() { cmd.Process.Kill(); cmd.Wait(); os.RemoveAll(b.dir) }, nil
}

// answer is what became of one request.
type answer struct {
	status int
	retry  bool
	took   time.Duration
	at     time.Time
}

func (b *bench) ask() answer {
	n := b.n.Add(1)
	body := fmt.Sprintf(`{"specversion":"1.0","id":"o%d","source":"/overload","type":"loan.drawn","time":%q,"data":{"customer_no":"C%d","loan_no":"L%d","amount":%d,"device_id":"device-%05d","phone":"138%08d"}}`,
		n, time.Now().UTC().Format(time.RFC3339Nano), n%20_000, n, 1000+n%100_000, n%9_000, n%15_000)
	req, err := http.NewRequest("POST", b.url+"/v1/decisions", bytes.NewReader([]byte(body)))
	if err != nil {
		return answer{}
	}
	req.Header.Set("Authorization", "Bearer "+b.key)
	began := time.Now()
	resp, err := b.http.Do(req)
	if err != nil {
		return answer{took: time.Since(began), at: time.Now()}
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	return answer{resp.StatusCode, resp.Header.Get("Retry-After") != "", time.Since(began), time.Now()}
}

// closed sends from clients that wait for their answers.
func (b *bench) closed(clients int, d time.Duration) []answer {
	var mu sync.Mutex
	var all []answer
	var wg sync.WaitGroup
	until := time.Now().Add(d)
	for range clients {
		wg.Go(func() {
			var own []answer
			for time.Now().Before(until) {
				own = append(own, b.ask())
			}
			mu.Lock()
			all = append(all, own...)
			mu.Unlock()
		})
	}
	wg.Wait()
	return all
}

// open sends at a rate, whatever the answers do; at most eight for each client wait at once.
func (b *bench) open(rate float64, d time.Duration) (all []answer, unsent int64) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8*b.clients)
	began := time.Now()
	for sent := 0; ; {
		due := int(time.Since(began).Seconds() * rate)
		if time.Since(began) > d {
			break
		}
		for ; sent < due; sent++ {
			select {
			case slots <- struct{}{}:
				wg.Go(func() {
					defer func() { <-slots }()
					a := b.ask()
					mu.Lock()
					all = append(all, a)
					mu.Unlock()
				})
			default:
				unsent++
			}
		}
		time.Sleep(time.Millisecond)
	}
	wg.Wait()
	return all, unsent
}

// quantile is a latency of the answers with that status, in milliseconds.
func quantile(all []answer, status int, q float64) float64 {
	var some []float64
	for _, a := range all {
		if a.status == status {
			some = append(some, float64(a.took.Microseconds())/1000)
		}
	}
	if len(some) == 0 {
		return 0
	}
	slices.Sort(some)
	return some[min(len(some)-1, int(q*float64(len(some))))]
}

func count(all []answer, is func(answer) bool) (n int64) {
	for _, a := range all {
		if is(a) {
			n++
		}
	}
	return n
}

func (b *bench) run() (*Report, error) {
	load, _ := os.ReadFile("/proc/loadavg")
	stop, err := b.start()
	if err != nil {
		return nil, err
	}
	defer stop()
	r := &Report{Clients: b.clients, AtOnce: b.atOnce, LoadBefore: strings.TrimSpace(string(load))}
	b.closed(b.clients, b.seconds/4) // warm
	normal := b.closed(b.clients, b.seconds)
	made := func(a answer) bool { return a.status == 200 }
	r.Capacity = float64(count(normal, made)) / b.seconds.Seconds()
	r.NormalP50, r.NormalP99 = quantile(normal, 200, .5), quantile(normal, 200, .99)
	over, unsent := b.open(5*r.Capacity, b.seconds)
	ended := time.Now()
	r.Unsent, r.Asked = unsent, float64(len(over))/b.seconds.Seconds()
	r.Admitted = float64(count(over, made)) / b.seconds.Seconds()
	r.P50, r.P99, r.RefusedP99 = quantile(over, 200, .5), quantile(over, 200, .99), quantile(over, 503, .99)
	r.Refused = count(over, func(a answer) bool { return a.status == 503 || a.status == 429 })
	r.WithoutRetry = count(over, func(a answer) bool { return (a.status == 503 || a.status == 429) && !a.retry })
	r.Other = count(over, func(a answer) bool { return a.status != 200 && a.status != 503 && a.status != 429 })
	r.Ratio = r.P99 / r.NormalP99
	r.RecoverySec = b.recovery(ended, r.NormalP99)
	return r, nil
}

// recovery is how long after the overload the first half second is in which nothing is refused and p99 is at most twice the normal one;
// 60 where there is none.
func (b *bench) recovery(ended time.Time, normal float64) float64 {
	for time.Since(ended) < time.Minute {
		began := time.Now()
		some := b.closed(max(1, b.clients/2), 500*time.Millisecond)
		if count(some, func(a answer) bool { return a.status != 200 }) == 0 && quantile(some, 200, .99) <= 2*normal {
			return began.Sub(ended).Seconds()
		}
	}
	return 60
}
