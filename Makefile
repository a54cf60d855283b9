# Needs make and Python 3.11 or newer; everything else is installed from uv.lock into .venv.

UV_VERSION := 0.13.9
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$python -c "$(IS_RECENT)" 2>/dev/null && echo $$python && break; done)
IS_RECENT := import sys; sys.exit(sys.version_info < (3, 11))

BIN := .venv/bin
INSTALLED := .venv/.installed

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help python install run quick coverage test test-backend test-frontend test-tools test-faults test-e2e \
	faults compose-test check types format bench growth generate release common-passwords screenshots clean

export PYTHONUTF8 := 1
# Trust whom this machine trusts: a company's proxy may have a certificate of its own.
export UV_SYSTEM_CERTS ?= true
# Without its compiled modules Python takes three times as long to start.
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

help: ## Show what there is
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Install everything into .venv (the other targets do it when needed)

.uv/bin/uv: | python
	@$(PYTHON) -m venv .uv || { echo "$(PYTHON) cannot make a virtual environment:" \
		"install its venv module (Debian and Ubuntu: apt install python3-venv)," \
		"or install uv." >&2; exit 1; }
	.uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(INSTALLED): uv.lock pyproject.toml backend/pyproject.toml frontend/pyproject.toml | python $(UV)
	$(UV) sync --locked --python $(PYTHON)
	@touch $@

python:
	@$(or $(PYTHON),false) -c "$(IS_RECENT)" 2>/dev/null || { \
		echo "Python 3.11 or newer is needed, and $(or $(PYTHON),none) $(if $(PYTHON),is not,was found):" \
		"install it, or name it with make PYTHON=/path/to/python3" >&2; exit 1; }

run: $(INSTALLED) ## Run the clinic on this machine; DEMO=1 fills an empty one with demo data
	@exec $(BIN)/python -m tools.run_local $(if $(filter-out 0,$(DEMO)),--demo)

test: test-backend coverage test-frontend test-tools test-faults test-e2e ## Run all tests

quick: $(INSTALLED) ## Check lint, types and the unit tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy backend/app
	$(BIN)/mypy frontend/ui
	$(BIN)/pytest backend/tests/unit -n 2 -q

test-backend: $(INSTALLED) ## … of the API, on SQLite and PostgreSQL
	$(BIN)/pytest backend -n 2
	FAST_ROUTES=off $(BIN)/pytest backend/tests/api -n 2 -k sqlite -m "not fast_routes"

coverage: $(INSTALLED) ## … of the rules alone, and which of their branches no unit test takes
	$(BIN)/pytest backend/tests/unit -q --cov=app.domain --cov-branch --cov-fail-under=96 \
		--cov-report=term-missing:skip-covered

test-frontend: $(INSTALLED) ## … of the pages
	$(BIN)/pytest frontend -n 2

test-tools: $(INSTALLED) ## … of the tools and the settings
	$(BIN)/pytest tests --ignore=tests/faults

test-faults: $(INSTALLED) ## … of crashes, power cuts, full disks and attacks, in short
	$(BIN)/pytest tests/faults -n 2 --dist loadscope

faults: $(INSTALLED) ## Test faults and attacks with the numbers of docs/reliability.md; takes up to a quarter of an hour
	$(BIN)/pytest tests/faults --full -m timed -o faulthandler_timeout=900
	$(BIN)/pytest tests/faults --full -m "not timed" -n 3 --dist loadgroup -o faulthandler_timeout=900
	RACE_ROUNDS=10 RACE_WORKERS="1 4" STATEFUL_RUNS=500 STATEFUL_STEPS=30 $(BIN)/pytest \
		backend/tests/integration/test_stateful.py backend/tests/integration/test_race.py \
		-n 3 --dist loadgroup -o faulthandler_timeout=900

test-e2e: $(INSTALLED) ## … of the whole system in a browser
	$(BIN)/pytest e2e

compose-test: $(INSTALLED) ## Test the clinic in containers; needs a Docker engine
	$(BIN)/pytest e2e/containers -o faulthandler_timeout=1200

check: $(INSTALLED) ## Check format, lint, types, imports, Dockerfiles, hot paths, generated files, the lock, licences and known holes
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	@$(MAKE) --no-print-directory types
	$(BIN)/lint-imports --no-logo
	$(BIN)/hadolint backend/Dockerfile database/Dockerfile frontend/Dockerfile
	$(BIN)/python -m benchmarks.work --check
	$(UV) lock --check
	$(BIN)/python -m tools.generate --uv $(UV) --check
	$(BIN)/python -m tools.api_changes
	$(BIN)/python -m tools.licences
	@$(BIN)/python -m tools.audit

types: $(INSTALLED) ## Check the types only
	$(BIN)/mypy backend/app
	$(BIN)/mypy frontend/ui
	$(BIN)/mypy frontend/app.py
	$(BIN)/mypy tools tests e2e benchmarks

format: $(INSTALLED) ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

bench: $(INSTALLED) ## Measure what is fast, beside the bare framework. Needs wrk
	$(BIN)/python -m benchmarks paths

growth: $(INSTALLED) ## Measure how its cost grows with the clinic, up to a million appointments. Needs wrk
	$(BIN)/python -m benchmarks growth

generate: $(INSTALLED) ## Regenerate every file that follows from others, such as openapi.json
	$(BIN)/python -m tools.generate --uv $(UV)

release: generate ## Make the API and the schema those that clients can rely on; check compares with them
	$(BIN)/python -m tools.api_changes --accept

common-passwords: $(INSTALLED) ## Make the list of common passwords anew. Needs pip and npm
	$(BIN)/python -m tools.common_passwords

screenshots: $(INSTALLED) ## Take the pictures of docs/images anew
	$(BIN)/pytest e2e/test_pictures.py --pictures docs/images

clean: ## Remove what was installed and cached, but no data of the clinic
	rm -rf .venv .uv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
