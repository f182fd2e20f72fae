# Thin on purpose: a recipe calls a script or a tool. CI calls the same targets.

.DEFAULT_GOAL := help
.PHONY: help setup demo run test ci test-unit integration endurance bench check \
	proto pause golden lock conformance conformance-quick clean

PYTHON ?= python3
VENV := .venv/bin
# The Docker Engine of the test bed: 20.10, 26.1, 28.5 or 29.
ENGINE ?= 28.5
# Where it keeps its images, if not where it does by default: containerd or graph-driver.
STORE ?=
# Which integration tests, by pytest's markers.
SELECT ?= not endurance
BED := ENGINE=$(ENGINE) STORE=$(STORE) $(VENV)/python -m tests.bed $(VENV)/python

RUN := .venv/run.stamp
DEV := .venv/dev.stamp

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Using it

setup: $(RUN) ## make only .venv/bin/pydockershim

demo: $(RUN) ## the main job: run a pod through Docker, show what happens, remove all of it
	@$(VENV)/python -m tools.demo

run: $(RUN) ## keep the shim serving, and print the commands to use it
	@$(VENV)/python -m tools.run

# Testing it

test: $(DEV) ## the tests: unit, integration on Docker 28.5, what depends on the engine on 20.10, 29
	@$(VENV)/python -m tests.ci test

ci: $(DEV) ## all that has to pass before a change lands, with a table of minutes
	@$(VENV)/python -m tests.ci

test-unit: $(DEV) ## unit tests, without Docker
	@$(VENV)/python -m tests.bed.compilers
	$(VENV)/python -m pytest --numprocesses 2

integration: $(DEV) ## integration tests on a private engine: ENGINE=20.10|26.1|28.5|29
	$(BED) -m pytest tests/integration tests/faults -m "$(SELECT)"

endurance: export PYTEST_ADDOPTS = --session-timeout=14400 -o faulthandler_timeout=0
endurance: $(DEV) ## the long-running tests on 28.5 and 20.10, and the other image stores
	$(MAKE) integration ENGINE=28.5 SELECT=endurance
	$(MAKE) integration ENGINE=20.10 SELECT=endurance
	$(MAKE) integration ENGINE=29 STORE=graph-driver SELECT="store and not endurance"
	$(MAKE) integration ENGINE=28.5 STORE=containerd SELECT="store and not endurance"

bench: $(DEV) ## speed and memory against the minimum, and containerd: PART=pods|view|logs|streaming|critest
	@$(VENV)/python -m tests.bench.programs
	$(BED) -m tests.bench

conformance: $(DEV) ## Kubernetes' own test suites: SUITE=node|kubectl|critest|critest-websocket
	$(VENV)/python -m tests.conformance

conformance-quick: $(DEV) ## a part of them, in a few minutes
	$(VENV)/python -m tests.conformance --quick

# Changing it

check: $(DEV) ## formatting, lint, types, spelling, architecture
	$(VENV)/ruff format --check
	$(VENV)/ruff check
	$(VENV)/mypy
	$(VENV)/codespell
	$(VENV)/python -m pytest -q tests/unit/test_architecture.py tests/unit/architecture

proto: $(DEV) ## generate pydockershim/api from proto/
	$(VENV)/python tools/make_proto.py

pause: ## build the pause program
	$(PYTHON) tools/make_pause.py

golden: $(DEV) ## regenerate the expected requests of the golden tests
	$(VENV)/python -m tests.unit.translate.golden
	$(VENV)/python -m tests.unit.client.test_manifest

lock: $(DEV) ## lock the requirements after a change of pyproject.toml
	$(VENV)/python tools/lock.py

clean: ## remove .venv and all other generated files
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): requirements.txt pyproject.toml tools/make_venv.py
	@$(PYTHON) tools/make_venv.py
	@touch $@

$(DEV): $(RUN) requirements-dev.txt
	@$(VENV)/python tools/make_venv.py --dev
	@touch $@
