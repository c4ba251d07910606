#!/usr/bin/env bash
# Installs what the machine lacks, by package name, and is quick where nothing is missing.
#
#   scripts/setup.sh build    what `make run` needs: checks only, installs nothing
#   scripts/setup.sh          what `make test` needs too: PostgreSQL, a browser, fonts, XGBoost, strace
set -euo pipefail

# Debian and Ubuntu packages of the test suite: a command or file that proves the package, then its name.
wanted=(
  "/usr/lib/postgresql/*/bin/initdb postgresql"
  "/usr/bin/chromium chromium"
  "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc fonts-noto-cjk"
  "/usr/include/xgboost/c_api.h libxgboost-dev"
  "/usr/bin/strace strace"
  "/usr/bin/openssl openssl"
)

fail() { echo "setup: $*" >&2; exit 1; }

# check fails with what to install where a command of the build is missing.
check() {
  command -v go >/dev/null || fail "Go is missing: install the version that go.mod names, from go.dev or your distribution"
  command -v npm >/dev/null || fail "Node.js with npm is missing: install Node.js 20.19 or newer (the console is built with it)"
  command -v gcc >/dev/null || command -v cc >/dev/null || fail "a C compiler is missing: install gcc"
}

# missing prints the packages that are not installed.
missing() {
  local entry
  for entry in "${wanted[@]}"; do
    compgen -G "${entry% *}" >/dev/null || echo "${entry##* }"
  done
}

install() {
  local root=()
  command -v apt-get >/dev/null || fail "no apt-get here; install by hand what these Debian packages hold: $*"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "not root and no sudo; ask an administrator for: apt-get install $*"
    root=(sudo)
  fi
  echo "setup: installing $*"
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

check
if [ "${1:-}" = build ]; then exit; fi
mapfile -t packages < <(missing)
if [ "${#packages[@]}" -gt 0 ]; then
  install "${packages[@]}"
  mapfile -t packages < <(missing)
  [ "${#packages[@]}" -eq 0 ] || fail "still missing after installation: ${packages[*]}"
fi
