package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// wire is one persistent HTTP/1.1 connection that sends a request at a time. It is far cheaper than net/http's client, so that what is
// measured on a small machine is the server.
type wire struct {
	conn    net.Conn
	host    string
	key     string
	in, out []byte
}

func dial(host, key string) (*wire, error) {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return nil, err
	}
	return &wire{conn: conn, host: host, key: key, in: make([]byte, 0, 16<<10)}, nil
}

func (w *wire) close() { w.conn.Close() }

// begin writes the head of a POST into the output buffer, with room for the length of the body.
func (w *wire) begin(path, media string, length int) {
	w.out = append(w.out[:0], "POST "...)
	w.out = append(append(w.out, path...), " HTTP/1.1\r\nHost: "...)
	w.out = append(append(w.out, w.host...), "\r\nAuthorization: Bearer "...)
	w.out = append(append(w.out, w.key...), "\r\nContent-Type: "...)
	w.out = append(append(w.out, media...), "\r\nContent-Length: "...)
	w.out = append(strconv.AppendInt(w.out, int64(length), 10), "\r\n\r\n"...)
}

// send writes the output buffer and reads the answer, whose body is valid until the next call.
func (w *wire) send() (status int, body []byte, err error) {
	w.conn.SetDeadline(time.Now().Add(2 * time.Minute))
	if _, err := w.conn.Write(w.out); err != nil {
		return 0, nil, err
	}
	w.in = w.in[:0]
	head := -1
	for head < 0 {
		if err := w.more(); err != nil {
			return 0, nil, err
		}
		head = bytes.Index(w.in, []byte("\r\n\r\n"))
	}
	if len(w.in) < 12 {
		return 0, nil, fmt.Errorf("not an HTTP answer: %q", w.in)
	}
	if status, err = strconv.Atoi(string(w.in[9:12])); err != nil {
		return 0, nil, fmt.Errorf("not an HTTP answer: %q", w.in[:12])
	}
	length, err := contentLength(w.in[:head])
	if err != nil {
		return 0, nil, err
	}
	for len(w.in) < head+4+length {
		if err := w.more(); err != nil {
			return 0, nil, err
		}
	}
	return status, w.in[head+4 : head+4+length], nil
}

func (w *wire) more() error {
	if len(w.in) == cap(w.in) {
		w.in = append(w.in, 0)[:len(w.in)]
	}
	n, err := w.conn.Read(w.in[len(w.in):cap(w.in)])
	w.in = w.in[:len(w.in)+n]
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

func contentLength(head []byte) (int, error) {
	const name = "\r\nContent-Length: "
	_, rest, found := bytes.Cut(head, []byte(name))
	if !found {
		return 0, fmt.Errorf("an answer without Content-Length: %q", head)
	}
	value, _, _ := bytes.Cut(rest, []byte("\r\n"))
	return strconv.Atoi(string(value))
}

// post sends one request and wants a 2xx answer.
func (w *wire) post(path, media string, body []byte) ([]byte, error) {
	w.begin(path, media, len(body))
	w.out = append(w.out, body...)
	status, answer, err := w.send()
	if err != nil {
		return nil, err
	}
	if status/100 != 2 {
		return nil, fmt.Errorf("POST %s: %d %s", path, status, answer)
	}
	return answer, nil
}
