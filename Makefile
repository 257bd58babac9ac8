# Two commands matter: `make demo` and `make test`. Both create the environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check-slow lint format types unit lock clean

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "monitor needs Python 3.11 or newer; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[local,dev]'
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/monitor demo

test: $(STAMP) lint types unit

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/vulture

types: $(STAMP)
	$(BIN)/mypy

# The second half: a test that leaves a file in the tree, or changes one, has failed.
unit: $(STAMP)
	git status --porcelain >$(VENV)/tree-before 2>/dev/null || true
	$(BIN)/pytest -n 3 --dist loadfile -m 'not slow'
	git status --porcelain 2>/dev/null | diff $(VENV)/tree-before - \
	  || { echo 'the tree is not what it was before the tests (see above)' >&2; exit 1; }

# What needs minutes: long fuzz runs, million-line files, comparisons with peers.
check-slow: $(STAMP)
	$(BIN)/pytest -m slow

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A new constraints.txt, for every platform and Python at once. Needs uv.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras --upgrade --quiet -o constraints.txt

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .hypothesis
