# One environment, in .venv, made from the two locks. `make` alone lists what there is.
SHELL := bash
PORT ?= 8050
SHARED ?= ../shared
OUT ?= build/encoders
ENV := .venv/.installed
.DEFAULT_GOAL := help
.PHONY: help setup demo study test faults fuzz coverage audit test-training fast lint format bench screenshots docs encoders lock clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

setup: $(ENV) ## make the environment in .venv (PYTHON=... names the interpreter)
	@echo "The environment is in .venv. Before the command aislemap is there, type once in each terminal:"
	@echo "    source .venv/bin/activate"

$(ENV): requirements.lock requirements-dev.lock pyproject.toml scripts/setup.sh scripts/packages.sh
	@scripts/setup.sh
	@touch $@

demo: study ## ingest the sample catalogue, print the study, serve the dashboard (PORT=8050)
	@echo "Your own catalogue, in another terminal or after Ctrl-C:"
	@echo "    source .venv/bin/activate"
	@echo "    aislemap ingest products.csv --images photos --store mystore"
	.venv/bin/aislemap dashboard --store demo/store --port $(PORT)

study: $(ENV) ## demo without serving
	.venv/bin/aislemap sample demo/catalogue
	.venv/bin/aislemap ingest demo/catalogue/catalogue.csv --images demo/catalogue/images --store demo/store

test: $(ENV) ## lint, types and all tests but those of test-training and faults: fast ones, models, a real browser, a Ray cluster
	@scripts/chromium.sh
	@$(MAKE) --no-print-directory lint
	.venv/bin/pytest -n auto --dist loadfile -m "not models and not browser and not ray and not clients and not training and not faults"
	.venv/bin/pytest -n auto --dist loadfile -m "(models or browser or clients) and not training and not faults"
	.venv/bin/pytest -m ray

faults: $(ENV) ## fail the disk at each of its touches by a run, kill 200 writers, print every figure of the docs: half an hour
	.venv/bin/pytest -s -m "faults or figures" --timeout 3600

fuzz: $(ENV) ## read 10,000 mutated catalogues of every format (COUNT=10000): some minutes
	.venv/bin/python -m benchmarks.mutants --count $(or $(COUNT),10000)

coverage: $(ENV) ## which branches of the store and of the dashboard's doors no fast test takes: some minutes
	.venv/bin/coverage run .venv/bin/pytest -m "not models and not browser and not faults" tests/store tests/dashboard tests/test_errors.py
	.venv/bin/coverage report

audit: $(ENV) ## look up known flaws of the locked packages, where the network lets it
	grep -v '^ *--hash' requirements.lock | sed 's/ \\$$//; s/+cpu$$//' >.venv/packages.txt  # of PyPI's torch: it has no CPU build
	.venv/bin/uvx pip-audit --disable-pip --no-deps --strict -r .venv/packages.txt

test-training: $(ENV) ## make both encoders on little data, from end to end: some minutes
	.venv/bin/pytest -m training

fast: $(ENV) ## the fast tests only
	.venv/bin/pytest -n auto --dist loadfile -m "not models and not browser and not ray and not clients and not training and not faults"

lint: $(ENV) ## style, types, the direction of imports, the Dockerfile
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	.venv/bin/hadolint Dockerfile

format: $(ENV) ## rewrite the code in the project's style
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: $(ENV) ## time the study beside the notebook way, on the sample and on Flipkart of SHARED=../shared, if it is there
	.venv/bin/python -m benchmarks.bench --shared $(SHARED)

screenshots: study ## render every page of the dashboard of the sample, in light and dark, to build/screenshots
	@scripts/chromium.sh
	.venv/bin/python scripts/screenshots.py demo/store build/screenshots

docs: $(ENV) ## write docs/tables.md and docs/settings.md from what the code declares
	.venv/bin/python -m store.document > docs/tables.md
	.venv/bin/python -m ingestion.document > docs/settings.md

encoders: $(ENV) ## make use-compact and cnn-compact again in OUT=build/encoders from SHARED=../shared: some 40 min on 2 cores
	.venv/bin/python -m training.use_compact --texts $(SHARED)/data/encoder_texts.csv.gz --out $(OUT)
	.venv/bin/python -m training.cnn_compact --images $(SHARED)/data/encoder_images \
	    --teacher $(SHARED)/weights/mobilenet_v2_1.0_224_no_top.h5 --work build/views --out $(OUT)

lock: $(ENV) ## pin what pyproject.toml asks for (UPGRADE=--upgrade for newer versions)
	@scripts/lock.sh

clean: ## remove the environment, the demo and all caches
	rm -rf .venv demo build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
