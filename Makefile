# Plain `make` lists the targets. Works with GNU make 3.81, which macOS ships.

PYTHON ?= python3
PORT ?= 8000
WORKERS ?= 2
NB ?=
LOSS ?=

PY := .venv/bin/python
SOURCES := conftest.py lossbook tests tools benchmarks

ifndef CHROMIUM
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome || true)
endif
export CHROMIUM

# The notebooks choose their own way to draw; a reader's shell must not.
unexport MPLBACKEND

# Strict: every output of every notebook is compared. A notebook stays on one worker, as its cells need
# each other. As many workers as cores, of one thread each: two threads each took three times as long.
NBVAL := $(PY) -m pytest book --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg \
	-q -n $(WORKERS) --dist loadscope --nbval-cell-timeout 300

.PHONY: help setup book serve test test-package test-notebooks test-elsewhere test-site execute lint mutate bench pins clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F '|' '{ printf "  %-15s %s\n", $$1, $$2 }'

setup: # quiet where .venv is current
	@$(PYTHON) tools/setup.py

book: setup ## build the HTML into _build/html
	@$(PY) tools/build.py

serve: setup ## serve the built book on http://127.0.0.1:8000 (or PORT=...); builds it first if there is none
	@test -f _build/html/index.html || $(PY) tools/build.py
	@$(PY) -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

test: test-package test-notebooks ## run every test of the package and compare every notebook's outputs

test-package: setup ## the first half of test: the package, at least 95 % of it covered
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -n $(WORKERS) --cov --cov-fail-under=95 --durations=10

test-notebooks: setup ## the second half of test: the notebooks
	OMP_NUM_THREADS=1 $(NBVAL) --durations=10

test-elsewhere: setup ## compare the notebooks as on an older processor, on one thread and on two
	ATEN_CPU_CAPABILITY=default OMP_NUM_THREADS=1 $(NBVAL)
	OMP_NUM_THREADS=1 $(NBVAL)
	OMP_NUM_THREADS=2 $(NBVAL) -n 1

test-site: book ## open every built page in Chromium (CHROMIUM=... names it)
	@command -v "$$CHROMIUM" >/dev/null || { \
		echo "make test-site needs Chromium. On Debian and Ubuntu: apt-get install chromium."; \
		echo "Or name the one you have: make test-site CHROMIUM=/path/to/chromium"; exit 1; }
	$(PY) -m pytest tests/site -q -n $(WORKERS) --durations=10

execute: setup ## run every notebook (or NB=path) anew, in place, and show what its outputs changed
	@$(PY) tools/execute.py $(if $(NB),"$(NB)")

lint: setup ## check style, formatting and that the notebooks are as `make execute` leaves them
	$(PY) -m ruff check
	$(PY) -m ruff format --check $(SOURCES)
	$(PY) tools/execute.py --check

mutate: setup ## change every formula (or LOSS="huber mse") in one place at a time: a test must fail
	@$(PY) tools/mutate.py $(LOSS) --workers $(WORKERS)

bench: setup ## measure five losses against PyTorch's own, and what the checks cost
	@$(PY) -m benchmarks

pins: setup ## renew requirements.txt from pyproject.toml
	@$(PY) tools/pins.py

clean: ## remove what was built and cached; .venv stays (rm -rf .venv starts afresh)
	rm -rf _build .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov *.egg-info
	find . -name .venv -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +
