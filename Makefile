# Every target with a "##" behind it is explained by `make help`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# An editable install by a plain path: the other way costs every start of the program ten milliseconds.
PLAIN := --config-settings editable_mode=compat
# As every other install does: where PYTHONDONTWRITEBYTECODE is set, each start would compile all modules anew.
COMPILE := @$(BIN)/python -m compileall -q searchkit

.DEFAULT_GOAL := help
.PHONY: help demo test test-cluster lint format torture bench clean

help: ## Explain every target
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "searchkit needs Python 3.11 or later: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/pyvenv.cfg pyproject.toml
	$(INSTALL) --editable . $(PLAIN)
	$(COMPILE)
	@touch $@

$(VENV)/installed-for-tests: $(VENV)/installed
	$(INSTALL) --editable '.[all,test,lint]' $(PLAIN)
	$(COMPILE)
	@touch $@

demo: $(VENV)/installed ## Set up, index seeds/, and show the answer to a first query
	$(BIN)/searchkit index seeds/
	$(BIN)/searchkit query "pride parade police"

# A test that takes two minutes hangs, or what it tests has lost its linear time.
test: $(VENV)/installed-for-tests ## Set up and run the test suite, on every core
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal --timeout 120

test-cluster: $(VENV)/installed-for-tests ## Fetch OpenSearch, start it, and run tests/cluster (needs Java 17 and Maven)
	PYTHONPATH=tests $(BIN)/python -m cluster

lint: $(VENV)/installed-for-tests ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/installed-for-tests ## Put the code into the form that lint asks for
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

torture: $(VENV)/installed-for-tests ## Run the tests that take minutes to an hour, on every core
	$(BIN)/python -m pytest -m long --numprocesses auto --dist worksteal

bench: $(VENV)/installed-for-tests ## Measure against tantivy, SQLite FTS5, Whoosh and bm25s (hours; see tests/bench/README.md)
	$(INSTALL) --editable '.[bench]' $(PLAIN)
	$(BIN)/python -m tests.bench all

clean: ## Remove .venv, the default index and what builds leave behind
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find index -mindepth 1 ! -name .gitignore -delete
	find searchkit tests -name __pycache__ -type d -prune -exec rm -rf {} +
