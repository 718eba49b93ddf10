# make up [MODEL=/path/to/folder]   the environment, then examples/quickstart in the sandbox, then the proof
# make down                         destroys it; the artifacts stay
# make test | check | bench         all tests | formatting, types, import rules, unit tests | measurements
SHELL := /bin/sh
BIN := .venv/bin
RUNS := .venv/made-for-quickstart
DEVELOPS := .venv/made-for-development
LOCKED := pyproject.toml uv.lock requirements/quickstart.txt requirements/development.txt
QUICKSTART := --cwd examples/quickstart --stack dev

# As it was typed: a dollar sign in a path is no variable of make's.
override MODEL := $(value MODEL)
export MODEL PYTHON

.PHONY: up down test check bench
.DEFAULT_GOAL := up

up: $(RUNS)
	@if [ -n "$$MODEL" ]; then \
		folder=$$($(BIN)/python -c 'import os; print(os.path.abspath(os.path.expanduser(os.environ["MODEL"])))'); \
		set -- --config "model=$$folder"; \
	fi; \
	$(BIN)/modelstore sandbox up $(QUICKSTART) --yes "$$@"
	@$(BIN)/python examples/quickstart/prove.py

down: $(RUNS)
	@$(BIN)/modelstore sandbox destroy $(QUICKSTART) --yes
	@$(BIN)/python examples/quickstart/artifacts.py

test: $(DEVELOPS)
	@$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

check: $(DEVELOPS)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	.ci/lock --check
	$(BIN)/pytest -q tests/unit

bench: $(DEVELOPS)
	@.ci/rclone
	@$(BIN)/python -m bench

$(RUNS): $(LOCKED)
	@.ci/environment quickstart
	@touch $@

$(DEVELOPS): $(LOCKED)
	@.ci/environment development
	@touch $@ $(RUNS)
