# Every target makes what it needs: `make demo` and `make test` work on a fresh clone.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help install demo test test-integration test-slow test-fire audit-deps licences fuzz browser lint types docs bench gpu-pack gpu-drill mutants clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(VENV)/.installed ## .venv with the package, its networks and .venv/bin/gliaboost

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "gliaboost needs Python >= 3.11; try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Debian and Ubuntu keep venv apart: apt install python3-venv"; exit 1; }
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.python
	rm -rf build
	$(PIP) install --quiet --editable '.[torch,web]'
	@touch $@

$(VENV)/.tools: pyproject.toml $(VENV)/.installed
	rm -rf build
	$(PIP) install --quiet --editable '.[test,lint,docs,bench]'
	@touch $@

demo: install ## the whole benchmark on the embedded phantom sample
	$(BIN)/gliaboost demo

test: $(VENV)/.tools ## the suite but for what is marked integration, slow or fire
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not integration and not slow and not fire"

test-integration: $(VENV)/.tools ## whole commands, browsers, clusters, notebooks: seconds each
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "integration and not slow and not fire"

test-slow: $(VENV)/.tools ## what takes minutes
	$(BIN)/python -m pytest -m "slow and not fire"

test-fire: $(VENV)/.tools ## kills, full disks, flipped bits, hostile files (docs/reliability.md)
	$(BIN)/python -m pytest -m fire -n auto --dist loadgroup

audit-deps: $(VENV)/.tools ## known faults of what is installed, asked of PyPI
	$(PYTHON) -m venv $(VENV)/pip-audit
	$(VENV)/pip-audit/bin/python -m pip --disable-pip-version-check install --quiet 'pip-audit>=2.9'
	$(PIP) freeze --exclude-editable > $(VENV)/pip-audit/installed.txt
	$(VENV)/pip-audit/bin/pip-audit --strict --disable-pip --no-deps --progress-spinner off \
	  --requirement $(VENV)/pip-audit/installed.txt

licences: $(VENV)/.tools ## the licence of each distribution that is installed with gliaboost
	$(BIN)/python -m benchmarks.licences

SECONDS ?= 300
SEED    ?= 1
fuzz: $(VENV)/.tools ## altered files through every reader: SECONDS=300 SEED=1
	$(BIN)/python -m benchmarks.fuzz --seconds $(SECONDS) --seed $(SEED) --out runs/fuzz.json

# A Chromium that is there will do. axe-core judges pages; it is fetched, checked, and in no commit.
AXE     := 4.14.1
AXE_SUM := 29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c
SUDO    := $(if $(filter 0,$(shell id -u)),,sudo)

browser: $(VENV)/axe-core/axe.min.js ## Chromium and axe-core for the tests that look at pages (they skip without)
	@if command -v chromium chromium-browser google-chrome >/dev/null || [ -n "$$CHROMIUM" ]; then \
	  echo "Chromium is there"; \
	else $(SUDO) apt-get update -qq && $(SUDO) apt-get install --yes --no-install-recommends chromium; fi

$(VENV)/axe-core/axe.min.js: $(VENV)/.python
	@rm -rf $(@D) && mkdir -p $(@D)
	cd $(@D) && npm pack --silent axe-core@$(AXE) && tar --extract --gzip --strip-components=1 \
	  --file axe-core-$(AXE).tgz package/axe.min.js package/LICENSE && rm axe-core-$(AXE).tgz
	@echo "$(AXE_SUM)  $@" | sha256sum --check --quiet || { rm -rf $(@D); exit 1; }
	@touch $@

lint: $(VENV)/.tools ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# The package is seen through .typing/gliaboost, a link to the root; the tests are a second run.
types: $(VENV)/.tools ## mypy, strict
	$(BIN)/mypy -p gliaboost --exclude '/gliaboost/(tests|benchmarks|build|runs)/'
	$(BIN)/mypy tests

docs: $(VENV)/.tools ## the site, in site/; a warning or a link that leads nowhere is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: $(VENV)/.tools ## speed of the texture kernels against scikit-image, OpenCV and mahotas
	$(BIN)/python -m benchmarks.texture

gpu-pack: $(VENV)/.tools ## what a GPU machine without a network needs, for gpu-drill (docs/how-to/gpu.md)
	$(BIN)/python -m benchmarks.gpu_drill.pack

DRY ?=
gpu-drill: $(if $(DRY),$(VENV)/.tools) ## there, in 8 minutes: parity, speed, accuracy; DRY=1: here, without a GPU
	$(if $(DRY),$(BIN)/python,$(PYTHON)) -m benchmarks.gpu_drill $(if $(DRY),--dry-run)

MODULE ?= datasets/splits.py
mutants: $(VENV)/.tools ## MODULE=a/b.py broken in every small way: do its tests fail? (docs/testing.md)
	$(PIP) install --quiet --editable '.[mutation]'
	$(BIN)/python -m benchmarks.mutants $(MODULE)

clean: ## remove what make made
	rm -rf $(VENV) build site *.egg-info .gpu-pack .gpu-pack-xgboost
