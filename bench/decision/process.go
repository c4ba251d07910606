package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clockTick is how long a tick of /proc/PID/stat is: USER_HZ is 100 on every Linux platform Go runs on.
const clockTick = 10 * time.Millisecond

// stat reads the fields of /proc/PID/stat from the third (state) on.
func stat(pid int) ([]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	at := bytes.LastIndexByte(text, ')')
	fields := strings.Fields(string(text[at+1:]))
	if at < 0 || len(fields) < 15 {
		return nil, fmt.Errorf("/proc/%d/stat is not as expected", pid)
	}
	return fields, nil
}

// cpuOf is the CPU time a process has used, user and system, and that of children it has waited for where children is set.
func cpuOf(pid int, children bool) (time.Duration, error) {
	fields, err := stat(pid)
	if err != nil {
		return 0, err
	}
	last := 12 // utime and stime; then cutime and cstime
	if children {
		last = 14
	}
	var ticks int64
	for _, f := range fields[11 : last+1] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

// cpuOfTree is the CPU time of a process and its direct children, those that have ended included.
func cpuOfTree(parent int) (time.Duration, error) {
	total, err := cpuOf(parent, true)
	if err != nil {
		return 0, err
	}
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range all {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		fields, err := stat(pid)
		if err != nil || fields[1] != strconv.Itoa(parent) {
			continue // gone meanwhile, or another's
		}
		if used, err := cpuOf(pid, false); err == nil {
			total += used
		}
	}
	return total, nil
}

// ownCPU is the CPU time of this process.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// field reads a number behind a name in a file of /proc, in the unit it is kept in; 0 where it is not there.
func field(path, name string) int64 {
	text, _ := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, name+":"); found {
			if f := strings.Fields(rest); len(f) > 0 {
				n, _ := strconv.ParseInt(f[0], 10, 64)
				return n
			}
		}
	}
	return 0
}

// memoryMB reads a size from /proc/PID/status.
func memoryMB(pid int, name string) float64 {
	return rounded(float64(field(fmt.Sprintf("/proc/%d/status", pid), name))/1024, 1)
}

// writtenBytes is what a process has caused to be written to disk.
func writtenBytes(pid int) int64 { return field(fmt.Sprintf("/proc/%d/io", pid), "write_bytes") }

// load is the load average of the last minute.
func load() float64 {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	n, _ := strconv.ParseFloat(first, 64)
	return n
}

// Machine is what the figures depend on besides the program.
type Machine struct {
	CPU      string  `json:"cpu"`
	Cores    int     `json:"cores"`
	MemoryMB int64   `json:"memory_mb"`
	Kernel   string  `json:"kernel"`
	Go       string  `json:"go"`
	SyncUS   float64 `json:"sync_us"` // median of 50 writes of 4 KiB, each followed by fdatasync, in the data directory
	Load     float64 `json:"load_at_start"`
}

func machine(dir string) (m Machine, err error) {
	m = Machine{Cores: runtime.NumCPU(), Go: runtime.Version(), Load: load(), MemoryMB: field("/proc/meminfo", "MemTotal") / 1024}
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	m.Kernel = strings.TrimSpace(string(kernel))
	m.SyncUS, err = syncTime(dir)
	return m, err
}

func syncTime(dir string) (float64, error) {
	f, err := os.CreateTemp(dir, "sync-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	took := make([]float64, 50)
	block := make([]byte, 4096)
	for i := range took {
		began := time.Now()
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return 0, err
		}
		took[i] = float64(time.Since(began).Microseconds())
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
