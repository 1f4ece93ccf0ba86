# Everything that one can do with carepath. Each target does the set-up when it is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# What was compiled once is read again: without this each command that a test starts compiles all of carepath, and the
# sandbox all workflows for each run.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup up test pythons fhir verify coverage mutants fuzz bench lint format docs histories lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(STAMP) ## the virtual environment in .venv, pinned and with hashes checked

$(STAMP): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "carepath needs Python 3.11 or newer; name one with: make PYTHON=python3.12" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

up: setup ## a running clinic: Temporal with Web UI, worker, mailbox, the example clinic
	$(BIN)/carepath up

test: setup ## the whole test suite
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

pythons: setup ## the package as a wheel in a fresh environment, on each supported Python of this machine
	CAREPATH_ALL_PYTHONS=1 $(BIN)/python -m pytest tests/worker/test_wheel.py -rs

fhir: tests/fhir_server/node_modules/.installed ## a FHIR server of somebody else's for the tests, by npm; without it they are skipped

tests/fhir_server/node_modules/.installed: tests/fhir_server/package.json
	cd tests/fhir_server && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@

verify: setup ## the proof of each pathway (only a person ends an episode, something is always awaited), that it finds seeded faults, and the laws in depth
	$(BIN)/carepath pathway verify iop
	$(BIN)/carepath pathway verify php
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal -m thorough tests/core tests/pathways/proof tests/worker/simulation
	CAREPATH_SEARCH_TIMES=4 $(BIN)/python -m pytest --numprocesses auto --dist worksteal -m "hypothesis and not thorough"

coverage: setup ## how much of the core and the pathways their own tests reach, by branch; fails below 95 %
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal tests/core tests/pathways --deselect tests/pathways/proof --cov --cov-branch

mutants: setup ## small faults in the core, each to be caught by its tests: a sample within the hour (SEED=2: another), FULL=1: all, in a night
	$(BIN)/python -m tests.mutants $(if $(FULL),--full) $(if $(SEED),--seed $(SEED))

fuzz: setup ## a million changed inputs for every reader and every signature (SEED=2: others, CASES=10000: fewer); nothing may crash, nothing forged be taken
	$(BIN)/python -m tests.fuzz $(if $(SEED),--seed $(SEED)) $(if $(CASES),--cases $(CASES))

bench: setup ## speed and cost, against the bare floor in the same run
	$(BIN)/python -m tests.bench

lint: setup ## formatter, linter, types, and who may import whom
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/carepath templates check

format: setup ## mend what the formatter and linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup ## write the pages of docs/ that come from the code: rules, entries, policy, the picture of the imports
	$(BIN)/python -m worker.handbook

histories: setup ## record the stored histories again, after a change that is meant to decide otherwise
	$(BIN)/python -m tests.workflows.histories

lock: setup ## resolve the dependencies again into constraints.txt (needs uv)
	uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-strip-extras --no-annotate --no-header --no-emit-index-url -o constraints.txt

clean: ## remove the environment and the state of `make up`
	rm -rf $(VENV) .carepath
