# Everything goes through this file. Needs Python >= 3.11 and make, nothing else.

ifndef PYTHON
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; exit; }; done; echo python3)
endif
# Some environments forbid byte code; without it every start takes three times as long.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist loadgroup
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url

.DEFAULT_GOAL := help
.PHONY: help up down reset test test-fast faults faults-long faults-shuffled limits bench bench-short check format contracts lock venv venv-dev venv-bench

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: venv ## Set everything up, start it, play a demo day, stay until Ctrl-C
	@$(BIN)/frontdesk up

down: venv ## Stop a running copy; data survive
	@$(BIN)/frontdesk down

reset: venv ## Delete all data of this copy (asks first)
	@$(BIN)/frontdesk reset

test: venv-bench ## Run all tests on a real Kafka and PostgreSQL (minutes)
	@$(PYTEST) $(SIDE_BY_SIDE) tests/unit tests/contract tests/store tests/broker tests/wire tests/faults
	@$(PYTEST) tests/journeys

test-fast: venv-dev ## Run the tests that need no server (seconds)
	@$(PYTEST) $(SIDE_BY_SIDE) tests/unit tests/contract

faults: venv-dev ## Break things under load, each fault once, and check that nothing is lost or doubled (15 minutes)
	@$(BIN)/python -m tests.faults

faults-long: venv-dev ## The whole matrix of faults (up to 3 hours)
	@$(BIN)/python -m tests.faults --long

faults-shuffled: venv-dev ## Play journeys with their events in 200 orders each: the same end every time (an hour)
	@$(BIN)/python -m tests.faults.shuffled

limits: venv-dev ## Measure visits: 100,000 in the store, requests a second, bookings (8 minutes; a quiet machine)
	@$(BIN)/python -m tests.limits

check: venv-dev ## Check format, lint, types, borders and generated contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@PYTHONPATH=. $(BIN)/lint-imports
	@$(PYTEST) tests/contract

format: venv-dev ## Format the code and mend what ruff can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: venv-bench ## Measure against the usual stack and the limits, side by side (an hour; a quiet machine)
	@$(BIN)/python -m tests.bench

bench-short: venv-bench ## The same in five minutes: shows that the harness works, its figures mean little
	@$(BIN)/python -m tests.bench --short

contracts: venv-dev ## Write event schemas, AsyncAPI, OpenAPI and their README anew
	@$(BIN)/python -m deploy.contracts

lock: ## Write the lock files anew from pyproject.toml (needs uv)
	$(LOCK) --upgrade pyproject.toml -o requirements.lock
	$(LOCK) --upgrade pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --upgrade pyproject.toml --group dev --group bench -c requirements-dev.lock -o requirements-bench.lock
	echo uv | $(LOCK) --upgrade - -o deploy/local/bootstrap.lock

venv:
	@$(PYTHON) deploy/local/bootstrap.py

venv-dev:
	@$(PYTHON) deploy/local/bootstrap.py --dev

venv-bench:
	@$(PYTHON) deploy/local/bootstrap.py --bench
