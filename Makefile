# Two commands: `make run` starts a demo portal, `make test` runs every test. Each sets up all that it needs.

PYTHON ?= python3
PORT   ?= 8000
DATA   ?= ./data
# Workers for the tests; two cores keep four busy, since much of the time is waiting.
JOBS   ?= 4
# What the tests run on. both: storage, services, what stores through pages and commands, and the journeys of the whole loop on SQLite and
# on PostgreSQL, the rest on SQLite. postgresql: everything on PostgreSQL, browsers included. sqlite: no PostgreSQL. The tests start a PostgreSQL server of their own.
DATABASE ?= both

# The tests start the program hundreds of times; it is compiled once.
unexport PYTHONDONTWRITEBYTECODE

VENV    := .venv
RUNTIME := $(VENV)/.runtime
DEV     := $(VENV)/.dev
NODE_MODULES := app/browser/node_modules/.installed
PIP     := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet

.PHONY: run test test-python test-browser-client lint bundle bundle-check bench faults lock messages clean stack sweep flood

run: $(RUNTIME)
	@QUIETLINE_DATA=$(DATA) QUIETLINE_BIND=127.0.0.1:$(PORT) exec $(VENV)/bin/quietline demo

stack: $(RUNTIME)
	@.ci/nginx
	@.ci/postgresql
	@PYTHONPATH=. exec $(VENV)/bin/python -m deploy.stack

test: test-browser-client test-python

test-python: $(DEV) $(NODE_MODULES)
	@.ci/chromium
	@.ci/strace
	@.ci/faketime
	@.ci/nginx
	@.ci/redis
	@test "$(DATABASE)" = sqlite || .ci/postgresql
	$(VENV)/bin/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder --database $(DATABASE)

test-browser-client: $(DEV) $(NODE_MODULES)
	cd app/browser && ../../.ci/node npm test

lint: $(DEV) $(NODE_MODULES)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	PYTHONPATH=. $(VENV)/bin/lint-imports
	$(VENV)/bin/djlint --lint app/web/templates
	cd app/browser && ../../.ci/node npm run --silent check

bundle: $(NODE_MODULES)
	cd app/browser && ../../.ci/node npm run --silent build

bundle-check: $(NODE_MODULES)
	cd app/browser && ../../.ci/node npm run --silent build -- --compare

bench: $(DEV)
	$(VENV)/bin/python -m tests.bench

# Killed, and failing, at every call of a journey in turn: some six minutes, as root. A sample of it is part of `make test`.
faults: $(DEV)
	@.ci/strace
	$(VENV)/bin/python -m tests.faults.kill

# Looks for every trace of a reporter, wherever one could be; as root on a file system of its own, whose raw blocks are read too.
sweep: $(DEV)
	@.ci/chromium
	@.ci/strace
	@.ci/nginx
	@.ci/redis
	@.ci/postgresql
	$(VENV)/bin/python -m tests.faults.sweep

flood: $(DEV)
	$(VENV)/bin/python -m tests.faults.flood

messages: $(DEV)
	$(VENV)/bin/pybabel -q extract -F app/translations/babel.cfg --add-comments "Translators:" --no-location --sort-output --project Quietline --version "" -o app/translations/messages.pot app

lock: $(DEV)
	.ci/lock

$(VENV)/bin/python:
	@.ci/venv $(PYTHON) $(VENV)

$(RUNTIME): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the portal needs into $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	@echo "Installing what the tests need ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

$(NODE_MODULES): app/browser/package-lock.json | $(RUNTIME)
	cd app/browser && ../../.ci/node npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

clean:
	rm -rf $(VENV) app/browser/node_modules tests/browser/.build build *.egg-info
