package verify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"qingyuan"
	"qingyuan/internal/handle/evidence"
	"qingyuan/internal/handle/evidence/stamp"
	"qingyuan/internal/handle/evidence/tlog"
	"qingyuan/internal/handle/evidence/verify"
	"qingyuan/internal/keys"
	"qingyuan/internal/store/storetest"
)

const tenant = storetest.Tenant

// handedOver is exhibits with their receipts on disk, as a stranger gets them, and the log they are proven by.
type handedOver struct {
	dir, tiles, key string
	files           []string // with FILE.receipt.json beside each
}

// handOver records n exhibits and writes what a stranger gets.
func handOver(t *testing.T, n int) *handedOver {
	t.Helper()
	dir := t.TempDir()
	db := storetest.Open(t, filepath.Join(dir, "q.db"), keys.Migrations(), evidence.Migrations())
	ring, err := keys.New(keys.Config{DB: db, KEK: bytes.Repeat([]byte{9}, 32)})
	if err == nil {
		err = ring.CreateTenant(t.Context(), tenant)
	}
	if err != nil {
		t.Fatal(err)
	}
	h := &handedOver{dir: filepath.Join(dir, "out"), tiles: filepath.Join(dir, "tiles")}
	log, err := tlog.Open(t.Context(), tlog.Config{Dir: h.tiles, Key: filepath.Join(dir, "log.key"), Origin: "log.test/evidence"})
	if err != nil {
		t.Fatal(err)
	}
	h.key = log.Key()
	s, err := evidence.NewService(evidence.Config{DB: db, Keys: ring, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	go s.Feed(t.Context())
	var ids []string
	for i := range n {
		raw := []byte(strings.Repeat(fmt.Sprintf("证据 %d\x00\xff", i), 1+i*7))
		e, err := s.Record(t.Context(), tenant, qingyuan.Actor{Kind: qingyuan.ActorUser, ID: "acc_a"}, evidence.New{Bytes: raw, Capture: evidence.Capture{
			Name: "录音.wav", Channel: "hotline", Origin: "PBX", By: "acc_a", Clock: "ntp", Method: "export", At: time.Now()}})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.ID)
		h.files = append(h.files, filepath.Join(h.dir, fmt.Sprintf("%04d.bin", i)))
		if err := os.MkdirAll(h.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		h.write(t, h.files[i], raw)
	}
	for i, id := range ids {
		receipts, err := s.Receipts(t.Context(), tenant, id)
		for tries := 0; qingyuan.CodeOf(err) == qingyuan.Conflict && tries < 100; tries++ {
			time.Sleep(50 * time.Millisecond)
			receipts, err = s.Receipts(t.Context(), tenant, id)
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(receipts[0])
		if err != nil {
			t.Fatal(err)
		}
		h.write(t, h.files[i]+".receipt.json", text)
	}
	if err := log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *handedOver) write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a program on a script and returns what it says.
func run(t *testing.T, program string, script []byte, args ...string) (string, bool) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is needed: it is the stranger who checks", program)
	}
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, script, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path, append([]string{file}, args...)...).CombinedOutput()
	return string(out), err == nil
}

// The drivers take either verifier over files and their receipts, whole and with single bits changed in file and receipt:
// they print, in one process, "whole N changed N refused N".
const pythonDriver = `
import json, sys
def main_loop(args):
    whole = changed = refused = 0
    for name in args:
        raw = open(name, "rb").read()
        text = open(name + ".receipt.json", encoding="utf-8").read()
        check_receipt(raw, json.loads(text)); whole += 1
        for part in ("file", "record", "salt", "proof"):
            receipt = json.loads(text); data = bytearray(raw)
            if part == "file": data[len(data) // 2] ^= 1 << (whole % 8)
            elif part == "proof": p = receipt["proof"]; i = 30 + (whole * 37) % (len(p) - 31); receipt["proof"] = p[:i] + chr(ord(p[i]) ^ 1) + p[i + 1:]
            else:
                b = bytearray(base64.b64decode(receipt[part])); b[(whole * 11) % len(b)] ^= 4; receipt[part] = base64.b64encode(bytes(b)).decode()
            changed += 1
            try: check_receipt(bytes(data), receipt)
            except (Refused, ValueError, KeyError, IndexError): refused += 1
            else: print("ACCEPTED", name, part)
    print("whole %d changed %d refused %d" % (whole, changed, refused))
main_loop(sys.argv[1:])
`

const nodeDriver = `
const fs = require("fs"); let whole = 0, changed = 0, refused = 0;
for (const name of process.argv.slice(2)) {
  const raw = new Uint8Array(fs.readFileSync(name)), text = fs.readFileSync(name + ".receipt.json", "utf8");
  checkReceipt(raw, JSON.parse(text)); whole++;
  for (const part of ["file", "record", "salt", "proof"]) {
    const receipt = JSON.parse(text), data = Uint8Array.from(raw);
    if (part === "file") data[data.length >> 1] ^= 1 << (whole % 8);
    else if (part === "proof") { const p = receipt.proof, i = 30 + (whole * 37) % (p.length - 31); receipt.proof = p.slice(0, i) + String.fromCharCode(p.charCodeAt(i) ^ 1) + p.slice(i + 1); }
    else { const b = Buffer.from(receipt[part], "base64"); b[(whole * 11) % b.length] ^= 4; receipt[part] = b.toString("base64"); }
    changed++;
    try { checkReceipt(data, receipt); console.log("ACCEPTED", name, part); } catch { refused++; }
  }
}
console.log("whole " + whole + " changed " + changed + " refused " + refused);
`

// TestStrangers: both verifiers, which share no code with this program, accept every exhibit and refuse every single changed
// bit; the script accepts the log, and a stamp, and refuses a log with one entry changed.
func TestStrangers(t *testing.T) {
	h := handOver(t, 12)
	want := "whole 12 changed 48 refused 48\n"
	library, _, _ := strings.Cut(string(verify.Script), `if __name__ == "__main__"`)
	if out, ok := run(t, "python3", []byte(library+pythonDriver), h.files...); !ok || out != want {
		t.Errorf("python: %s", out)
	}
	script := regexp.MustCompile(`(?s)<script>(.*)// ---- page`).FindSubmatch(verify.Page)
	if out, ok := run(t, "node", []byte(string(script[1])+nodeDriver), h.files...); !ok || out != want {
		t.Errorf("page: %s", out)
	}
	if out, ok := run(t, "python3", verify.Script, h.files[0], h.files[0]+".receipt.json"); !ok || !strings.HasPrefix(out, "OK exhibit exh_") {
		t.Errorf("one exhibit: %s", out)
	}
	if out, ok := run(t, "python3", verify.Script, h.files[0], h.files[1]+".receipt.json"); ok || !strings.HasPrefix(out, "REFUSED") {
		t.Errorf("another's receipt: %s", out)
	}
	if out, ok := run(t, "python3", verify.Script, "--log", h.tiles, h.key); !ok || !strings.HasPrefix(out, "OK 12 entries") {
		t.Errorf("the log: %s", out)
	}
	h.stamped(t)
	bundles, err := filepath.Glob(filepath.Join(h.tiles, "tile/entries/*.p/12"))
	if err != nil || len(bundles) != 1 {
		t.Fatalf("%v, %v", bundles, err)
	}
	raw, err := os.ReadFile(bundles[0])
	if err != nil {
		t.Fatal(err)
	}
	raw[50] ^= 1
	if err := os.Chmod(bundles[0], 0o600); err != nil {
		t.Fatal(err)
	}
	h.write(t, bundles[0], raw)
	if out, ok := run(t, "python3", verify.Script, "--log", h.tiles, h.key); ok || !strings.HasPrefix(out, "REFUSED") {
		t.Errorf("a log with an entry changed: %s", out)
	}
}

// stamped has the script check a stamp over the log's checkpoint, and over another one.
func (h *handedOver) stamped(t *testing.T) {
	t.Helper()
	authority, err := stamp.NewTestAuthority(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	checkpoint := filepath.Join(h.tiles, "checkpoint")
	data, err := os.ReadFile(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	response, err := authority.Stamp(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	token, ca, other := filepath.Join(h.dir, "c.tsr"), filepath.Join(h.dir, "ca.pem"), filepath.Join(h.dir, "other")
	h.write(t, token, response)
	h.write(t, ca, authority.RootPEM())
	h.write(t, other, append(data, '\n'))
	if out, ok := run(t, "python3", verify.Script, "--stamp", checkpoint, token, ca); !ok || !strings.Contains(out, "2.999.3161.1") {
		t.Errorf("the stamp: %s", out)
	}
	if out, ok := run(t, "python3", verify.Script, "--stamp", other, token, ca); ok || !strings.HasPrefix(out, "REFUSED") {
		t.Errorf("the stamp of another checkpoint: %s", out)
	}
}
