# `make run` and `make test` are all a new user needs; `make help` lists the rest.
#
# Both build .venv from hash-pinned requirements when it is missing or stale, and work offline afterwards. Whether it is
# stale is decided by content, not by dates: the marks in .venv carry a checksum of the files they were made from, and
# are written last, so an install that was cut off starts afresh.

PYTHON ?= python3
ARGS ?=

BIN := .venv/bin
GPU_MARK := .venv/gpu
PICTURES_MARK := .venv/pictures
PICTURES_LOCK := $(if $(wildcard $(PICTURES_MARK)),requirements-pictures.lock)
LOCK := $(if $(wildcard $(GPU_MARK)),requirements-gpu.lock,requirements.lock) $(PICTURES_LOCK)
checksum = $(shell cat $(1) 2>/dev/null | cksum | tr ' ' -)
REQUIREMENTS := .venv/requirements-$(call checksum,$(LOCK))
PROJECT := .venv/project-$(call checksum,$(LOCK) pyproject.toml)

PIP := $(BIN)/python -m pip --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header

.PHONY: run test check bench bench-scale bench-peers lock lock-peers gpu pictures docs clean install help

run: $(PROJECT)  ## install if needed, then recommend for every customer: make run ARGS="--no-final"
	$(BIN)/lookbook run $(ARGS)

test: $(PROJECT)  ## install if needed, then run the tests: make test ARGS="tests/data -k schema"
	$(BIN)/pytest -n 2 $(ARGS)

check: $(PROJECT)  ## lint, format and types, changing nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(PROJECT)  ## fail if a phase of the pipeline became slower than benchmarks/reference.json; about 4 minutes
	$(BIN)/python -m benchmarks.guard $(ARGS)

bench-scale: $(PROJECT)  ## time and memory at 1 %, 10 % and 100 % of H&M's size: make bench-scale ARGS="--scales 0.01 0.1"
	$(BIN)/python -m benchmarks.scale $(ARGS)

bench-peers: $(PROJECT)  ## lookbook beside other recommenders, needs the network: make bench-peers ARGS="--only lookbook"
	$(BIN)/python -m benchmarks.peers $(ARGS)

docs: $(PROJECT)  ## write docs/features.md and docs/sources.md from the code
	$(BIN)/python -m lookbook.features.documentation > docs/features.md
	$(BIN)/python -m lookbook.retrieval.documentation > docs/sources.md

lock: $(REQUIREMENTS)  ## pin what pyproject.toml asks for, needs the network; newest versions: make lock ARGS=--upgrade
	$(COMPILE) pyproject.toml $(ARGS) --extra dev --output-file requirements.lock
	$(COMPILE) pyproject.toml $(ARGS) --extra dev --extra gpu --constraints requirements.lock --output-file requirements-gpu.lock
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["pictures"], sep="\n")' \
		| $(COMPILE) - $(ARGS) --constraints requirements.lock --output-file requirements-pictures.lock

lock-peers: $(PROJECT)  ## pin what the peers of the benchmark need, likewise
	for each in benchmarks/peers/requirements/*.in; do \
		$(COMPILE) $(ARGS) $$each --output-file $${each%.in}.lock || exit 1; done

gpu:  ## install the CUDA libraries too; from then on .venv is kept with them
	@mkdir -p .venv
	@touch $(GPU_MARK)
	$(MAKE) install

pictures:  ## install what reads pictures of articles too; from then on .venv is kept with it
	@mkdir -p .venv
	@touch $(PICTURES_MARK)
	$(MAKE) install

install: $(PROJECT)

$(PROJECT): $(REQUIREMENTS)
	$(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .
	$(PIP) check
	@rm -f .venv/project-*
	@touch $@

$(REQUIREMENTS):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || { \
		echo "lookbook needs Python 3.11, 3.12 or 3.13; $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo not there)." >&2; \
		echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Installing $(strip $(LOCK)) into .venv; this happens once."
	@$(PYTHON) -m venv --clear .venv
	@$(if $(filter requirements-gpu.lock,$(LOCK)),touch $(GPU_MARK))
	@$(if $(PICTURES_LOCK),touch $(PICTURES_MARK))
	$(PIP) install $$([ -t 1 ] || echo --quiet) --require-hashes --no-deps $(addprefix --requirement ,$(LOCK))
	@touch $@

clean:  ## remove caches and cached stage tables; runs, converted data and .venv stay
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis artifacts/cache
	find . -name .venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*##/\1\t/p' $(MAKEFILE_LIST) | expand -t 13
