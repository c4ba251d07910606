# How to run, test and measure Qingyuan. README.md says what you will see.
#
#   make run      build it, play a lender's data into it, print a report, keep serving   (ARGS="--once" stops after the report)
#   make test     everything that proves it right: Go with -race on SQLite and PostgreSQL, the console, a browser
#   make eval     how well it judges: figures into bench/results/
#   make bench    how fast it is: figures into bench/results/
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: run test eval bench build setup check test-go test-console e2e console clean

ARGS ?=

run: build
	bin/qingyuan demo $(ARGS)

# Quick answers come first; everything runs even where an earlier run left something behind.
test: setup
	$(MAKE) --no-print-directory build check
	$(MAKE) --no-print-directory test-go
	$(MAKE) --no-print-directory test-console e2e

eval: build
	scripts/measure.sh eval

bench: build
	QINGYUAN_POSTGRES_FSYNC=on scripts/postgres.sh with scripts/measure.sh bench

setup:
	@scripts/setup.sh

# The Go tool knows itself what is stale.
build: console
	go build -trimpath -o bin/qingyuan ./cmd/qingyuan

check:
	@unformatted=$$(gofmt -l $$(find . -name '*.go' -not -path './web/node_modules/*')); \
		[ -z "$$unformatted" ] || { echo "gofmt would change:" $$unformatted; exit 1; }
	go vet ./...

test-go:
	QINGYUAN_POSTGRES_FSYNC=off scripts/postgres.sh with go test -race -p 2 -timeout 12m ./...

test-console: web/node_modules/.package-lock.json
	cd web && npm run --silent lint && npm run --silent test

e2e: build
	cd web && npm run --silent e2e

# The console is built where one of its sources is newer than what was built.
console: web/dist/index.html

web/dist/index.html: web/node_modules/.package-lock.json $(shell find web/src web/public web/index.html web/*.json web/*.ts -type f)
	cd web && npm run --silent build
	@touch $@

# Not "npm ci": it refuses a lock file that lacks an optional package of another platform, which a registry may not have
# (npm/cli#9846). This installs what the lock file says, checks its hashes and writes nothing back.
web/node_modules/.package-lock.json: web/package-lock.json
	@scripts/setup.sh build
	cd web && npm install --no-save
	@touch $@

clean:
	rm -rf bin web/node_modules
	find web/dist -mindepth 1 -not -name .keep -delete
