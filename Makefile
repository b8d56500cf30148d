# Everything a checkout needs, on a machine with Python 3.11 or newer and make.

PYTHON ?= python3
VENV ?= .venv
NEWEST_VENV ?= .venv-newest
SITE_PORT ?= 8000
STANDIN_PORT ?= 8001
ARGS ?=
# Processes that run the tests: by default one per processor. WORKERS=0 uses a single process.
WORKERS ?= auto

BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast test-newest lint check release-check bench clean

help:
	@echo "make demo           the demo site with a stand-in for Microsoft (SITE_PORT=8000 STANDIN_PORT=8001)"
	@echo "make test           the test suite on SQLite, without the browser tests and the largest (ARGS=\"-k name\")"
	@echo "make test-fast      the same without the slow tests: for a run after each change"
	@echo "make test-newest    make test on the newest Django, in $(NEWEST_VENV) (PYTHON=python3.12 or newer)"
	@echo "make lint           ruff, djlint and mypy"
	@echo "make check          lint, Django's system checks and missing migrations"
	@echo "make release-check  what a release needs: every text is translated into German"
	@echo "make bench          compare this app with its peers: time, CPU, counts (BENCH_SCALE=small: a smoke test)"
	@echo "make clean          remove what the demo and the tools wrote; $(VENV) and benchmarks/.envs stay"
	@echo
	@echo "PYTHON=python3.12 chooses the interpreter, VENV=dir the virtual environment."

demo: $(VENV)/.runtime
	@$(BIN)/python -m project.demo.run --site-port $(SITE_PORT) --standin-port $(STANDIN_PORT)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(WORKERS) -m "not browser and not at_size" $(ARGS)

test-fast: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow and not browser and not at_size" $(ARGS)

# In a separate environment, with another Django than that of requirements.txt.
test-newest:
	@$(MAKE) --no-print-directory VENV=$(NEWEST_VENV) $(NEWEST_VENV)/.newest
	@$(MAKE) --no-print-directory VENV=$(NEWEST_VENV) test

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint --quiet azuread_connections/templates templates
	$(BIN)/mypy

check: lint
	$(BIN)/python manage.py check --settings tests.settings
	$(BIN)/python manage.py makemigrations --check --dry-run --settings tests.settings

# Elsewhere a missing translation is only reported.
release-check: $(VENV)/.dev
	RELEASE=1 $(BIN)/python -m pytest -q tests/test_locale.py

bench: $(VENV)/.created
	@$(BIN)/python -m benchmarks.environments
	@benchmarks/.envs/azuread_connections/bin/python -m benchmarks $(ARGS)

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov
	find . -path ./$(VENV) -prune -o -type d -name __pycache__ -exec rm -rf {} +
	@if grep -qs '^# Written by make demo' .env; then \
		echo "rm -rf .env .demo db.sqlite3*"; rm -rf .env .demo db.sqlite3*; \
	fi

# Debian ships ensurepip, without which venv fails, in a separate package.
$(VENV)/.created:
	@command -v $(PYTHON) >/dev/null || { \
		echo "There is no $(PYTHON). Install Python 3.11 or newer, or name yours: make PYTHON=python3.12 ..."; \
		exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$$($(PYTHON) --version 2>&1) is too old: 3.11 or newer is needed. Name one: make PYTHON=python3.12 ..."; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		package=$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing $$package ..."; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$package >/dev/null; \
		else \
			echo "Python cannot create virtual environments here. Install what is missing, then try again:"; \
			echo; echo "    sudo apt-get install -y $$package"; echo; \
			exit 1; \
		fi; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		echo "Creating $(VENV) ..."; $(PYTHON) -m venv $(VENV); }
	@touch $@

$(VENV)/.runtime: requirements.txt $(VENV)/.created
	@echo "Installing packages ..."
	@$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt $(VENV)/.created
	@echo "Installing packages for development ..."
	@$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@

$(NEWEST_VENV)/.newest: requirements-newest.txt $(NEWEST_VENV)/.dev
	@$(NEWEST_VENV)/bin/python -m pip install --quiet -r requirements-newest.txt
	@touch $@
