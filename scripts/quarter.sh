#!/usr/bin/env bash
# Plays a simulated quarter through a server of its own and prints the governance report as JSON. Synthetic throughout.
#
#   scripts/quarter.sh dev|judge SEED [CUSTOMERS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bin/qingyuan demo --once --no-files --behaviour "$1" --seed "$2" --customers "${3:-4000}" --json --data "$dir" --listen 127.0.0.1:0
