# What there is to do: make setup, run, test, coverage, bench, perf, soak, mutate, check, docs,
# docs-serve, reference, pictures, release, clean.

VENV := .venv
INSTALLED := $(VENV)/.installed
BIN := $(VENV)/bin

# The first Python on PATH that is new enough; PYTHON=… names another.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && \
	{ echo $$python; break; }; done)

.PHONY: setup run test coverage bench perf soak mutate check docs docs-serve reference pictures release clean

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "make: expected Python 3.11 or newer on PATH, found none" >&2; exit 1; }
	@echo "installing into $(VENV): half a minute on an idle machine of two cores" >&2
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --upgrade pip hatchling
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --group dev --editable .
	@touch $@

# The workbench where there is a terminal, its headless twin where there is none.
run: $(INSTALLED)
	@if [ -t 0 ] && [ -t 1 ] && [ -t 2 ]; then \
		$(BIN)/cortex-tui launch; \
	else \
		$(BIN)/cortex-tui run mediator repository search --one-by-one --duration 2s; \
	fi

# Six processes, also on two cores: the suite waits as long as it computes. With eight, and with
# twelve, what waits takes more of the processors in sum. Bytecode is kept, whatever the environment
# says: every one of hundreds of processes would compile the program again.
SPREAD := -n 6 --dist worksteal

test: $(INSTALLED)
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest $(SPREAD)

# Counts the lines and branches that each process of the tests runs, and fails below a floor
# (tools/coverage_floors.py). Whether tests pass is for `make test` to say, which takes half as long.
coverage: $(INSTALLED)
	rm -rf .coverage
	PYTHONDONTWRITEBYTECODE= $(BIN)/coverage run -m pytest $(SPREAD) || test $$? = 1
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(BIN)/coverage json --quiet -o .coverage/totals.json
	$(BIN)/python -m tools.coverage_floors .coverage/totals.json

# The reference benchmarks, each without neighbours, with their targets; DATABASE=server measures
# them on a PostgreSQL server of their own, DATABASE=postgresql://… on another one.
DATABASE ?= own

bench: $(INSTALLED)
	$(BIN)/pytest tests/performance --database=$(DATABASE)

# The performance scripts, one after the other, beside the libraries that they are compared with;
# SCRIPTS="observer truth" names some, QUICK=--quick takes fewer rounds.
SCRIPTS ?= observer screen recorder library arrivals open_loads fleet fleet_scale launch overhead truth target_verdicts verdicts core_limits relevance postgres_limits real_verdicts modes
QUICK ?=

perf: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group peers
	@failed=; for script in $(SCRIPTS); do \
		$(BIN)/python tests/performance/$$script.py $(QUICK) || failed="$$failed $$script"; \
	done; \
	test -z "$$failed" || { echo "make perf: goals were not met in:$$failed" >&2; exit 1; }

soak: $(INSTALLED)
	-$(BIN)/python -m pip install --quiet --constraint constraints.txt --only-binary :all: --group fuzz
	$(BIN)/pytest -m soak --timeout 0

# Changes the statistics and the core's domain in many small ways, and lists the changes that their
# own tests do not notice. MUTATE="--since main" takes modules changed since then,
# MUTATE="cortex_core.domain.rules.*" those mutants, MUTATE=--examples=100 more of each property test.
MUTATE ?=

mutate: $(INSTALLED)
	$(BIN)/python -m tools.mutation $(MUTATE)

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The documents as a site in site/, opened from there or served by any web server. Broken links,
# broken anchors and pages without a place in the navigation are errors. (With --quiet none would be:
# MkDocs counts the warnings that it shows.) Then each block of code in them is run, as a reader would.
docs: $(INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -m documents -n 8 --dist worksteal tests/documents

# The same at http://127.0.0.1:8000, built again whenever a document is saved.
docs-serve: $(INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

# The pages of docs/reference, from the code; a test fails until they are what it makes.
reference: $(INSTALLED)
	$(BIN)/python -m tools.documents.reference

# The pictures of the documents, each a tab and a profile of a session that was measured once, by
# `cortex-tui run shop --profiles docs/pictures/shop.toml --store docs/pictures/sample.db --save sample`;
# one of another session (`run stall`, docs/pictures/stall.toml, docs/pictures/stall.db), with its curves together;
# and a comparison (`run index --variant index --repeat 12`, docs/pictures/index.toml, docs/pictures/index.db). Those of
# the tutorials are of the suites in them, measured for 4 s.
PICTURES := percentiles:checkout timeline:recommend heatmap:checkout distribution:checkout errors:checkout

pictures: $(INSTALLED)
	@for picture in $(PICTURES); do \
		$(BIN)/cortex-tui screenshot sample --store docs/pictures/sample.db --size 110x34 \
			--tab $${picture%:*} --profile shop.$${picture#*:} \
			-o docs/pictures/$${picture%:*}.svg || exit 1; \
	done
	$(BIN)/cortex-tui screenshot stall --store docs/pictures/stall.db --size 110x34 --together \
		--profile stall.rate -o docs/pictures/stall.svg
	$(BIN)/cortex-tui screenshot index --store docs/pictures/index.db --size 110x30 --screen compare \
		--profile index.search -o docs/pictures/compare.svg
	$(BIN)/cortex-tui screenshot pool --store docs/pictures/tutorials.db --size 110x30 --together \
		--profile 'orders.pool[pool_size=1]' -o docs/pictures/pool.svg
	$(BIN)/cortex-tui screenshot prices --store docs/pictures/tutorials.db --size 110x30 --tab heatmap \
		--profile prices.blocking -o docs/pictures/prices.svg
	@chmod 644 docs/pictures/*.svg

# The sdist and the wheel in dist/: built twice to the same bytes, their contents checked, and tried in
# an empty environment. Every step prints a line; what is wrong is reported, and dist/ stays empty.
release: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group release
	$(BIN)/python -m tools.release

# Saved snapshots (.cortex-tui) stay.
clean:
	rm -rf $(VENV) dist build site .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
