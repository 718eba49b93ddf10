# make up [MODEL=/path/to/folder]   the environment, then examples/quickstart in the sandbox, then the proof
# make down                         destroys it; the artifacts stay
# make test | check | bench         all tests | formatting, types, import rules, fast tests | measurements
SHELL := /bin/sh
VENV := .venv/bin
RUNS := .venv/made-for-quickstart
DEVELOPS := .venv/made-for-development
LOCKED := pyproject.toml uv.lock requirements/quickstart.txt requirements/development.txt
QUICKSTART := $(VENV)/modelstore sandbox
PROJECT := --cwd examples/quickstart --stack dev

# As it was typed: a dollar sign in a path is not a variable of make's.
override MODEL := $(value MODEL)
export MODEL

.PHONY: up down test check bench
.DEFAULT_GOAL := up

up: $(RUNS)
	@$(VENV)/python examples/quickstart/deploy.py

down: $(RUNS)
	@$(QUICKSTART) destroy $(PROJECT) --yes

test: $(DEVELOPS)
	@$(VENV)/pytest

check: $(DEVELOPS)
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy
	$(VENV)/lint-imports
	.ci/lock --check
	$(VENV)/pytest -q tests/unit

bench: $(DEVELOPS)
	@$(VENV)/python -m bench

$(RUNS): $(LOCKED)
	@.ci/environment quickstart
	@touch $@

$(DEVELOPS): $(LOCKED)
	@.ci/environment development
	@touch $@ $(RUNS)
