# Every target makes the virtual environment it needs; `make demo` and `make test` work on a
# fresh clone with Python 3.11, venv, pip and make.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
RUN    := $(VENV)/.installed-run
DEV    := $(VENV)/.installed-dev
WORKFLOWS := $(wildcard .github/workflows/*.yml examples/workflows/*.yml)

.PHONY: demo test bench reliability pages pictures check all lint types audit generated generate docs fmt fuzz lock wheelhouse release clean help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(RUN) ## validate, plan, apply, drift and heal on the embedded platform
	@$(BIN)/python scripts/demo.py

test: $(DEV) ## run every test
	$(BIN)/python -m pytest -n logical --dist loadfile

bench: $(if $(filter pages,$(PART)),$(DEV),$(RUN)) ## measure what docs/benchmarks.md promises; PART=large or PART=pages for one part
	$(BIN)/python -m scripts.bench $(PART)

pages: $(DEV) ## every test of the HTML pages in headless Chromium, which has to be installed
	RECONCILER_PAGES=all $(BIN)/python -m pytest tests/pages

pictures: $(DEV) ## take the screenshots of the documentation in headless Chromium
	$(BIN)/python scripts/screenshots.py

check: lint types audit generated test ## everything a change must pass

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell reconciler docs examples scripts tests *.md

types: $(DEV)
	$(BIN)/mypy

audit: $(DEV)
	$(BIN)/zizmor --offline --quiet action.yml $(WORKFLOWS)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(BIN)/check-jsonschema --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci examples/ci/.gitlab-ci.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.azure-pipelines --regex-variant python examples/ci/azure-pipelines.yml
	$(BIN)/python scripts/shell.py action.yml $(WORKFLOWS) examples/ci/azure-pipelines.yml examples/ci/.gitlab-ci.yml

generated: $(DEV)
	$(BIN)/python scripts/generate.py --check

generate: $(DEV) ## rewrite schemas and reference pages
	$(BIN)/python scripts/generate.py

docs: generate ## reference pages and the pictures of the README

fmt: $(DEV) ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

reliability: $(DEV) ## a fault and a kill at every step of an apply and of a rollout; docs/reliability.md
	$(BIN)/python -m scripts.reliability $(PART)

fuzz: $(DEV) ## 100,000 mangled manifests and answers, 10,000 random lives; docs/reliability.md
	$(BIN)/python -m scripts.reliability fuzz
	RECONCILER_FUZZ=1000 $(BIN)/python -m pytest -m "not slow" --timeout=3600 -k "property or convergence"

lock: $(DEV) ## renew requirements/*.txt from pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra dev pyproject.toml -o requirements/dev.txt

wheelhouse: $(RUN) ## what the action is installed from on runners without a package index
	$(BIN)/python -m pip download --quiet --only-binary :all: --require-hashes -r requirements/run.txt -d wheelhouse

release: $(DEV) ## what a release has, in dist/; TAG=v1.2.3 must be that of the version
	$(BIN)/python scripts/release.py $(if $(TAG),--tag "$(TAG)")

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(RUN): requirements/run.txt pyproject.toml scripts/install.py
	@$(PYTHON) scripts/install.py $(VENV) requirements/run.txt
	@touch $@

$(DEV): requirements/dev.txt pyproject.toml scripts/install.py
	@$(PYTHON) scripts/install.py $(VENV) requirements/dev.txt
	@touch $@ $(RUN)
