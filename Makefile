# Two commands matter: `make demo` and `make test`. Both create the environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
OTHERS := 3.12 3.13 3.14
SPREAD := -n 3 --dist loadfile -m 'not slow'

.PHONY: demo test check-slow docs other-pythons lint format types unit lock clean

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
	$(BIN)/pytest $(SPREAD)
	git status --porcelain 2>/dev/null | diff $(VENV)/tree-before - \
	  || { echo 'the tree is not what it was before the tests (see above)' >&2; exit 1; }

# What needs minutes: long fuzz runs, million-line files, comparisons with peers.
check-slow: $(STAMP)
	$(BIN)/pytest -m slow

# The documentation site, into site/. It fails for a link that leads nowhere and for a page outside the navigation.
docs: $(STAMP)
	$(BIN)/python -c 'import material' 2>/dev/null || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[local,dev,docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The other Pythons that this machine has: the unit tests and the main job, in an environment for each.
other-pythons: $(OTHERS:%=python-%)

python-%: $(STAMP)
	@if $(BIN)/uv python find --quiet --no-python-downloads $* >/dev/null; then \
	  set -e; \
	  $(BIN)/uv venv --quiet --clear --seed --no-python-downloads --python $* $(VENV)-$*; \
	  $(BIN)/uv pip install --quiet --python $(VENV)-$* -c constraints.txt -e '.[local,dev]'; \
	  $(VENV)-$*/bin/python --version; \
	  $(VENV)-$*/bin/pytest $(SPREAD) tests/unit tests/functional/test_main_job.py; \
	else \
	  echo 'Python $* is not on this machine: nothing was tested with it'; \
	fi

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A new constraints.txt, for every platform and Python at once.
lock: $(STAMP)
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras --upgrade --quiet -o constraints.txt

clean:
	rm -rf $(VENV) $(VENV)-* dist build site .mypy_cache .ruff_cache .hypothesis
