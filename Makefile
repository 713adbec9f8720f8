# Two commands set everything up on a fresh machine with Python 3.11 or newer: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP_FLAGS := --disable-pip-version-check --no-color --progress-bar off --constraint constraints.txt
DATA ?= ../shared/data
COMMA := ,

.PHONY: help demo first-response test test-fast test-unit lint docs screenshots format bench bench-accuracy bench-daemon bench-throughput compiled interpreted coverage mutants wheel clean

help: ## List the targets.
	@grep -E '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  %-18s %s\n", $$1, $$2}'

# Counts the packages that pip gets, on one line of a terminal; in a pipe only the beginning and the end. pip's other
# lines are shown if it fails.
define PROGRESS
{ lines = lines $$0 "\n" }
/^Collecting / { count++; if (tty) { printf "\r\033[K  %d packages, now %s", count, $$2; fflush() } }
/^Installing collected/ { if (tty) { printf "\r\033[K  unpacking %d packages", count; fflush() } }
/^pip failed$$/ { failed = 1 }
END { if (tty) printf "\r\033[K"; if (failed) { printf "%s", lines; exit 1 } if (count) printf "  %d package%s installed\n", count, count == 1 ? "" : "s" }
endef
export PROGRESS
install = tty=0; test -t 1 && tty=1; { $(BIN)/python -m pip install $(PIP_FLAGS) $(1) 2>&1 || echo "pip failed"; } | awk -v tty=$$tty "$$PROGRESS"

# The stamps make set-up happen once, and again when what it is made from changes.
$(VENV)/.runtime: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=/path/to/python3")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed: on Debian install python3-venv"; exit 1; }
	@echo "installing aiops and what it needs into $(VENV): about a minute"
	@$(call install,--upgrade pip)
	@$(call install,--editable .)
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	@echo "installing what the tests need into $(VENV): some minutes"
	@$(call install,--group dev --editable '.[chat$(COMMA)librdkafka$(COMMA)mail$(COMMA)otel$(COMMA)postgresql$(COMMA)schema-registry]')
	@touch $@

demo: $(VENV)/.runtime ## Install, then watch a storm of alerts become a handful of incidents, on a page.
	@$(BIN)/aiops demo

first-response: $(VENV)/.runtime ## Install, then watch a bad rollout being rolled back without a person.
	@$(BIN)/python -m examples.first_response

# Three workers on two cores: half of the time a test waits for a daemon, a broker or a browser.
test: $(VENV)/.dev interpreted lint ## Install, then lint and run all tests.
	@$(BIN)/python -m pytest -n 3 --dist loadgroup -p no:cacheprovider $(PYTEST_FLAGS)

# Coverage counts the source, not what was compiled. It costs a quarter of the time, and so is a target of its own.
coverage: $(VENV)/.dev interpreted ## Run all tests and report the lines that none of them runs.
	@$(BIN)/python -m pytest -n 2 -q --dist loadgroup --cov --cov-report=term:skip-covered $(PYTEST_FLAGS)

test-fast: $(VENV)/.dev interpreted ## Run the tests that need no broker, browser, crash or packaging.
	@$(BIN)/python -m pytest -n 2 -q -m 'not slow and not kafka and not crash and not browser' $(PYTEST_FLAGS)

# Rooms whose tests run in this process: a minute of two cores. Tests of more than a few seconds are marked slow.
UNIT := engine records respond store journal notify http score simulate
test-unit: $(VENV)/.dev interpreted ## Run the tests of the inner rooms, in less than a minute.
	@$(BIN)/python -m pytest -n 2 -q -m 'not slow' $(UNIT:%=tests/%) tests/test_*.py $(PYTEST_FLAGS)

mutants: $(VENV)/.dev ## Change safety-critical code in copies of the tree; the tests must notice each change.
	@$(BIN)/python -m tests.mutants

lint: $(VENV)/.dev ## Check formatting, lint, types (tests and benchmarks too) and import contracts.
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

docs: $(VENV)/.dev ## Write the tables of plugins in docs/ from their classes.
	@$(BIN)/python -m tests.docs.option_tables && $(BIN)/python -m tests.docs.setup_table && $(BIN)/python -m tests.docs.playbook_table && $(BIN)/python -m tests.docs.step_tables

screenshots: $(VENV)/.dev ## Take pictures of the pages of one simulated site, into docs/images/ (needs Chromium).
	@$(BIN)/python -m tests.browser.screenshots

format: $(VENV)/.dev ## Format, and fix what ruff can fix.
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: bench-throughput bench-daemon bench-accuracy ## Run all benchmark suites.

compiled: $(VENV)/.dev ## Compile the engine's inner loop in this checkout; needs a C compiler.
	@$(BIN)/python -m aiops.compile

interpreted: $(VENV)/.runtime ## Remove the compiled modules.
	@$(BIN)/python -m aiops.compile --remove

bench-throughput: compiled ## Measure alerts per second, with the floors in the same run.
	@AIOPS_DATA=$(DATA) $(BIN)/python -m benchmarks.throughput

bench-daemon: compiled ## Measure the whole daemon: broker to store, to webhook, restart after a kill.
	@AIOPS_DATA=$(DATA) $(BIN)/python -m benchmarks.throughput.daemon

bench-accuracy: $(VENV)/.dev ## Measure grouping, causes, playbooks and detection, with simple baselines.
	@AIOPS_DATA=$(DATA) $(BIN)/python -m benchmarks.accuracy

wheel: $(VENV)/.dev ## Build the sdist, the pure wheel and, with a C compiler, this platform's compiled one, into dist/.
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation --outdir dist .
	@if ! command -v cc >/dev/null; then echo "no C compiler: no compiled wheel"; else \
		HATCH_BUILD_HOOK_ENABLE_MYPYC=true $(BIN)/python -m build --no-isolation --wheel --outdir dist dist/*.tar.gz; fi

clean: ## Remove builds and caches; keep the environment.
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov
