# Every target does its own set-up: Python >= 3.11 with venv, and make, are all it needs.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
OUT    ?= out

.DEFAULT_GOAL := help
.PHONY: help install test slow theory interop lint format demo docs lock identities benchmarks clean

help:
	@echo "make demo        answer the session-cache question, report in $(OUT)/demo"
	@echo "make test        the fast tests"
	@echo "make slow        the slow tests"
	@echo "make theory      farms beside queueing theory, every system at every load"
	@echo "make interop     every handshake with other implementations, docs/interoperability.md"
	@echo "make lint        ruff, mypy, import-linter"
	@echo "make format      let ruff lay out the sources"
	@echo "make docs        the documentation as a site, $(OUT)/site/index.html"
	@echo "make benchmarks  engine and simulator beside other implementations"
	@echo "make identities  make the certificates and keys that are missing"
	@echo "make lock        resolve requirements.lock again (needs uv)"
	@echo "make install     the virtual environment in $(VENV)"
	@echo "make clean       remove what the targets above made"

install: $(STAMP)

# A lock or project file that changed makes a new environment; an unchanged one costs nothing.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "tlscape needs Python 3.11 or later; say which with: make PYTHON=python3.x" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 -m "not slow"

slow: $(STAMP)
	$(BIN)/python -m pytest -n 2 -m "slow and not alone and not whole"
	$(BIN)/python -m pytest -m alone

# Every queue at every load: minutes, and nothing that a commit need wait for.
theory: $(STAMP)
	$(BIN)/python -m pytest -s -m whole

# A peer that is not installed leaves its cells "not run".
interop: $(STAMP)
	$(BIN)/python -m pytest -n 2 tests/interop/test_matrix.py tests/interop/test_tls_1_3_*.py \
	  tests/interop/test_post_quantum.py -k "not document" \
	  --write-interoperability docs/interoperability.md

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

demo: $(STAMP)
	$(BIN)/tlscape run session-cache --out $(OUT)/demo

docs: $(STAMP)
	$(BIN)/python -m mkdocs build --quiet --strict --site-dir $(OUT)/site
	@echo $(OUT)/site/index.html

lock:
	@command -v uv >/dev/null || { echo "make lock needs uv on the path" >&2; exit 1; }
	uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-header --no-annotate --all-extras pyproject.toml -o requirements.lock

identities: $(STAMP)
	$(BIN)/python scripts/make_identities.py

benchmarks: $(STAMP)
	$(BIN)/python benchmarks/handshake.py
	$(BIN)/python benchmarks/bulk.py
	$(BIN)/python benchmarks/simulation.py

clean:
	rm -rf $(VENV) $(OUT) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
