# Everything a newcomer needs: `make help` lists it. Each target does the set-up it needs.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

.DEFAULT_GOAL := help
.PHONY: help setup run test test-again test-all test-rest check lint faults bench docs lock clean

help: ## list what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  make run SANDBOX=0 PUBLIC_URL=https://…   real accounts, reached by their webhooks; without PUBLIC_URL polling does the work"
	@echo "  make run PORT=9000 MPLUS_SANDBOX_PORT=9001 MAILCHIMP_SANDBOX_PORT=9002"
	@echo
	@echo "  Every setting: README.md. Single commands: $(BIN)/python -m app --help"

$(VENV)/.stamp: requirements-dev.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found; install it, or say PYTHON=/path/to/python3."; exit 1; }
	@echo "Setting up: a virtual environment in $(VENV) with the locked dependencies (once, about a minute)."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.stamp ## make the virtual environment with the locked dependencies

run: setup ## start everything: sandboxes, API, worker (SANDBOX=0 for real accounts)
	@exec $(BIN)/python -m app up

test: setup ## run the tests on SQLite and the embedded Redis (and PostgreSQL and Redis where reachable)
	@$(BIN)/python -m pytest -n auto --by-turns -m "not chaos and not browser and not long" && echo "The tests passed, those of the database on each, others on one by turns. Left out: chaos, browser and long tests (make test-all runs everything on both)."

test-all: setup ## run every test, chaos and browser included
	@$(BIN)/python -m pytest && echo "All tests passed, chaos included."

test-again: setup ## run once more, alone, what failed last
	@$(BIN)/python -m pytest --last-failed --last-failed-no-failures none -m "$(or $(MARKS),not chaos and not browser and not long)" && echo "What failed before passes alone."

test-rest: setup ## chaos and browser tests, each on one database by turns
	@$(BIN)/python -m pytest -n 3 --by-turns -m "chaos or browser" || { code=$$?; [ $$code = 5 ] && echo "There are no chaos or browser tests yet." || exit $$code; }

faults: setup ## cause every fault and write what it cost to docs/faults.md
	@rm -rf var/faults && $(BIN)/python -m pytest -n 3 -m chaos tests/chaos && $(BIN)/python -m tests.chaos.faulttable

lint: setup ## format check, lint, types, layers
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports && echo "Format, lint, types and layers are in order."

check: lint test ## the one gate: format, lint, types, layers, tests
	@echo "Everything is in order."

bench: setup ## measure speed and memory as ratios; writes var/bench.json
	@$(BIN)/python -m bench

docs: setup ## write the pages of docs that are made from definitions
	@$(BIN)/python -m app.manual

lock: ## make the lock files anew from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## take away what was made: virtual environment, caches (never var/)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build *.egg-info
