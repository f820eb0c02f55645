# Two commands matter: `make demo` shows what ScroogeVM does, `make test` proves it. Both do all set-up.
PYTHON ?= python3
VENV   ?= .venv
DEMO   ?= demo
BIN    := $(VENV)/bin
export SOURCE_DATE_EPOCH ?= 1700000000

.PHONY: help demo serve-demo guest test check bench docs lock clean
help:             ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# The virtual environment holds exactly what requirements/ locks, checked by hash.
$(VENV)/.demo: requirements/demo.txt pyproject.toml
	@packaging/venv "$(PYTHON)" "$(VENV)" requirements/demo.txt
	@touch $@
$(VENV)/.dev: requirements/dev.txt pyproject.toml
	@packaging/venv "$(PYTHON)" "$(VENV)" requirements/dev.txt
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo   ## generate two workloads, replay every strategy on them, write a report
	$(BIN)/scroogevm trace generate --scenario decreasing -o $(DEMO)/decreasing --seed 1 --force
	$(BIN)/scroogevm trace generate --scenario increasing -o $(DEMO)/increasing --seed 1 --force
	$(BIN)/scroogevm replay $(DEMO)/decreasing $(DEMO)/increasing -o $(DEMO)/report --estimates --force

serve-demo: $(VENV)/.demo   ## show the dashboard, with a fleet that is made up, on http://127.0.0.1:8765/
	$(BIN)/scroogevm serve --demo 40 --data $(DEMO)/serve

guest: $(VENV)/.demo   ## start a small VM under libvirt, as root, for the tutorial
	@packaging/guest/start $(BIN)

check: $(VENV)/.dev   ## lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(VENV)/.dev check docs   ## everything that proves the product: checks, docs, tests
	@packaging/servers "$(BIN)"
	$(BIN)/python -m pytest -m "not hypervisor" -n 2 --dist loadfile
	$(BIN)/python -m pytest -m hypervisor tests/hypervisor

docs: $(VENV)/.dev    ## build docs/, warnings are errors
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build

bench: $(VENV)/.dev   ## speed and memory beside what they are compared with
	$(BIN)/python -m benchmarks

lock: $(VENV)/.dev    ## choose newest versions again, with hashes and no index address
	@packaging/lock "$(BIN)"

clean:            ## remove everything the targets above made
	rm -rf $(VENV) $(DEMO) docs/_build benchmarks/out .mypy_cache .ruff_cache .pytest_cache .hypothesis
