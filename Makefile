# What a person types here. `make` alone lists it.
#
#   make demo                 the story end to end on the embedded engine; stays up to look around
#   make demo ONCE=1          the same, ends with its table
#   make demo ONCE=1 JSON=1 BROKER=amqp://... STORE=postgres://... DATA=directory
#   make test ARGS='-p tenon-core money'     arguments for the test runner
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help demo ui test test-ui journeys pictures test-systems torture test-cluster fuzz fuzz-api check-alerts lint deny clean-demo bench-master bench-check bench-failover bench-fresh bench-size bench-waiting

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# What a person needs for the console: the first line of `node --version` that is new enough.
NODE_AT_LEAST := 20
node-is-there = command -v npm >/dev/null && node --eval 'process.exit(process.versions.node.split(".")[0] < $(NODE_AT_LEAST) ? 1 : 0)'
UI := crates/tenon-api/ui

ui: ## Build the console, which the next build of the binary embeds (Node 20 or newer)
	@$(node-is-there) || { echo 'the console needs Node $(NODE_AT_LEAST) or newer, and npm' >&2; exit 3; }
	@cd $(UI) && { cmp --quiet package-lock.json node_modules/.lock || { npm ci --no-audit --no-fund && cp package-lock.json node_modules/.lock; }; }
	@cd $(UI) && npm run --silent build -- --logLevel warn

demo: ## Build the release binary and run the demonstration (ONCE=1: end with its table)
	@if $(node-is-there); then $(MAKE) ui; else \
		echo 'Node $(NODE_AT_LEAST) is not here: the demonstration runs without the console, the API is there' >&2; fi
	@cargo build --release --package tenon
	@target/release/tenon demo $(if $(ONCE),--once) $(if $(JSON),--json) \
		$(if $(BROKER),--broker '$(BROKER)') $(if $(STORE),--store '$(STORE)') $(if $(DATA),--data '$(DATA)')

# With the tests, whose dependencies choose features too: what is built here is what they are linked with, and
# nothing is built twice.
BINARIES := cargo build --workspace --bins --tests

# Tests of the command line run the binary itself, so it is built first.
#
# The runner is nextest where it is installed, and cargo's own otherwise: building nextest takes
# minutes and buys nothing that the tests rely on. Tests with `restart` in their name restart a
# server that the others use, so they run while nothing else does: nextest knows that from
# .config/nextest.toml, cargo's runner is started a second time for them.
test: ## Find or start the servers, then run every test
	@$(if $(ARGS),,$(MAKE) test-ui;) \
	servers=$$(deploy/servers.sh ensure); eval "$$servers"; \
	$(BINARIES); \
	if cargo nextest --version >/dev/null 2>&1; then \
		$(if $(ARGS),,cargo test --quiet --workspace --doc;) \
		cargo nextest run $(or $(ARGS),--workspace --no-fail-fast); \
	else \
		$(if $(ARGS),cargo test $(ARGS) -- --test-threads=1;, \
		cargo test --workspace --no-fail-fast -- --skip restart --skip systems::; \
		cargo test --workspace --lib --bins --tests -- --test-threads=1 restart;) \
	fi

# What can be had here is installed by package name; SYSTEMS names those that are wanted.
test-systems: ## Run the connectors against real software (SYSTEMS='tryton redmine sshd soap tools odbc')
	@settings=$$(deploy/systems.sh ensure $(SYSTEMS)); eval "$$settings"; \
	features='$(if $(filter odbc,$(or $(SYSTEMS),odbc)),--features tenon/odbc --features tenon-tests/odbc)'; \
	$(BINARIES) --quiet $$features; \
	filter='$(or $(foreach system,$(SYSTEMS),systems::$(system)::),systems::)'; \
	cargo test --quiet --workspace --test it $$features -- --test-threads=4 $$filter

# What is broken and when is drawn from SEED; without one, each time anew.
test-ui: ## Run the console's unit tests (Node 20 or newer)
	@if $(node-is-there); then $(MAKE) ui && cd $(UI) && npm run --silent test; else \
		echo 'Node $(NODE_AT_LEAST) is not here: the console is not tested' >&2; fi

# The journeys drive the binary with the console in it; a debug binary reads the console from its folder.
journeys: ui ## Follow people's ways through the console in a browser (chromium, or CHROMIUM=path)
	@$(BINARIES)
	@browser=$$(deploy/browser.sh ensure); eval "$$browser"; cd $(UI) && npm run --silent browser

pictures: ui ## Take the pictures of docs/console.md anew (chromium, ImageMagick's convert)
	@$(BINARIES)
	@browser=$$(deploy/browser.sh ensure); eval "$$browser"; cd $(UI) && npm run --silent pictures
	@cd docs && for picture in console-*.png; do convert "$$picture" +dither -colors 96 -define png:compression-level=9 "PNG8:$$picture"; done

torture: ## Break a hub on purpose and count in its targets (ENGINE=rabbitmq SEED=n MESSAGES=n FAULTS=n)
	@cargo build --release --package tenon
	@if [ "$(ENGINE)" = rabbitmq ]; then deploy/servers.sh ensure >/dev/null; fi; \
	target/release/tenon torture --engine $(or $(ENGINE),embedded) $(if $(SEED),--seed $(SEED)) \
		--messages $(or $(MESSAGES),20000) --faults $(or $(FAULTS),100)

# Three nodes of RabbitMQ and a PostgreSQL server are started in a scratch directory, reached by TLS, and
# killed and started again one at a time, together with the hub's own nodes.
test-cluster: ## Torture a hub on a RabbitMQ cluster of three nodes (SEED=n MESSAGES=n FAULTS=n)
	@cargo build --release --package tenon
	@target/release/tenon torture --engine rabbitmq --brokers 3 --tls $(if $(SEED),--seed $(SEED)) \
		--messages $(or $(MESSAGES),5000) --faults $(or $(FAULTS),40)

# Needs the nightly compiler. What is found is kept in fuzz/artifacts, the inputs in fuzz/corpus; the
# repository's own mappings, connector files and examples are where it begins.
FUZZED = $(or $(TARGET),mapping)
fuzz: ## Feed a parser with anything (TARGET=mapping|files|configuration|headers SECONDS=60)
	@cargo fuzz --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-fuzz
	@mkdir -p fuzz/corpus/$(FUZZED)
	@cargo +nightly fuzz run $(FUZZED) fuzz/corpus/$(FUZZED) connectors config schemas -- \
		-max_total_time=$(or $(SECONDS),60) -max_len=4096 -timeout=20 -rss_limit_mb=4096 \
		$(addprefix -dict=,$(wildcard fuzz/$(FUZZED).dict))

lint: ## Check the formatting and every lint
	@cargo fmt --all --check
	@cargo clippy --workspace --all-targets -- --deny warnings

deny: ## Check licences, banned crates and sources of the dependencies
	@cargo deny --version >/dev/null 2>&1 || { \
		echo 'installing cargo-deny, once (two or three minutes)'; cargo install --quiet --locked cargo-deny; }
	@cargo deny --log-level error check licenses bans sources

clean-demo: ## Remove what the demonstration wrote
	@rm -rf demo-data

# The records are made and scored by gen_customers.py and score_pairs.py of the folder DATA.
bench-master: ## Measure customer matching on labelled records (DATA=folder SEED=number MILLION=1 CURVE=1)
	@cargo build --release --package tenon
	@python3 tests/bench/master.py target/release/tenon $(or $(DATA),../shared/master) \
		$(if $(SEED),--seed $(SEED)) $(if $(MILLION),--million) $(if $(CURVE),--curve)

bench-check: ## Measure the check at entry through HTTP (DATA=folder STORE=postgres://… MASTERS=number)
	@cargo build --release --package tenon --package tenon-tests --bin tenon --example checks
	@python3 tests/bench/online.py target/release/tenon target/release/examples/checks \
		$(or $(DATA),../shared/master) $(if $(STORE),--store '$(STORE)') $(if $(MASTERS),--masters $(MASTERS))

bench-failover: ## Kill one of two nodes again and again, and measure when its work goes on (BINARY=file KILLS=number)
	@servers=$$(deploy/servers.sh ensure); eval "$$servers"; \
	$(if $(BINARY),,cargo build --release --package tenon;) \
	python3 tests/bench/failover.py $(or $(BINARY),target/release/tenon) $(if $(KILLS),--kills $(KILLS))

bench-size: ## Time traces and pages of a hub with many messages (FOLDER=folder MESSAGES=10000000 CUSTOMERS=1000000)
	@cargo build --release --package tenon
	@python3 tests/bench/size.py target/release/tenon $(or $(FOLDER),target/size) \
		$(if $(MESSAGES),--messages $(MESSAGES)) $(if $(CUSTOMERS),--customers $(CUSTOMERS))

bench-fresh: ## Measure how soon an accepted order stands in the figures (RATE=50 a second)
	@servers=$$(deploy/servers.sh ensure); eval "$$servers"; \
	cargo build --release --package tenon; \
	python3 tests/bench/fresh.py target/release/tenon $(if $(RATE),--rate $(RATE)) && \
	python3 tests/bench/fresh.py target/release/tenon $(if $(RATE),--rate $(RATE)) --broker "$$TENON_TEST_AMQP_URL" --store "$$TENON_TEST_PG_URL"

bench-waiting: ## Let very many messages wait for a target that is down, then let them go (MESSAGES=1000000)
	@servers=$$(deploy/servers.sh ensure); eval "$$servers"; \
	cargo build --release --package tenon; \
	python3 tests/bench/waiting.py target/release/tenon $(if $(MESSAGES),--messages $(MESSAGES))

fuzz-api: ## Let schemathesis ask a hub whatever its OpenAPI document allows (EXAMPLES=number)
	@$(BINARIES) --quiet
	@tests/fuzz_api.sh target/debug/tenon $(EXAMPLES)

check-alerts: ## Test the alert rules, then load them into a real Prometheus and see one fire
	@cd deploy/prometheus && promtool check rules tenon.rules.yml && promtool test rules tenon.rules.test.yml
	@$(BINARIES) --quiet
	@tests/try_alerts.sh target/debug/tenon
