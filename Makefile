# `make up` starts the console on a machine that has only Python 3.11 and make; `make help` names the rest.
# The locked requirements are installed once into .venv; later runs see by their stamps that nothing changed.

PORT ?= 8000
DAYS ?= 100
DATA ?= ../shared/data
VENV := .venv
PY := $(VENV)/bin/python
PYTHON ?= $(shell for p in python3.11 python3 python; do \
	if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1; \
	then echo $$p; break; fi; done)

.PHONY: help up test check bench bench-days bench-dynamic bench-planner bench-plots messages schema lock clean install install-dev install-bench compiled need-python
.DEFAULT_GOAL := help

help:  ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

up: install  ## start everything in the foreground and print the address (PORT=8000)
	@exec $(PY) manage.py up --port $(PORT) --leave-with-parent

test: compiled  ## all tests, with coverage
	$(PY) -m pytest -n 2 --cov --cov-report=term:skip-covered $(ARGS)

check: install-dev  ## format, lint, imports, types, Django's own checks
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(VENV)/bin/lint-imports
	$(PY) -m mypy
	$(PY) manage.py check
	$(PY) manage.py makemigrations --check --dry-run

bench: compiled  ## measure: start-up times and whatever else tests mark with "bench"
	$(PY) -m pytest -m bench -s -p no:cacheprovider $(ARGS)

bench-days: compiled  ## plan 100 demo days of each carrier (DAYS=100) and say whether the promises hold
	$(PY) -m tests.bench.demo_days --days $(DAYS) $(ARGS)

bench-dynamic: compiled  ## re-plan days as they change: requests that arrive (DATA=folder), events of a large day
	$(PY) -m tests.bench.dynamic_requests --data $(DATA) && $(PY) -m tests.bench.replans

bench-planner: install-bench compiled  ## measure the planner beside PyVRP and VROOM (DATA=folder, ARGS="--family pdptw"; ARGS=--help)
	$(PY) -m tests.bench.planner --data $(DATA) $(ARGS)

bench-plots: install-bench  ## draw docs/planner from what bench-planner has kept (ARGS="--clock cpu")
	$(PY) -m tests.bench.plots $(ARGS)

messages: install-dev  ## gather all texts into locale/, say which lack their French, compile what Django reads
	DJANGO_SETTINGS_MODULE=atmr.settings $(PY) -m tests.house.messages

schema: install-dev  ## write docs/openapi.yaml, the API's document, anew
	$(PY) manage.py spectacular --file docs/openapi.yaml --validate --fail-on-warn

lock: install-dev  ## resolve requirements/*.in again into the locked *.txt (torch.txt is kept by hand)
	$(PY) -m pip install --quiet uv
	for name in base learn dev bench; do \
		$(PY) -m uv pip compile --quiet --no-header --no-emit-package torch --python-version 3.11 $(ARGS) \
			requirements/$$name.in -o requirements/$$name.txt || exit 1; done

clean:  ## remove what can be made again; data in var/ and the virtual environment stay
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.* htmlcov
	rm -rf var/staticfiles var/staticfiles.stamp var/log
	find . -path ./$(VENV) -prune -o -path ./var -prune -o -type d -name __pycache__ -exec rm -rf {} +

install: need-python
	@$(PYTHON) requirements/install.py

install-dev: need-python
	@$(PYTHON) requirements/install.py --dev

install-bench: need-python
	@$(PYTHON) requirements/install.py --bench

compiled: install-dev
	@$(PY) -c 'from dispatch.engine.search import warm; warm()'  # about a minute of one core, once

need-python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 was not found: install it, or say where it is with make PYTHON=/path/to/python3.11." >&2; exit 1; }
