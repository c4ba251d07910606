#!/usr/bin/env bash
# Throws generated requests, good and bad, at the real program, after its OpenAPI document, once for each of some roles. Prints one JSON
# object: requests, answers with a server error, answers with a status that the document does not list.
#
#   scripts/schemathesis.sh [EXAMPLES]     examples per operation and role; 20 where not given
#
# Schemathesis lives in an environment of its own under bin/, made at the first run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
examples=${1:-20}
version=4.32.5
tool=bin/schemathesis/bin/schemathesis
if [ ! -x "$tool" ]; then
  python3 -m venv bin/schemathesis >&2
  bin/schemathesis/bin/pip install --quiet "schemathesis==$version" >&2
fi
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; rm -rf "$work" .schemathesis || true' EXIT
data=(--data "$work/data" --log-level error)
bin/qingyuan admin tenant main "${data[@]}" >/dev/null
read -ra roles <<<"${ROLES:-system analyst legal}"
for role in "${roles[@]}"; do
  bin/qingyuan admin key "schemathesis" --role "$role" --scopes all "${data[@]}" >"$work/$role.key"
done
bin/qingyuan serve --listen 127.0.0.1:0 "${data[@]}" >"$work/out" 2>"$work/log" &
server=$!
for _ in $(seq 150); do
  url=$(sed -n 's/.*listens on \(http[^ ]*\).*/\1/p' "$work/out")
  [ -z "$url" ] || break
  sleep 0.2
done
[ -n "$url" ] || { cat "$work/log" >&2; exit 1; }
for role in "${roles[@]}"; do
  # The stream never ends; the upload's body is any bytes.
  SCHEMATHESIS_HOOKS=schemathesis_hooks PYTHONPATH=scripts "$tool" --no-color run api/openapi.yaml --url "$url" --checks not_a_server_error,status_code_conformance --phases examples,coverage,fuzzing \
    --exclude-operation-id stream --max-examples "$examples" --workers 2 --seed 1 --continue-on-failure --no-shrink --warnings off --generation-database none \
    --suppress-health-check all --request-timeout 20 -H "Authorization: Bearer $(cat "$work/$role.key")" --report ndjson --report-ndjson-path "$work/$role.ndjson" >"$work/$role.txt" 2>&1 ||
    tail -n 80 "$work/$role.txt" >&2
done
kill -0 "$server" || { echo "the server died" >&2; cat "$work/log" >&2; exit 1; }
[ -z "${KEEP:-}" ] || cp -r "$work" "$KEEP"
python3 - "$version" "$work" "${roles[@]}" <<'PYTHON'
import json, re, sys
version, work, roles = sys.argv[1], sys.argv[2], sys.argv[3:]
result = {"schemathesis": version, "operations": 0, "requests": 0, "server_errors": 0, "undocumented_statuses": 0, "roles": {}}
for role in roles:
    statuses, errors, undocumented = {}, 0, 0
    for line in open(f"{work}/{role}.ndjson", encoding="utf-8"):
        event = json.loads(line)
        text = json.dumps(event)
        for scenario in [event.get("ScenarioFinished")] if "ScenarioFinished" in event else []:
            recorder = scenario.get("recorder") or {}
            for one in (recorder.get("interactions") or {}).values():
                response = one.get("response")
                if response:
                    status = str(response["status_code"])
                    statuses[status] = statuses.get(status, 0) + 1
            for checks in (recorder.get("checks") or {}).values():
                for check in checks:
                    if check.get("status") == "failure":
                        errors += check["name"] == "not_a_server_error"
                        undocumented += check["name"] == "status_code_conformance"
    result["roles"][role] = {"statuses": dict(sorted(statuses.items())), "server_errors": errors, "undocumented_statuses": undocumented}
    result["requests"] += sum(statuses.values())
    result["server_errors"] += errors
    result["undocumented_statuses"] += undocumented
document = open("api/openapi.yaml", encoding="utf-8").read()
result["operations"] = len(re.findall(r"^      operationId: ", document, re.M)) - 1  # without the stream
print(json.dumps(result))
sys.exit(0 if result["requests"] > 1000 else "too few requests: did it run?")
PYTHON
