package main

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"

	"qingyuan/internal/store/storetest"
)

// planted are personal values that no file, log or metric may hold.
var planted = map[string]string{
	"phone":   "13987654321",
	"id":      "11010519491231002X",
	"name":    "慕容雪见",
	"card":    "6222020200112233445",
	"address": "杭州市西湖区龙井路七十七号",
	"text":    "他说只要付三千块就能停息挂账这是暗号青鸟",
}

// forms are the ways in which a value could lie in a file.
func forms(v string) [][]byte {
	out := [][]byte{[]byte(v), []byte(url.QueryEscape(v)), []byte(hex.EncodeToString([]byte(v))), []byte(strings.ToUpper(hex.EncodeToString([]byte(v))))}
	var little, big []byte
	for _, u := range utf16.Encode([]rune(v)) {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	out = append(out, little, big)
	quoted, _ := json.Marshal(v)
	ascii := ""
	for _, u := range utf16.Encode([]rune(v)) {
		ascii += fmt.Sprintf(`\u%04x`, u)
	}
	out = append(out, bytes.Trim(quoted, `"`), []byte(ascii))
	for shift := range 3 { // base64 of a longer text looks different at each of three places; its middle does not
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + v))
		out = append(out, []byte(text[4:len(text)-4]))
	}
	return out
}

// leaks names the planted values that b holds.
func leaks(b []byte) (found []string) {
	for what, v := range planted {
		for i, form := range forms(v) {
			if bytes.Contains(b, form) {
				found = append(found, fmt.Sprintf("%s (form %d)", what, i))
				break
			}
		}
	}
	return found
}

// scan reads every file under dir.
func scan(t *testing.T, dir string) (files int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // gone since the directory was read
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		files++
		if found := leaks(b); len(found) > 0 {
			t.Errorf("%s holds %v", strings.TrimPrefix(path, dir), found)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestNoPersonalDataAtRest plays a small demo and plants values through every door with the real program, then looks for them in the raw
// bytes of every file of the data directory and of the database, while it runs and after it, in the log at its most talkative, and in the
// metrics.
func TestNoPersonalDataAtRest(t *testing.T) {
	if found := leaks([]byte("x" + base64.StdEncoding.EncodeToString([]byte("ab"+planted["text"])))); len(found) != 1 {
		t.Fatalf("the search finds %v", found)
	}
	storetest.EachURL(t, func(t *testing.T, url string) {
		path, err := binary()
		if err != nil {
			t.Fatal(err)
		}
		data := t.TempDir()
		args, files := []string{"--data", data}, data
		if strings.HasPrefix(url, "postgres") {
			args, files = append(args, "--database", url), dataDirectory(t, url)
		}
		var log bytes.Buffer
		run := func(line ...string) *exec.Cmd {
			cmd := exec.Command(path, append(line, args...)...)
			cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
			cmd.Stderr = &log
			return cmd
		}
		if out, err := run("demo", "--once", "--no-files", "--days", "6", "--customers", "30", "--listen", "127.0.0.1:0", "--log-level", "debug").Output(); err != nil {
			t.Fatalf("%v\n%s\n%s", err, out, log.String())
		}
		key, err := run("admin", "key", "leak", "--scopes", "events:write,events:read,decisions:write,decisions:read,lists:write,lists:read,metrics:read").Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, log.String())
		}
		serve := run("serve", "--listen", "127.0.0.1:0", "--log-level", "debug", "--snapshot-every", "200ms")
		out, err := serve.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := serve.Start(); err != nil {
			t.Fatal(err)
		}
		stopped := false
		defer func() {
			if !stopped {
				serve.Process.Kill()
				serve.Wait()
			}
		}()
		address := addressOf(t, out)
		plant(t, address, strings.TrimSpace(string(key)))
		time.Sleep(500 * time.Millisecond) // snapshots are written
		metrics := request(t, "GET", address+"/metrics", strings.TrimSpace(string(key)), "")
		if found := leaks(metrics); len(found) > 0 {
			t.Errorf("the metrics hold %v", found)
		}
		checkpoint(t, url)
		scan(t, files)
		serve.Process.Signal(syscall.SIGTERM)
		if err := serve.Wait(); err != nil {
			t.Errorf("stop: %v", err)
		}
		stopped = true
		checkpoint(t, url)
		if n := scan(t, files) + scan(t, data); n < 5 {
			t.Errorf("only %d files were looked at", n)
		}
		if found := leaks(log.Bytes()); len(found) > 0 {
			t.Errorf("the log holds %v", found)
		}
	})
}

// addressOf waits for the address.
func addressOf(t *testing.T, out io.Reader) string {
	t.Helper()
	found := make(chan string, 1)
	go func() {
		var text []byte
		b := make([]byte, 4096)
		for {
			n, err := out.Read(b)
			text = append(text, b[:n]...)
			if m := regexp.MustCompile(`listens on (http://\S+)`).FindSubmatch(text); m != nil {
				found <- string(m[1])
				io.Copy(io.Discard, out)
				return
			}
			if err != nil {
				close(found)
				return
			}
		}
	}()
	select {
	case address := <-found:
		if address != "" {
			return address
		}
	case <-time.After(60 * time.Second):
	}
	t.Fatal("the server does not listen")
	return ""
}

func request(t *testing.T, method, address, key, body string) []byte {
	t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", fmt.Sprint("leak-", len(body)))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 500 {
		t.Fatalf("%s: %d %s %v", address, resp.StatusCode, text, err)
	}
	return text
}

// plant sends the values through every door: good events, bad ones, repetitions, lists, searches.
func plant(t *testing.T, address, key string) {
	t.Helper()
	person := fmt.Sprintf(`"customer_no":"C-leak","id_no":%q,"name":%q,"phone":%q`, planted["id"], planted["name"], planted["phone"])
	event := func(id, kind, data string) string {
		return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/leak","type":%q,"time":%q,"data":{%s}}`, id, kind, time.Now().Add(-time.Minute).UTC().Format(time.RFC3339), data)
	}
	text := fmt.Sprintf(`{"author":"customer","text":"%s，我叫%s，电话%s，住%s"}`, planted["text"], planted["name"], planted["phone"], planted["address"])
	application := event("1", "application.submitted", person+fmt.Sprintf(`,"amount":100000,"home_address":%q,"bank_card":%q,"statement":%s,"contacts":[{"name":%q,"phone":%q}]`,
		planted["address"], planted["card"], text, planted["name"], planted["phone"]))
	complaint := event("2", "complaint.received", person+`,"channel":"own","text":`+text)
	for _, body := range []string{application, application, complaint, event("3", "account.login", person+`,"phone":12`),
		event("4", "loan.drawn", person+`,"nmae":"x"`), `{"broken":` + text, strings.Replace(application, "100000", `"`+planted["phone"]+`"`, 1),
		strings.Replace(application, `"1"`, fmt.Sprintf("%q", "1"), 1)} {
		request(t, "POST", address+"/v1/decisions", key, body)
	}
	request(t, "POST", address+"/v1/events", key, "["+strings.Replace(complaint, `"id":"2"`, `"id":"5"`, 1)+","+`{"x":`+text+`}`+"]")
	request(t, "POST", address+"/v1/lists/agent_phones/entries", key,
		fmt.Sprintf(`{"entries":[{"kind":"phone","match":"exact","value":%q,"reason":"seen with %s"}]}`, planted["phone"], planted["phone"]))
	request(t, "GET", address+"/v1/decisions?q="+url.QueryEscape(planted["phone"]), key, "")
	request(t, "GET", address+"/v1/decisions?q="+url.QueryEscape(planted["name"]), key, "")
	if found := request(t, "GET", address+"/v1/decisions?q="+planted["phone"], key, ""); !bytes.Contains(found, []byte(`"C-leak"`)) && !bytes.Contains(found, []byte("dec_")) {
		t.Errorf("the planted events are not on record: %s", found)
	}
}

// dataDirectory is where the server of a PostgreSQL URL keeps its files.
func dataDirectory(t *testing.T, address string) (dir string) {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(`SHOW data_directory`).Scan(&dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// checkpoint has PostgreSQL write its buffers; SQLite's are in its files.
func checkpoint(t *testing.T, address string) {
	t.Helper()
	if !strings.HasPrefix(address, "postgres") {
		return
	}
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CHECKPOINT`); err != nil {
		t.Fatal(err)
	}
}
