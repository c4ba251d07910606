#!/usr/bin/env bash
# A throw-away PostgreSQL cluster for tests, on loopback at a free port.
#
#   scripts/postgres.sh start [NAME]     start it and print its URL; a running one is left as it is
#   scripts/postgres.sh url [NAME]       print the URL of the running one
#   scripts/postgres.sh restart [NAME]   stop it at once, as a crash would, and start it again at the same port
#   scripts/postgres.sh stop [NAME]      stop it and delete its data
#   scripts/postgres.sh with COMMAND…    start one of its own, run COMMAND with QINGYUAN_TEST_POSTGRES set, stop it
#
# NAME tells clusters apart; the default is "test". Collation is C. PostgreSQL refuses to run as root, so root runs it as user
# postgres. QINGYUAN_POSTGRES_FSYNC=off trades durability on power loss for speed; the default is on.
set -euo pipefail

fail() { echo "postgres.sh: $*" >&2; exit 1; }

as_server() {
  if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

# programs prints the directory of initdb and pg_ctl: Debian keeps them out of PATH.
programs() {
  local dir
  for dir in "$(dirname "$(command -v pg_ctl || echo /)")" $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
    if [ -x "$dir/initdb" ]; then echo "$dir"; return; fi
  done
  fail "PostgreSQL is not installed: run 'make setup'"
}

free_port() {
  local port
  for _ in $(seq 50); do
    port=$((15000 + RANDOM % 15000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "$port"; return; fi
  done
  fail "found no free port"
}

running() { [ -s "$home/url" ] && as_server "$bin/pg_ctl" -D "$home/data" status >/dev/null 2>&1; }

launch() {
  as_server "$bin/pg_ctl" -D "$home/data" -l "$home/log" -w -t 60 \
    -o "-p $1 -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 -c fsync=${QINGYUAN_POSTGRES_FSYNC:-on}" \
    start >/dev/null
}

create() {
  rm -rf "$home"
  mkdir -m 700 "$home"
  (umask 077; od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$home/password")
  [ "$(id -u)" -ne 0 ] || chown -R postgres "$home"
  as_server "$bin/initdb" -D "$home/data" --username=postgres --pwfile="$home/password" --auth=password \
    --locale=C.UTF-8 --encoding=UTF8 --no-sync >"$home/initdb.log" || fail "initdb failed: see $home/initdb.log"
}

start() {
  if running; then cat "$home/url"; return; fi
  create
  local port
  for _ in 1 2 3; do
    port=$(free_port)
    if launch "$port"; then
      echo "postgres://postgres:$(cat "$home/password")@127.0.0.1:$port/postgres?sslmode=disable" | tee "$home/url"
      return
    fi
  done
  cat "$home/log" >&2
  fail "PostgreSQL did not start"
}

restart() {
  running || fail "not running"
  local port
  port=$(sed -E 's|.*:([0-9]+)/.*|\1|' "$home/url")
  as_server "$bin/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null
  launch "$port"
}

stop() {
  if running; then as_server "$bin/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null; fi
  rm -rf "$home"
}

action=${1:-}
name=${2:-test}
[ "$action" != with ] || name=with-$$
case $name in *[!A-Za-z0-9_-]*) fail "NAME holds letters, digits, - and _ only" ;; esac
cd /
bin=$(programs)
home=${QINGYUAN_POSTGRES_HOME:-/tmp}/qingyuan-postgres-$(id -u)-$name
case $action in
  start | restart | stop) "$action" ;;
  url) running || fail "not running"; cat "$home/url" ;;
  with)
    shift
    [ $# -gt 0 ] || fail "with what?"
    trap stop EXIT
    QINGYUAN_TEST_POSTGRES=$(start)
    export QINGYUAN_TEST_POSTGRES
    cd "$OLDPWD"
    "$@"
    ;;
  *) fail "what to do? start, url, restart, stop or with: see the top of this script" ;;
esac
