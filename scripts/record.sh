#!/usr/bin/env bash
# Runs a measurement and keeps its figures with what they depend on.
#
#   scripts/record.sh NAME [--data FILE]… -- COMMAND…
#
# COMMAND prints one JSON object on its standard output. It goes to bench/results/NAME.json under "result", beside the command, the commit
# (and whether the tree had changes), the date, the processor, the SHA-256 of each data file, and the time and CPU time it took.
# A command that fails writes nothing.
set -euo pipefail
export PYTHONIOENCODING=utf-8
exec python3 - "$@" <<'PYTHON'
import datetime, hashlib, json, os, platform, resource, shlex, subprocess, sys, time

def git(*args):
    done = subprocess.run(["git", *args], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""

def processor():
    try:
        with open("/proc/cpuinfo") as info:
            return next(line.split(":", 1)[1].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()

def sha256(path):
    with open(path, "rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()

args = sys.argv[1:]
if "--" not in args or args.index("--") == 0 or args.index("--") == len(args) - 1:
    sys.exit("usage: record.sh NAME [--data FILE]... -- COMMAND...")
split = args.index("--")
name, command = args[0], args[split + 1:]
data = [a for a in args[1:split] if a != "--data"]

record = {
    "name": name,
    "command": shlex.join(command),
    "commit": git("rev-parse", "HEAD"),
    "changed": bool(git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results")),
    "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    "cpu": {"model": processor(), "count": os.cpu_count(), "load_before": round(os.getloadavg()[0], 2)},
    "data": [{"file": os.path.basename(f), "sha256": sha256(f)} for f in data],
}

def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

begun, cpu_begun = time.monotonic(), cpu_of_children()
done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
record["seconds"] = round(time.monotonic() - begun, 3)
record["cpu_seconds"] = round(cpu_of_children() - cpu_begun, 3)
if done.returncode != 0:
    sys.exit(f"record.sh: {name}: the command failed with status {done.returncode}")
try:
    record["result"] = json.loads(done.stdout)
except ValueError as why:
    sys.exit(f"record.sh: {name}: the command did not print one JSON object: {why}")

os.makedirs("bench/results", exist_ok=True)
with open(f"bench/results/{name}.json", "w", encoding="utf-8") as out:
    json.dump(record, out, ensure_ascii=False, indent=2)
    out.write("\n")
print(json.dumps({"name": name, **record["result"]}, ensure_ascii=False))
PYTHON
