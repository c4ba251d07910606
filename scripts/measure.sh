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
    evaluate intents testdata/text/intents_test.jsonl \
      bin/qingyuan eval text --model internal/prevent/text/classify/models/intent.qym --data testdata/text/intents_test.jsonl --json
    evaluate text-fbs "$data/text/fbs_sms4.jsonl" scripts/holdout.sh text "$data/text/fbs_sms4.jsonl" label
    evaluate text-teleanti "$data/text/teleanti_dialogues.jsonl" scripts/holdout.sh text "$data/text/teleanti_dialogues.jsonl" label
    evaluate model-credit testdata/uci_credit_default.csv scripts/holdout.sh model testdata/uci_credit_default.csv y
    evaluate model-credit-api testdata/uci_credit_default.csv scripts/holdout.sh api testdata/uci_credit_default.csv y
    evaluate model-claims "$data/tabular/vehicle_claim_fraud.csv" scripts/holdout.sh model "$data/tabular/vehicle_claim_fraud.csv" y
    scripts/record.sh api-fuzz --data api/openapi.yaml -- scripts/schemathesis.sh
    evaluate quarter-dev internal/prevent/decision/rulesets/default.yaml scripts/quarter.sh dev 61 3000
    evaluate quarter-dev-varied internal/prevent/decision/rulesets/default.yaml scripts/quarter.sh dev-varied 61 3000
    evaluate quarter-judge internal/prevent/decision/rulesets/default.yaml scripts/quarter.sh judge 204 3000
    scripts/quarter.sh table
    ;;
  *) echo "usage: measure.sh bench|eval" >&2; exit 2 ;;
esac
