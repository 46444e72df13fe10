# From an empty clone, with Python 3.11 alone: `make run` serves, `make test` tests. `make help` lists the rest.
PYTHON ?= python3.11
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check

.PHONY: help run test bench faults pages check requirements

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

# Stamps are written last: what was interrupted is made again. Every package is checked against its hash.
.venv/ready: requirements.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is missing: install it, or name it: make PYTHON=/path/to/it" >&2; exit 1; }
	@test -e $@ && test -x $(BIN)/python || $(PYTHON) -m venv --clear .venv
	$(PIP) --require-hashes -r requirements.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/ready-to-test: requirements-dev.txt .venv/ready
	$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

.venv: .venv/ready-to-test

# `exec` and the flag: whoever kills this make, even by kill -9, ends everything that it started.
run: .venv/ready ## everything, with the demo country, at http://127.0.0.1:8000 (PORT)
	@GAPURA_MODE=demo exec $(BIN)/python wsgi.py --until-parent-ends

# In two processes, each file whole in one of them, folder by folder: what starts servers comes first, what is small last.
IN_TWO := --numprocesses 2 --dist loadfile --no-loadscope-reorder

test: .venv/ready-to-test ## all tests; what needs Node, Chromium or Apache is left out where they are missing
	$(BIN)/python -m pytest $(IN_TWO)

bench: .venv/ready-to-test ## what a sign-in costs, at the running demo, beside the peer if installed (BENCH="--mode requests")
	@PATH="$(CURDIR)/$(BIN):$$PATH" GAPURA_MODE=demo $(BIN)/python bench/opbench/opbench.py --config bench/gapura.json \
	  --warmup 5000 --concurrency 8 $(BENCH)
	@test ! -d bench/opbench/peer/node_modules || $(BIN)/python bench/beside_the_peer.py --config bench/gapura.json
	@$(BIN)/python bench/logins.py --config bench/gapura.json
	@$(BIN)/python bench/priority.py --config bench/gapura.json
	@$(BIN)/python bench/starts.py

faults: .venv/ready-to-test ## what must never happen, in the long form: fuzzing, kills under load
	$(BIN)/python -m pytest $(IN_TWO) -m "long or not long" tests/faults

pages: .venv/ready-to-test ## every page: both languages and schemes, three widths, judged by axe-core
	GAPURA_PAGES=all $(BIN)/python -m pytest -m "long or not long" tests/browser

check: .venv/ready-to-test ## lint, form, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --build-deps-for editable

requirements: .venv/ready-to-test ## pin and hash what pyproject.toml names
	$(PIP) pip-tools
	$(COMPILE) -o requirements.txt pyproject.toml
	$(COMPILE) --extra dev -o requirements-dev.txt pyproject.toml
