#!/usr/bin/env bash
# Plays a simulated quarter through a server of its own and prints the governance report as JSON. Synthetic throughout.
#
#   scripts/quarter.sh dev|dev-varied|judge SEED [CUSTOMERS]
#   scripts/quarter.sh table          the recorded quarters side by side (bench/results/quarter-*.json)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ "$1" = table ]; then
  exec python3 - bench/results/quarter-*.json <<'PY'
import json, sys
runs = [json.load(open(f, encoding="utf-8"))["result"]["governance"] for f in sys.argv[1:]]
print("recall / precision".ljust(20), *(f'{g["config"]["Behaviour"]} {g["config"]["Seed"]}'.rjust(16) for g in runs))
def row(name, score):
    print(name.ljust(20), *(f'{score(g)["recall"]:.2f} / {score(g)["precision"]:.2f} ({score(g)["cases"]})'.rjust(16) for g in runs))
for i in range(9):
    row(f"T{i + 1}", lambda g: g["typologies"][i])
for name in ("people", "posts", "all", "visible"):
    row(name, lambda g: g[name])
for name in ("hardship", "honest"):
    people = [g["populations"][name] for g in runs]
    print(f"{name} flagged".ljust(20), *(f'{p["flagged"]} of {p["people"]}'.rjust(16) for p in people))
print("left out of visible:", ", ".join(l["typology"] for l in runs[0]["left_out"]))
PY
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bin/qingyuan demo --once --no-files --no-planted --behaviour "$1" --seed "$2" --customers "${3:-4000}" --json --data "$dir" --listen 127.0.0.1:0
