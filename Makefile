# The course's commands. Each sets up what it needs; a second run is quick.
# Variables: ARGS (passed to JupyterLab or pytest), T (what `make test` runs), PYTHON,
# VENV, TORCH_INDEX (see below), CNNLIB_DATA (a folder with MNIST/raw inside, or "bundled").

VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
T ?=
WORKERS ?= 2
ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c '$(ENOUGH)' 2>/dev/null && { echo $$p; break; }; done)
ROOT_FLAG := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)
LAB := $(BIN)/jupyter lab $(ROOT_FLAG)
PIP := $(BIN)/python -m pip install --disable-pip-version-check
# PyTorch's own index of CPU builds: on Linux, pip's default builds are for NVIDIA cards
# and take gigabytes. TORCH_INDEX is the address of the index that PyTorch is taken from;
# empty, or "default", it stands for pip's default builds.
CPU_INDEX := https://download.pytorch.org/whl/cpu
NVIDIA_CARD := $(shell command -v nvidia-smi || ls -d /proc/driver/nvidia 2>/dev/null)
NO_CARD := $(if $(NVIDIA_CARD),,$(filter Linux,$(shell uname -s)))
TORCH_INDEX ?= $(if $(NO_CARD),$(CPU_INDEX))
INDEX := $(filter-out default,$(TORCH_INDEX))
# Fails within 5 seconds where the index does not answer, whatever the network does.
ASK_INDEX := import signal, urllib.request as web; signal.alarm(5); \
	web.urlopen("$(INDEX)/torch/")
# One call for both packages, so that they fit each other. Without INDEX there is nothing
# to do: PyTorch and torchvision come with the course's other packages.
GET_TORCH = $(if $(INDEX),@{ $(BIN)/python -c '$(ASK_INDEX)'; } 2>/dev/null \
	&& $(PIP) torch torchvision --index-url $(INDEX) \
	|| echo "PyTorch cannot be had from $(INDEX): pip takes its default builds.")
# One thread to a worker: two workers with two threads each wait for one another, and the
# tests take twice as long.
quick test test-browser: export OMP_NUM_THREADS := 1
NBVAL := $(BIN)/python -m pytest --nbval --nbval-current-env \
	--nbval-cell-timeout=120 \
	-p no:cacheprovider -n $(WORKERS) --dist loadfile
PYTEST := $(BIN)/python -m pytest
# With loadgroup, tests of one xdist_group share a worker and what their fixtures make.
TESTS := $(PYTEST) -n $(WORKERS) --dist loadgroup
# A notebook, or a folder of them, is run by nbval; a single test needs no workers.
TESTS_OF = $(if $(filter %.ipynb notebooks% solutions%,$1),$(NBVAL),$(if \
	$(findstring ::,$1),$(PYTEST),$(TESTS)))

.PHONY: help setup lab quick test test-browser build proof nbgrader site slides handout lint dist matrix bench clean

help:
	@echo "make lab           set up and open JupyterLab on lesson 00"
	@echo "make setup         set up alone: for VS Code and dev containers"
	@echo "make quick         lint, types, and the tests that need no process: a minute"
	@echo "make test          set up and run every test"
	@echo "make test T=path   the tests of that file, folder, test id or notebook alone"
	@echo "make build         lessons/*.py to the notebooks, executed (EXTRAS=no: short)"
	@echo "make proof         the checkers against every known mistake: docs/proof.md"
	@echo "make nbgrader      a course folder for nbgrader: build/nbgrader"
	@echo "make site          all of it as pages to read: build/site (slides, handout in it)"
	@echo "make slides        each lesson as a deck for teaching: build/slides"
	@echo "make handout       lessons and exercises as PDFs to print: build/handout"
	@echo "make lint          ruff and mypy"
	@echo "make dist          wheel and sdist for PyPI, tested: dist/"
	@echo "make matrix        run it all on Colab's packages, the lowest and the newest"
	@echo "make bench         our speed beside what you would use instead"
	@echo "make test-browser  run the lessons in JupyterLab in Chromium"
	@echo "make clean         remove the virtual environment and caches"

setup: $(VENV)/.lab

lab: $(VENV)/.lab
	$(LAB) --ServerApp.root_dir=. notebooks/00_images_as_tensors.ipynb $(ARGS)

quick: lint
	$(TESTS) -m "not (process or browser or slow)" $(ARGS) tests

test: $(VENV)/.dev
ifneq ($(T),)
	$(call TESTS_OF,$(T)) $(ARGS) $(T)
else
	$(TESTS) -m "not browser" $(ARGS) tests
	$(NBVAL) notebooks solutions
endif

test-browser: $(VENV)/.dev
	$(BIN)/python -m pytest -m browser -n $(WORKERS) --dist loadfile $(ARGS) tests/browser

build: $(VENV)/.dev
	$(BIN)/python -m tools.build $(if $(EXTRAS),--extras $(EXTRAS)) $(ARGS)

proof: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tools.proof $(ARGS)

nbgrader: $(VENV)/.dev
	$(BIN)/python -m tools.nbgrader_course $(ARGS)

site: $(VENV)/.dev
	$(BIN)/python -m tools.site $(ARGS)

slides: $(VENV)/.dev
	$(BIN)/python -m tools.slides $(ARGS)

handout: $(VENV)/.dev
	$(BIN)/python -m tools.handout $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

dist: $(VENV)/.dev
	rm -rf dist
	$(BIN)/python -m build
	CNNLIB_DIST=dist $(BIN)/python -m pytest $(ARGS) tests/test_wheel.py

matrix: $(VENV)/.dev
	$(BIN)/python -m tools.matrix $(ARGS)

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.lab: pyproject.toml | $(BIN)/python
	$(GET_TORCH)
	$(PIP) -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(GET_TORCH)
	$(PIP) -e ".[dev]" -c constraints.txt
# nbgrader is here for its test alone; JupyterLab stays as learners have it.
	$(BIN)/jupyter labextension disable --level=sys_prefix @jupyter/nbgrader
	$(BIN)/jupyter labextension disable --level=sys_prefix @jupyter-notebook/lab-extension
	@for part in formgrader validate_assignment assignment_list course_list; do \
		$(BIN)/jupyter server extension disable --sys-prefix \
		nbgrader.server_extensions.$$part >/dev/null 2>&1; done
	@touch $@

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { echo "The course needs Python 3.11 or newer, and none was" \
		"found. Install one, or name it: make lab PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) cannot make" \
		"virtual environments. On Debian or Ubuntu: sudo apt install python3-venv." \
		"Or use conda: conda env create -f environment.yml"; exit 1; }
	$(PYTHON) -m venv $(VENV)
