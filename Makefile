# Everything a checkout needs, on a machine with Python 3.11 or newer, git and make.

PYTHON ?= python3
VENV ?= .venv
NEWEST_VENV ?= .venv-newest
PROVIDER_VENV ?= .venv-provider
DOCS_VENV ?= .venv-docs
SITE_PORT ?= 8000
STANDIN_PORT ?= 8001
CLIENTS_PORT ?= 8002
ARGS ?=
# Processes that run the tests: by default one per processor. WORKERS=0 uses a single process.
WORKERS ?= auto

BIN := $(VENV)/bin
JS := tests/provider/js
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast test-newest test-provider test-scim scale-test lint check check-provider check-scim release-check dist docs bench clean

help:
	@echo "make demo           the demo site with a stand-in for Microsoft, and applications that sign in at the site"
	@echo "                    (SITE_PORT=8000 STANDIN_PORT=8001 CLIENTS_PORT=8002)"
	@echo "make test           the test suite on SQLite, without the browser tests and the largest (ARGS=\"-k name\")"
	@echo "make test-fast      the same without the slow tests: for a run after each change"
	@echo "make test-newest    make test on the newest Django, in $(NEWEST_VENV) (PYTHON=python3.12 or newer)"
	@echo "make test-provider  the tests of azuread_connections.provider, in $(PROVIDER_VENV), with Node.js; without"
	@echo "                    the browser tests: ARGS=\"-m browser\" runs those"
	@echo "make test-scim      the tests of azuread_connections.scim, in $(PROVIDER_VENV)"
	@echo "make scale-test     two servers, a load balancer, PgBouncer, a replica and Redis, with many sign-ins"
	@echo "make lint           ruff, djlint and mypy"
	@echo "make check          lint, Django's system checks and missing migrations"
	@echo "make check-provider types, system checks and missing migrations of azuread_connections.provider"
	@echo "make check-scim     the same of azuread_connections.scim"
	@echo "make release-check  what a release needs: every text is translated into each language"
	@echo "make dist           release-check, then the distributions of a release, in dist/, checked by twine"
	@echo "make docs           the documentation as a site, in site/: open site/index.html"
	@echo "make bench          compare this app with its peers: time, CPU, counts (BENCH_SCALE=small: a smoke test)"
	@echo "make clean          remove what the demo and the tools wrote; $(VENV) and benchmarks/.envs stay"
	@echo
	@echo "PYTHON=python3.12 chooses the interpreter, VENV=dir the virtual environment."

demo: $(VENV)/.demo
	@$(BIN)/python -m project.demo.run --site-port $(SITE_PORT) --standin-port $(STANDIN_PORT) \
		--clients-port $(CLIENTS_PORT)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(WORKERS) -m "not browser and not at_size" $(ARGS)

test-fast: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow and not browser and not at_size" $(ARGS)

# In a separate environment, with another Django than that of requirements.txt.
test-newest:
	@$(MAKE) --no-print-directory VENV=$(NEWEST_VENV) $(NEWEST_VENV)/.newest
	@$(MAKE) --no-print-directory VENV=$(NEWEST_VENV) test

# In an environment of its own, too: all other tests run without django-oauth-toolkit.
test-provider:
	@$(MAKE) --no-print-directory VENV=$(PROVIDER_VENV) $(PROVIDER_VENV)/.provider $(JS)/node_modules/.installed
	$(PROVIDER_VENV)/bin/python -m pytest -n $(WORKERS) -m "not browser" --ds=tests.provider.settings \
		tests/provider $(ARGS)

# In the same environment as the provider: each needs packages that nothing else here needs.
test-scim:
	@$(MAKE) --no-print-directory VENV=$(PROVIDER_VENV) $(PROVIDER_VENV)/.scim $(PROVIDER_VENV)/.provider
	$(PROVIDER_VENV)/bin/python -m pytest -n $(WORKERS) -m "not browser" --ds=tests.scim.settings \
		tests/scim $(ARGS)
	$(PROVIDER_VENV)/bin/python -m pytest -m "not browser" --ds=tests.scim.with_provider.settings \
		tests/scim/with_provider $(ARGS)

# Debian's postgresql, pgbouncer, haproxy and redis-server, on free ports and in a temporary folder.
scale-test:
	@$(MAKE) --no-print-directory VENV=$(PROVIDER_VENV) $(PROVIDER_VENV)/.scim $(PROVIDER_VENV)/.provider
	@$(PROVIDER_VENV)/bin/python -m pip install --quiet $$(grep -E '^(gunicorn|psycopg|redis)' requirements-ci.txt)
	timeout --kill-after=30 170 $(PROVIDER_VENV)/bin/python -m ci.scale $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint --quiet azuread_connections/templates templates
	$(BIN)/mypy

check: lint
	$(BIN)/python manage.py check --settings tests.settings
	$(BIN)/python manage.py makemigrations --check --dry-run --settings tests.settings

check-provider:
	@$(MAKE) --no-print-directory VENV=$(PROVIDER_VENV) $(PROVIDER_VENV)/.provider
	$(PROVIDER_VENV)/bin/mypy --config-file ci/mypy_provider.toml
	$(PROVIDER_VENV)/bin/python manage.py check --settings tests.provider.settings
	$(PROVIDER_VENV)/bin/python manage.py makemigrations --check --dry-run --settings tests.provider.settings

check-scim:
	@$(MAKE) --no-print-directory VENV=$(PROVIDER_VENV) $(PROVIDER_VENV)/.scim
	$(PROVIDER_VENV)/bin/mypy --config-file ci/mypy_scim.toml
	$(PROVIDER_VENV)/bin/python manage.py check --settings tests.scim.settings
	$(PROVIDER_VENV)/bin/python manage.py makemigrations --check --dry-run --settings tests.scim.settings

# In a test run a missing translation is only reported. `make dist` and .ci/run demand it.
release-check: $(VENV)/.dev
	RELEASE=1 $(BIN)/python -m pytest -q tests/test_locale.py

# In an environment of its own: the builder and the app have packages in common. Without --quiet, with
# which warnings would not count, and so --strict would find nothing.
docs:
	@$(MAKE) --no-print-directory VENV=$(DOCS_VENV) $(DOCS_VENV)/.docs
	@$(DOCS_VENV)/bin/python -m project.docs
	@NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs build --strict
	@$(DOCS_VENV)/bin/python -m project.docs --check-offline site
	@echo "The site is in site/: open site/index.html"

dist: release-check
	@$(BIN)/python -m pip install --quiet -r requirements-release.txt
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

bench: $(VENV)/.created
	@$(BIN)/python -m benchmarks.environments
	@benchmarks/.envs/azuread_connections/bin/python -m benchmarks $(ARGS)

clean:
	rm -rf build dist site .docs *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov
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

$(VENV)/.demo: requirements-demo.txt requirements.txt $(VENV)/.created
	@echo "Installing packages ..."
	@$(BIN)/python -m pip install --quiet -r requirements-demo.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt $(VENV)/.created
	@echo "Installing packages for development ..."
	@$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@

$(PROVIDER_VENV)/.provider: requirements-provider.txt requirements-demo.txt $(PROVIDER_VENV)/.dev
	@$(PROVIDER_VENV)/bin/python -m pip install --quiet -r requirements-provider.txt
	@touch $@

$(PROVIDER_VENV)/.scim: requirements-scim.txt requirements-demo.txt $(PROVIDER_VENV)/.dev
	@$(PROVIDER_VENV)/bin/python -m pip install --quiet -r requirements-scim.txt
	@touch $@

# OAuth clients in JavaScript. They run on the machine's Node.js if it is 20 or newer, otherwise on
# that of PyPI. Without the packages' scripts: none is needed, and any could do anything.
$(JS)/node_modules/.installed: $(JS)/package.json $(JS)/package-lock.json requirements-node.txt $(PROVIDER_VENV)/.provider
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null \
		|| $(PROVIDER_VENV)/bin/python -m pip install --quiet -r requirements-node.txt
	@PATH="$(CURDIR)/$(PROVIDER_VENV)/bin:$$PATH" npm ci --prefix $(JS) --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(DOCS_VENV)/.docs: requirements-docs.txt $(DOCS_VENV)/.created
	@$(DOCS_VENV)/bin/python -m pip install --quiet -r requirements-docs.txt
	@touch $@

$(NEWEST_VENV)/.newest: requirements-newest.txt $(NEWEST_VENV)/.dev
	@$(NEWEST_VENV)/bin/python -m pip install --quiet -r requirements-newest.txt
	@touch $@
