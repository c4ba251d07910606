#!/usr/bin/env bash
# Trains on 70 % of a file and prints the evaluation of the other 30 % as JSON.
#
#   scripts/holdout.sh model FILE.csv TARGET [SEED]
#   scripts/holdout.sh api FILE.csv TARGET [SEED]       the other 30 % goes through the API, to decisions by a ruleset that names the model
#   scripts/holdout.sh text FILE.jsonl LABEL [SEED]     rows of one dup_cluster stay on one side
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
kind=$1 file=$2 target=$3 seed=${4:-1}
if [ "$kind" = api ]; then
  QINGYUAN_HOLDOUT=$(realpath "$file") QINGYUAN_HOLDOUT_TARGET=$target QINGYUAN_HOLDOUT_SEED=$seed \
    go test ./internal/api -run '^TestHoldout$' -v -count 1 -timeout 30m | sed -n 's/^holdout: //p; /^--- FAIL/,$p' >&1
  exit "${PIPESTATUS[0]}"
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 - "$kind" "$file" "$seed" "$dir" <<'PY'
import json, random, sys
kind, path, seed, out = sys.argv[1:]
rng = random.Random(int(seed))
with open(path, encoding="utf-8") as f:
    head = f.readline() if kind == "model" else ""
    side = {}
    with open(f"{out}/train", "w", encoding="utf-8") as train, open(f"{out}/test", "w", encoding="utf-8") as test:
        train.write(head)
        test.write(head)
        for n, line in enumerate(f):
            group = json.loads(line).get("dup_cluster", f"row {n}") if kind == "text" else n
            if group not in side:
                side[group] = rng.random() < 0.7
            (train if side[group] else test).write(line)
PY
case $kind in
  model)
    bin/qingyuan train model --data "$dir/train" --target "$target" --seed "$seed" --out "$dir/model" >&2
    bin/qingyuan eval model --model "$dir/model" --data "$dir/test" --target "$target" --json
    ;;
  text)
    bin/qingyuan train text --data "$dir/train" --label "$target" --seed "$seed" --out "$dir/model" >&2
    bin/qingyuan eval text --model "$dir/model" --data "$dir/test" --label "$target" --json
    ;;
  *) echo "usage: holdout.sh model|api|text FILE TARGET [SEED]" >&2; exit 2 ;;
esac
