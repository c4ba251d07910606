#!/usr/bin/env bash
# Runs every measurement of one kind and records it (scripts/record.sh).
#
#   scripts/measure.sh bench    the programs under bench/: how fast
#   scripts/measure.sh eval     `qingyuan eval …`: how well. Data that may not be shipped is looked for in $QINGYUAN_EVAL_DATA, by default
#                               ../shared/data; an evaluation whose data is absent is skipped and says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
data=${QINGYUAN_EVAL_DATA:-../shared/data}

# evaluate NAME FILE COMMAND… records one evaluation where its data is present.
evaluate() {
  local name=$1 file=$2
  shift 2
  if [ -e "$file" ]; then
    scripts/record.sh "$name" --data "$file" -- "$@"
  else
    echo "skipped $name: $file is not here (set QINGYUAN_EVAL_DATA)"
  fi
}

case ${1:-} in
  bench)
    for main in bench/*/main.go; do
      [ -e "$main" ] || { echo "no benchmark under bench/ yet"; exit; }
      directory=$(dirname "$main")
      go build -o "bin/$(basename "$directory").bench" "./$directory"
      scripts/record.sh "$(basename "$directory")" -- "bin/$(basename "$directory").bench"
    done
    ;;
  eval)
    evaluate lexicon "$data/text/cntp_perturbed.jsonl" bin/qingyuan eval lexicon --data "$data/text/cntp_perturbed.jsonl" --json
    ;;
  *) echo "usage: measure.sh bench|eval" >&2; exit 2 ;;
esac
