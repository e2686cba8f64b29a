# Everything runs from a bare clone: Python 3.11 or newer and make. `make help` lists what there is.

VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEV    := $(VENV)/.installed-dev
SUPPLY := $(VENV)/.installed-supply
PINS   := pyproject.toml constraints.txt
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test check bench simulate planted spoofed stale canary leaks soak soak-postgres fuzz supply format clean

help: ## list these
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

demo: $(STAMP) ## two phones talking through a virtual number, on this machine alone (ARGS="--port 4000")
	@$(BIN)/python -m bot demo $(ARGS)

test: export PYTHONDONTWRITEBYTECODE = # or each worker and each process that is started compiles all of it anew
test: $(DEV) ## the whole test suite, with what it covers (ARGS="-k pair")
	@$(BIN)/python -m pytest --numprocesses 6 --dist worksteal --cov --cov-report=term $(ARGS)

check: $(DEV) ## formatter, linter, types, import rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(DEV) ## put the code into its form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(DEV) ## how fast it is, as a table
	@$(BIN)/python -m tests.bench $(ARGS)

simulate: $(DEV) ## the promise of delivery in thousands of simulated worlds (ARGS="--seeds 100000")
	@$(BIN)/python -m tests.simulator $(ARGS)

planted: $(DEV) ## which simulated world finds each of the faults planted on purpose
	@$(BIN)/python -m tests.simulator --planted $(ARGS)

spoofed: $(DEV) ## ten thousand texts of somebody who forges every number and reads none
	@SPOOFED=10000 $(BIN)/python -m pytest --numprocesses 2 -q tests/test_spoofing.py $(ARGS)

canary: $(DEV) ## long conversations, and no number or text where it must not be (ARGS="--seeds 100", ARGS=--planted)
	@$(BIN)/python -m tests.canary $(ARGS)

leaks: $(DEV) ## how many of 300 spellings of a telephone number the leak guard finds
	@$(BIN)/python -m pytest -q tests/commands/test_leakguard.py -k spellings $(ARGS)

stale: $(DEV) ## two thousand towns in which chats change and texts come late, and the faults planted in their guard
	@STALE=2000 $(BIN)/python -m pytest --numprocesses 2 -q tests/test_stale_routing.py $(ARGS)

soak: $(DEV) ## a thousand kills and some thousand power cuts, about half an hour (ARGS="--kills 100 --seed 7")
	@$(BIN)/python -m tests.soak $(ARGS)

soak-postgres: $(DEV) ## four processes on one PostgreSQL, hurt at random for twenty minutes (ARGS="--minutes 2 --seed 7")
	@$(BIN)/python -m tests.cluster $(ARGS)

fuzz: $(DEV) ## odd requests to the real process, a hundred thousand (ARGS="--requests 5000 --seed 7")
	@$(BIN)/python -m tests.fuzz $(ARGS)

supply: $(SUPPLY) ## known flaws of the dependencies, what is not pinned, secrets in tracked files
	@$(BIN)/python -m tests.supply

clean: ## take away what the other targets made; databases and .env stay
	rm -rf $(VENV) .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find bot commands storage tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@python=; \
	for each in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	    if $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$each; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "Python 3.11 or newer is needed; none was found. With one elsewhere: make PYTHON=/path/to/python3" >&2; exit 1; \
	fi; \
	if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "$$python has no venv. On Debian and Ubuntu: sudo apt install python3-venv" >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$($$python --version)" && $$python -m venv $(VENV)

$(STAMP): $(PINS) | $(BIN)/python
	@echo "Installing what the service needs"
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(DEV): $(PINS) | $(BIN)/python
	@echo "Installing what the service and its tests need"
	@$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(STAMP)

$(SUPPLY): $(DEV)
	@$(PIP) install --constraint constraints.txt --editable '.[supply]'
	@touch $@
