# Two commands matter: `make demo` and `make test`. Both create the environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
OTHERS := 3.12 3.13 3.14
SPREAD := -n 3 --dist loadfile -m 'not slow'

.PHONY: demo test check-slow docs other-pythons lint format types unit lock audit dist sbom clean

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "monitor needs Python 3.11 or newer; set PYTHON=…")'
	@$(PYTHON) -m venv $(VENV)
	@echo "Installing monitor and what it needs into $(VENV), which takes about a minute"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -c constraints.txt -e '.[local,dev]' \
	  > $(VENV)/install.log 2>&1 & pid=$$!; seconds=0; \
	while kill -0 $$pid 2> /dev/null; do \
	  if grep -q '^Installing collected' $(VENV)/install.log; then doing=installing; else doing=collected; fi; \
	  if [ -t 1 ]; then \
	    printf '\r%s %s distributions, %s s ' $$doing "$$(grep -c '^Collecting' $(VENV)/install.log)" $$seconds; \
	  fi; \
	  sleep 1; seconds=$$((seconds + 1)); \
	done; echo; \
	wait $$pid || { tail -20 $(VENV)/install.log; exit 1; }
	@touch $(STAMP)

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

# What needs minutes: long fuzz runs, million-line files, comparisons with peers, and all examples of generated tests.
check-slow: $(STAMP)
	MONITOR_ALL_EXAMPLES=1 $(BIN)/pytest -m 'slow or hypothesis'

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

# Known vulnerabilities of what the tests run with. It asks PyPI's advisories.
audit: $(STAMP)
	$(BIN)/uv tool run 'pip-audit==2.10.1' -r constraints.txt --no-deps --disable-pip

# The wheel and the source archive, built twice, from two copies of the commit: they must be the same to the byte.
dist: $(STAMP)
	rm -rf dist build/again && mkdir -p build/again/source
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m hatchling build -d dist
	git archive HEAD | tar -x -C build/again/source
	cd build/again/source && SOURCE_DATE_EPOCH=$$(git -C $(CURDIR) log -1 --format=%ct) \
	  $(CURDIR)/$(BIN)/python -m hatchling build -d ../dist
	diff -r dist build/again/dist

# What the wheel needs, as a CycloneDX list: an environment with nothing else is looked through.
sbom: dist
	rm -rf build/sbom sbom && mkdir -p sbom
	$(BIN)/uv venv --quiet --python $(BIN)/python build/sbom
	$(BIN)/uv pip install --quiet --python build/sbom -c constraints.txt dist/*.whl
	$(BIN)/uv tool run --from 'cyclonedx-bom==7.5.0' cyclonedx-py environment build/sbom/bin/python \
	  --pyproject pyproject.toml --output-reproducible -o sbom/lambda-monitor.cdx.json

clean:
	rm -rf $(VENV) $(VENV)-* dist build sbom site .mypy_cache .ruff_cache .hypothesis
