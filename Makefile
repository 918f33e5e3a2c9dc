# Two commands for everybody: `make run` shows the ledger at work, `make test` proves everything.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check unit bench clean docs screenshots

run: .venv/installed
	$(BIN)/mission-ledger demo

test: .venv/installed-for-tests check unit

check: .venv/installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: .venv/installed-for-tests
	$(BIN)/python -m pytest -n auto -q $(ARGS)

bench: .venv/installed-for-bench
	$(BIN)/python -m tests.bench $(ARGS)

screenshots: .venv/installed-for-tests
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

docs: .venv/installed-for-tests
	$(BIN)/python -m docs.generate

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# Debian's python3 comes without venv; where we may, we install it.
.venv/bin/pip:
	$(PYTHON) -m venv .venv || { rm -rf .venv; apt-get update -q && apt-get install -y -q python3-venv && $(PYTHON) -m venv .venv; } \
	  || { echo "Python's venv is missing: install the package python3-venv, then run make again." >&2; exit 1; }

.venv/installed: pyproject.toml constraints.txt .venv/bin/pip
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/installed-for-tests: .venv/installed
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt "pip>=25.1"
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt --group test
	@command -v chromium > /dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends chromium; } \
	  || { echo "The browser for the tests is missing: install Debian's package chromium, then run make again." >&2; exit 1; }
	touch $@

.venv/installed-for-bench: .venv/installed-for-tests
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt --group bench
	touch $@
