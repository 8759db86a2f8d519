# The targets that people type; each is a few lines around ./cinelake or a tool. `make help` lists them.
PNPM := npx --yes pnpm@12.21.0
BIN := node_modules/.bin
INSTALLED := node_modules/.installed
VERSITYGW := .cache/bin/versitygw
DELTA_RS := tests/delta_rs/.venv
KAFKA := .cache/kafka-broker-4.3.1/.complete
MANIFESTS := package.json pnpm-lock.yaml pnpm-workspace.yaml $(wildcard packages/*/package.json services/*/package.json bench/package.json examples/package.json)
export PATH := $(CURDIR)/$(BIN):$(PATH)
.DEFAULT_GOAL := help
.PHONY: help install demo serve bootstrap_bronze validate_bronze etl train evaluate test test_servers install_servers check generate bench_delta bench_event_log bench_streaming bench_trending pack_delta format docs clean

help: ## this list
	@grep -hE '^[a-z_]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-18s %s\n", $$1, $$2}'

install: $(INSTALLED) ## Node 24 and all packages, below node_modules/
$(INSTALLED): $(MANIFESTS)
	$(PNPM) install --frozen-lockfile
	@touch $@

demo: install ## from nothing to http://localhost:8000 (SOURCE=file.zip PORT=8000 DATA_DIR=.data)
	@./cinelake demo

serve: install ## serve what is in DATA_DIR
	@./cinelake serve

bootstrap_bronze: install ## load a MovieLens data set into Bronze (DATASET=ml-25m SOURCE= FORCE=1)
	@./cinelake bootstrap

validate_bronze: install ## check files, manifest, sizes, rows and checksums
	@./cinelake validate

etl: install ## Bronze to Silver
	@./cinelake etl

train: install ## train and promote a model
	@./cinelake train

evaluate: install ## quality of the recommender, by published protocols
	@./cinelake evaluate

test: check ## every test that needs no server
	vitest run $(VITEST_ARGS)

test_servers: install_servers ## tests against other engines and servers, and those that take minutes
	TEST_SERVERS=1 vitest run $(VITEST_ARGS)

install_servers: install $(VERSITYGW) $(KAFKA) $(DELTA_RS)/.installed ## what these tests need: chdb, delta-rs (needs Python 3), an S3 server (needs Go), Kafka (needs Java 17 and Maven), Redis, PostgreSQL
	@command -v redis-server >/dev/null || { echo "Redis is missing: apt-get install redis-server" >&2; exit 1; }
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { echo "PostgreSQL is missing: apt-get install postgresql-15" >&2; exit 1; }
	cd tests/independent_reader && $(PNPM) install --frozen-lockfile
$(VERSITYGW):
	@command -v go >/dev/null || { echo "the S3 server for tests is built with Go: https://go.dev/dl" >&2; exit 1; }
	GOBIN=$(CURDIR)/$(@D) go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
$(KAFKA):
	tests/servers/kafka install
$(DELTA_RS)/.installed: tests/delta_rs/requirements.txt
	python3 -m venv --clear $(DELTA_RS)
	$(DELTA_RS)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

bench_delta: install ## snapshots, scans and commits of Delta tables beside DuckDB on the same files
	node bench/delta_snapshot.ts
	node bench/delta_throughput.ts

bench_streaming: install $(KAFKA) ## events from POST to the tables, to /trending and to a list, beside the Kafka client alone
	node bench/streaming.ts

bench_event_log: install $(KAFKA) ## appends to and reads from the event log on Kafka, beside the client alone
	node bench/event_log.ts

bench_trending: install ## how soon bursts trend, how right the list is, what attacks and floods move
	node bench/trending.ts

check: install ## types, lint, import rules, formatting, unused exports, generated files
	tsc --noEmit
	oxlint --deny-warnings
	node tools/check_imports.ts
	oxfmt --check
	knip
	node packages/contracts/scripts/generate.ts --check

generate: install ## types, validators and pages from schemas/
	node packages/contracts/scripts/generate.ts
	node services/all_in_one/scripts/generate.ts

pack_delta: install ## packages/delta as an npm package, in .cache/dist/
	node tools/build_package.ts packages/delta
	npm pack --silent --pack-destination .cache/dist ./.cache/dist/delta

format: install
	oxfmt .

docs: ## where the documentation begins
	@echo "README.md, then docs/README.md; the API documents itself at http://localhost:8000/docs"

clean: ## temporary files; never the lake
	rm -rf .cache coverage
