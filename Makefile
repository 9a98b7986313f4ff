# Everything sets itself up from a bare checkout: Python 3.11 or later, make and a package index are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Some tests mostly wait, so more of them run than a small machine has cores.
WORKERS ?= 4
MINUTES ?= 60
SECONDS ?= 600
RUN_STAMP := $(VENV)/.run-ready
DEV_STAMP := $(VENV)/.dev-ready

# On a terminal a dot for each package, instead of pip's hundreds of lines. Whether it went well is seen by the file that is made.
DOTS := while read -r word rest; do case $$word in Collecting) test ! -t 1 || printf .;; Installing) test ! -t 1 || printf ' installing';; esac; done; test ! -t 1 || echo

.PHONY: demo run test lint format bench soak fuzz audit pictures docs lock clean

demo: $(RUN_STAMP) ## the whole bot with sample papers in a local web workspace
	$(BIN)/paperround demo $(ARGS)

run: $(RUN_STAMP) ## the bot with every platform that has credentials
	$(BIN)/paperround run $(ARGS)

test: lint ## lint, then every test
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --durations 10 $(ARGS)

lint: $(DEV_STAMP) ## format check, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV_STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV_STAMP) ## speed and memory, as ratios measured side by side
	$(BIN)/python -m tests.bench $(ARGS)

soak: $(DEV_STAMP) ## an hour of crashes, lost answers and full disks on both databases and all platforms, or MINUTES=
	$(BIN)/python -m tests.faults --minutes $(MINUTES) $(ARGS)

fuzz: $(DEV_STAMP) ## hostile input for whatever reads what others wrote, and for renderers, for ten minutes, or SECONDS=; ARGS=--guided follows what is reached
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(ARGS)

audit: ## known weaknesses of what is installed, and a list of it (CycloneDX); says so where the network has neither
	PYTHON=$(PYTHON) .ci/audit

pictures: $(DEV_STAMP) ## what people see in Slack, in Discord and in the workspace, drawn into docs/pictures
	$(BIN)/python -m tests.pictures $(ARGS)

docs: $(DEV_STAMP) ## what is made from the code: the pages on settings, commands and the terminal, and Slack's manifest
	$(BIN)/python -m tests.documents
	$(BIN)/python -m adapters.slack.manifest > deploy/slack/manifest.yaml

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Paper Round needs Python 3.11 or later: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): $(BIN)/python requirements.lock pyproject.toml
	@echo "Fetching what Paper Round is made of into $(VENV), once: it takes a minute or two."
	@rm -f $(VENV)/.fetched
	@{ $(BIN)/pip install --disable-pip-version-check --require-hashes -r requirements.lock \
	  && touch $(VENV)/.fetched; } | { $(DOTS); }
	@test -e $(VENV)/.fetched
	@echo "Installing Paper Round itself."
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): $(RUN_STAMP) requirements-dev.lock
	@echo "Fetching what its tests need, once: it takes a minute or two."
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

lock: $(BIN)/python ## pin every dependency again
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header --upgrade --extra build --extra meaning -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header --upgrade --extra build --extra meaning --extra otel --extra dev -o requirements-dev.lock
	printf 'pip-audit>=2.9\ncyclonedx-bom>=7\n' | $(BIN)/uv pip compile - --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header --upgrade -o requirements-audit.lock

clean:
	rm -rf $(VENV) $(VENV)-audit sbom.json .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
