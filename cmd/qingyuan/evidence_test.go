package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"qingyuan/internal/handle/evidence/verify"
)

// upload holds one file and returns the exhibit's id; empty where it was not acknowledged.
func upload(client *http.Client, url, key, text string) string {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", "post.txt")
	if err != nil {
		return ""
	}
	fmt.Fprint(file, text)
	form.WriteField("meta", `{"matter":"case_1","capture":{"name":"post.txt","channel":"portal","origin":"https://example.org/1","at":"2026-03-04T05:06:07Z","clock":"ntp","method":"export"}}`)
	form.Close()
	req, err := http.NewRequest("POST", url+"/v1/exhibits", &body)
	if err != nil {
		return ""
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", form.FormDataContentType())
	resp, err := client.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	var v struct{ ID string }
	if json.NewDecoder(resp.Body).Decode(&v) != nil || resp.StatusCode != http.StatusCreated {
		return ""
	}
	return v.ID
}

// TestKillWhileRecording: the real server is killed again and again while files come in. Whatever it acknowledged is there,
// every record is in the log, none twice, and an independent program finds the root that the checkpoint states.
func TestKillWhileRecording(t *testing.T) {
	data := t.TempDir()
	args := []string{"--data", data}
	key := newKey(t, args, "exhibits:write")
	var mu sync.Mutex
	var acknowledged []string
	for round := range 3 {
		r := launch(t, args)
		stop := make(chan struct{})
		var writers sync.WaitGroup
		for w := range 16 {
			writers.Go(func() {
				client := &http.Client{Timeout: 5 * time.Second}
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					if id := upload(client, r.url, key, fmt.Sprintf("file %d %d %d", round, w, i)); id != "" {
						mu.Lock()
						acknowledged = append(acknowledged, id)
						mu.Unlock()
					}
				}
			})
		}
		time.Sleep(time.Duration(250+130*round) * time.Millisecond)
		syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL)
		close(stop)
		writers.Wait()
		r.cmd.Wait()
	}
	if len(acknowledged) < 100 {
		t.Fatalf("only %d files were acknowledged", len(acknowledged))
	}
	logged := awaitLog(t, launch(t, args), data)
	t.Logf("%d acknowledged, %d in the log", len(acknowledged), logged)
	if logged < len(acknowledged) {
		t.Errorf("%d acknowledged, %d in the log", len(acknowledged), logged)
	}
	db := openRaw(t, data)
	for _, id := range acknowledged {
		var n int
		if err := db.QueryRow(`SELECT COUNT(*) FROM exhibit_record r JOIN exhibit_leaf l ON l.tenant = r.tenant AND l.record = r.id WHERE r.exhibit = ?`, id).Scan(&n); err != nil || n != 1 {
			t.Fatalf("acknowledged exhibit %s: %d records in the log, %v", id, n, err)
		}
	}
	script := filepath.Join(t.TempDir(), "verify.py")
	if err := os.WriteFile(script, verify.Script, 0o600); err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(filepath.Join(data, "keys", "evidence.key.pub"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("python3", script, "--log", filepath.Join(data, "evidence", "tiles"), strings.TrimSpace(string(public))).CombinedOutput()
	if want := fmt.Sprintf("OK %d entries, none twice", logged); err != nil || !strings.HasPrefix(string(out), want) {
		t.Errorf("the independent check says %s (%v), want %s", out, err, want)
	}
}

// openRaw opens the database beside the server, to read only.
func openRaw(t *testing.T, data string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "qingyuan.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// awaitLog waits until the log holds every record, stops the server and returns their number.
func awaitLog(t *testing.T, r *running, data string) (logged int) {
	t.Helper()
	db := openRaw(t, data)
	for range 300 {
		var pending int
		if err := db.QueryRow(`SELECT (SELECT COUNT(*) FROM exhibit_record) - (SELECT COUNT(*) FROM exhibit_leaf), (SELECT COUNT(*) FROM exhibit_leaf)`).Scan(&pending, &logged); err != nil {
			t.Fatal(err)
		}
		if pending == 0 {
			time.Sleep(500 * time.Millisecond) // for the checkpoint
			r.stop(t)
			return logged
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the log does not get every record")
	return 0
}
