# Everything is done with the tools in .venv, made here from the locked requirements. Needs: Python >= 3.11 with venv,
# make, and the package registries. Nothing needs root.

# The newest Python of the machine that is new enough; `make PYTHON=/path/to/python` chooses another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Words for the tests: `make test ARGS="tests/server -k tus"`
ARGS ?=
# Compiled files are kept, also where the environment forbids it: dozens of processes would each compile all of them anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo up setup test check faults bench bench-live bench-slides bench-search fmt settings-table clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

demo: .venv/run.stamp ## Start Semma with a demo seminar on http://localhost:8000; Ctrl-C stops it
	@exec $(BIN)/semma demo

up: .venv/run.stamp ## Start Semma without demo content
	@exec $(BIN)/semma up

setup: .venv/run.stamp ## Make .venv and everything `up` needs, and start nothing

test: .venv/dev.stamp ## Run the tests (what is not on this machine, say Chromium, is skipped and named)
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not faults" $(ARGS)

check: .venv/dev.stamp ## Lint, format, types and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

faults: .venv/dev.stamp ## Kill and cut every part at random points, and look that nothing is lost
	@$(BIN)/python -m pytest -m faults $(ARGS)

bench: .venv/dev.stamp ## Run the benchmarks; one JSON object a line
	@$(BIN)/python -m tests.bench $(ARGS)

bench-live: .venv/dev.stamp ## Run the benchmarks of live rooms
	@$(BIN)/python -m tests.bench live

bench-slides: .venv/dev.stamp ## Run the benchmarks of slides in step with recordings and live rooms
	@$(BIN)/python -m tests.bench slides slides-live

bench-search: .venv/dev.stamp ## Run the benchmarks of search
	@$(BIN)/python -m tests.bench search

fmt: .venv/dev.stamp ## Format the code
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

settings-table: .venv/run.stamp ## Write the table in docs/settings.md anew from the code
	@sed -n '/^|/q;p' docs/settings.md > .venv/settings.md && $(BIN)/semma settings >> .venv/settings.md
	@cp .venv/settings.md docs/settings.md

clean: ## Remove .venv and the fetched front-end files; the data in var/ stays
	@rm -rf .venv server/web/static/vendor

# A Python that cannot do it says so in one sentence, before anything is downloaded.
.venv/made.stamp:
	@if [ -z "$(PYTHON)" ]; then \
		echo "semma: no Python 3.11 or newer found (python3 is $$(python3 --version 2>&1)); install one, or say make PYTHON=/path/to/python." >&2; exit 1; fi
	@if ! "$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null; then \
		echo "semma: $(PYTHON) comes without venv; install it (Debian and Ubuntu: apt install python3-venv), then repeat." >&2; exit 1; fi
	@"$(PYTHON)" -m venv .venv
	@touch $@

.venv/run.stamp: .venv/made.stamp requirements/run.txt pyproject.toml server/web/package-lock.json server/web/vendor.py
	@echo "semma: installing what it needs into .venv (once; about 1.2 GB) …"
	@$(PIP) install --require-hashes --requirement requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m server.web.vendor
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.txt
	@echo "semma: installing the tools for tests and checks …"
	@$(PIP) install --require-hashes --requirement requirements/dev.txt
	@touch $@
