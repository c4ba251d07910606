package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"qingyuan"
	"qingyuan/internal/api"
)

// importCommand sends a file to a running server, shows its dry run, and confirms it.
type importCommand struct {
	File    string        `arg:"" type:"existingfile" help:"CSV, JSON lines, Parquet, xlsx, or a zip of them."`
	Mapping string        `help:"Mapping of its columns: name, or name@revision. Without one it holds CloudEvents as JSON lines."`
	Server  string        `help:"Address of the server." default:"http://127.0.0.1:8080" env:"QINGYUAN_SERVER"`
	Key     string        `help:"API key with imports:read and imports:write." env:"QINGYUAN_KEY" required:""`
	Confirm bool          `help:"Store the good rows; without it only the dry run is made."`
	Publish string        `help:"First publish this mapping (YAML)." type:"existingfile"`
	Resume  string        `help:"Go on watching this import instead of sending the file again."`
	Every   time.Duration `help:"How often to ask how far it is." default:"500ms" hidden:""`
}

// Run prints the dry run's refusals and the final report; an import that failed is an error.
func (c *importCommand) Run(ctx context.Context) error {
	if c.Publish != "" {
		if err := c.publish(ctx); err != nil {
			return err
		}
	}
	var i api.ImportView
	var err error
	if c.Resume != "" {
		i.ID = c.Resume
	} else if i, err = c.send(ctx); err != nil {
		return err
	}
	if i, err = c.watch(ctx, i.ID, "checking"); err != nil {
		return err
	}
	if i.State == "checked" {
		fmt.Printf("%s: %d rows, %d would be refused\n", i.ID, i.DryRun.Rows, i.DryRun.Refused)
		if i.DryRun.Refused > 0 {
			if err := c.refused(ctx, i.ID, true); err != nil {
				return err
			}
		}
		if !c.Confirm {
			fmt.Printf("confirm with --confirm --resume %s\n", i.ID)
			return nil
		}
		body, _ := json.Marshal(map[string]int64{"refused": i.DryRun.Refused}) // numbers always marshal
		if err := c.call(ctx, http.MethodPost, "/v1/imports/"+i.ID+"/confirm", bytes.NewReader(body), &i); err != nil {
			return err
		}
	}
	if i, err = c.watch(ctx, i.ID, "running"); err != nil {
		return err
	}
	if i.State != "done" {
		return qingyuan.Errorf(qingyuan.Invalid, "the import is %s: %s", i.State, i.Error)
	}
	fmt.Printf("%s: %d rows = %d stored + %d repeated + %d refused\n", i.ID, i.Result.Rows, i.Result.Stored, i.Result.Repeated, i.Result.Refused)
	return nil
}

func (c *importCommand) publish(ctx context.Context) error {
	text, err := os.ReadFile(c.Publish)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"text": string(text)})
	if err != nil {
		return err
	}
	var v api.MappingView
	if err := c.call(ctx, http.MethodPost, "/v1/mappings", bytes.NewReader(body), &v); err != nil {
		return err
	}
	fmt.Printf("mapping %s@%d\n", v.Name, v.Revision)
	return nil
}

func (c *importCommand) send(ctx context.Context) (i api.ImportView, err error) {
	f, err := os.Open(c.File)
	if err != nil {
		return i, err
	}
	defer f.Close()
	q := url.Values{"name": {filepath.Base(c.File)}, "mapping": {c.Mapping}}
	return i, c.call(ctx, http.MethodPost, "/v1/imports?"+q.Encode(), f, &i)
}

// watch asks until the import has left the state.
func (c *importCommand) watch(ctx context.Context, id, state string) (i api.ImportView, err error) {
	bar := newProgress(os.Stderr, id, 0)
	for {
		if err := c.call(ctx, http.MethodGet, "/v1/imports/"+id, nil, &i); err != nil {
			return i, err
		}
		done := i.Result.Rows
		if state == "checking" {
			done = i.DryRun.Rows
		} else {
			bar.total = int(i.DryRun.Rows)
		}
		bar.show(int(done))
		if i.State != state {
			bar.end(int(done))
			return i, nil
		}
		select {
		case <-ctx.Done():
			return i, ctx.Err()
		case <-time.After(c.Every):
		}
	}
}

// refused copies the refused rows to standard output.
func (c *importCommand) refused(ctx context.Context, id string, dry bool) error {
	r, err := c.ask(ctx, http.MethodGet, fmt.Sprintf("/v1/imports/%s/refused?dry=%t", id, dry), nil)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(os.Stdout, r)
	return err
}

func (c *importCommand) call(ctx context.Context, method, path string, body io.Reader, out any) error {
	r, err := c.ask(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer r.Close()
	return json.NewDecoder(r).Decode(out)
}

// ask sends one request; an answer that is a problem becomes its error.
func (c *importCommand) ask(ctx context.Context, method, path string, body io.Reader) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.Server, "/")+path, body)
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "not an address of a server")
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	if _, file := body.(*os.File); file {
		req.Header.Set("Content-Type", "application/octet-stream")
	} else if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "the server cannot be reached")
	}
	if resp.StatusCode < 300 {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	var p api.Problem
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&p); err != nil || p.Code == "" {
		return nil, qingyuan.Errorf(qingyuan.Unavailable, "the server answered %s", resp.Status)
	}
	return nil, &qingyuan.Error{Code: p.Code, Field: p.Field, Message: p.Detail}
}
