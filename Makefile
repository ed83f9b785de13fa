# Needs only make and a Python from 3.11 to 3.13; uv makes the set-up faster where it is installed.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: browser-tests help setup study studies study-real policies audit uncertainty lint fast test test-slow fuzz kills golden bench validate check format docs lock \
	report clean

DATA ?= ../shared/data
STUDY ?= goto_2030
LOCK ?= requirements-dev.lock
VENV := .venv
PYTHON := $(VENV)/bin/python
GOTO := $(VENV)/bin/goto-twin
LOCK_SUM := $(shell cat $(LOCK) pyproject.toml | cksum | cut -d ' ' -f 1)
STAMP := $(VENV)/.installed-$(LOCK_SUM)
PYTEST := $(PYTHON) -m pytest -n auto --dist loadfile
PACKAGES := twin network_models weather studies reports
LOCK_COMMAND := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate

help: ## show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## make .venv with the locked packages, once

$(STAMP):
	@bash -c 'set -eu; \
	python=""; \
	for name in python3.13 python3.12 python3.11 python3 python; do \
	  if $$name -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))" 2>/dev/null; then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "No Python from 3.11 to 3.13 was found. Install one (from your package manager or as a download of Python) and run make again." >&2; exit 1; \
	fi; \
	echo "Setting up $(VENV) from $(LOCK) with $$($$python --version)"; \
	rm -f $(VENV)/.installed-*; \
	if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then \
	  [ -x $(PYTHON) ] || uv venv --quiet --python "$$(command -v $$python)" $(VENV); \
	  uv pip install --quiet --python $(PYTHON) --require-hashes --compile-bytecode -r $(LOCK); \
	  uv pip install --quiet --python $(PYTHON) --no-deps --no-build-isolation -e .; \
	else \
	  $(PYTHON) -m pip --version >/dev/null 2>&1 || $$python -m venv --clear $(VENV); \
	  $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --compile -r $(LOCK); \
	  $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	fi; \
	echo "Compiling the kernels, once"; \
	$(PYTHON) -m studies.kernels; \
	touch $@'

study: setup ## run the default study (STUDY=name or path, JOBS=workers)
	$(GOTO) run $(STUDY)$(if $(JOBS), --jobs $(JOBS))

QUESTIONS := $(shell grep -l '^kind = "' studies/*.toml | xargs grep -L '^kind = "\(run\|audit\)"' | xargs -n 1 basename -s .toml)

studies: setup ## run every question's study for the whole year, write docs/results.md (DAYS=A:B: only these days)
	@set -e; for study in $(QUESTIONS); do $(GOTO) run $$study$(if $(JOBS), --jobs $(JOBS))$(if $(DAYS), --days $(DAYS)); done
	$(GOTO) audit$(if $(JOBS), --jobs $(JOBS))$(if $(DAYS), --days $(DAYS))
	$(GOTO) value goto_plan_audit$(if $(JOBS), --jobs $(JOBS))$(if $(DAYS), --days $(DAYS))
	$(GOTO) ppa goto_plan_audit$(if $(JOBS), --jobs $(JOBS))$(if $(DAYS), --days $(DAYS))
	$(PYTHON) docs/generators/make_results.py

study-real: setup ## run the study on the real input of fiscal 2022 (DATA=folder)
	$(GOTO) run goto_fy2022 --data $(DATA)$(if $(JOBS), --jobs $(JOBS))

policies: setup ## run all shipped policies at three links and two firmness cases, write docs/validation/policy_results.md
	$(GOTO) run goto_2030_policies$(if $(JOBS), --jobs $(JOBS))
	$(PYTHON) docs/generators/make_policies.py

audit: setup ## audit the plan of the shipped island, write docs/plan_audit.md
	$(GOTO) audit$(if $(JOBS), --jobs $(JOBS))
	$(PYTHON) docs/generators/make_audit.py

uncertainty: setup ## vary every uncertain input (STUDY, SAMPLES, JOBS): half an hour on two processors
	$(GOTO) uncertainty $(STUDY)$(if $(SAMPLES), --samples $(SAMPLES))$(if $(JOBS), --jobs $(JOBS))

report: setup ## write the report of the default study again
	$(GOTO) report runs/$(STUDY)

lint: setup ## rules of style, imports and types
	$(PYTHON) -m ruff check .
	$(VENV)/bin/lint-imports
	$(PYTHON) -m mypy $(addprefix -p ,$(PACKAGES))

fast: setup ## run the fast tests only
	$(PYTEST) -m "not slow"

test: lint fast ## style, import rules, types and fast tests

check: ## the same, and whether the sources are formatted
	@$(MAKE) --no-print-directory setup
	$(PYTHON) -m ruff format --check .
	@$(MAKE) --no-print-directory test

test-slow: setup ## run the long tests
	$(PYTEST) -m slow

fuzz: setup ## try random study files, tables and run folders for ten minutes (EFFORT=times as many as the fast tests)
	GOTO_TWIN_FUZZ=$(or $(EFFORT),25) $(PYTEST) -m fuzz

kills: setup ## kill runs at random moments and compare their bytes (KILLS=100)
	GOTO_TWIN_KILLS=$(or $(KILLS),100) $(PYTHON) -m pytest tests/e2e/test_kills.py -m slow -s

browser-tests: setup ## open a report in Chromium; says so where there is none
	$(PYTEST) tests/reports/test_report_browser.py -m "slow or not slow" -rs

golden: setup ## compare every command with the kept values in tests/golden (an hour on two processors)
	$(PYTEST) tests/golden -m "slow or not slow"

bench: ## time the engine beside its peers, write benchmarks/RESULTS.md (QUICK=1: few steps, print only)
	@$(MAKE) --no-print-directory setup VENV=.venv-bench LOCK=requirements-bench.lock
	OMP_NUM_THREADS=1 .venv-bench/bin/python -m benchmarks$(if $(QUICK), --quick)

format: setup ## format the sources
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

validate: setup ## write docs/validation/validation.md, docs/validation/calibration.md and their figures again (DATA=folder)
	$(PYTHON) docs/generators/make_validation.py
	$(PYTHON) docs/generators/make_calibration.py $(DATA)

docs: ## build the site of all pages in build/docs (DOCS_NOTEBOOKS=off: do not execute notebooks)
	@$(MAKE) --no-print-directory setup VENV=.venv-docs LOCK=requirements-docs.lock
	.venv-docs/bin/python -m sphinx -W --keep-going -q -d build/doctrees docs build/docs
	@echo "The site is in build/docs/index.html"

lock: ## write the lock files again (needs uv)
	$(LOCK_COMMAND) --group build --output-file requirements.lock
	$(LOCK_COMMAND) --group build --group dev --constraint requirements.lock --output-file requirements-dev.lock
	$(LOCK_COMMAND) --group build --group docs --constraint requirements.lock --output-file requirements-docs.lock
	$(LOCK_COMMAND) --group build --group dev --group bench --constraint requirements.lock --output-file requirements-bench.lock

clean: ## remove the set-up and caches; results in runs/ stay
	rm -rf .venv .venv-bench .venv-docs build docs/reference/api dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
