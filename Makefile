# The tasks of the project. The pre-commit hooks and CI call the same ones.
#
#   make run       set up .venv from the lock, then train, gate and deploy the demo on the local stack
#   make test      everything that CI runs: formatting, types, import rules, tests
#   make test-all  the tests that take minutes each, too: the rehearsal in pods, bad days of a cluster, ZenML's own orchestrator
#   make lint      the same without the tests
#   make rehearse  the Kubeflow stack on this machine, up to a prediction (ARGS=--pods: in pods of a real Kubernetes)
#   make bench     the benchmarks, one after the other
#   make docs      build the documentation into site/; a broken link fails the build
#   make manual    write docs/config.md and docs/config-images.md anew, from the models of the config
#   make lock      resolve pyproject.toml into the locks anew (UPGRADE=1: take newer versions)
#   make clean     remove .venv, .venv-docs, site/ and the tools' caches
#
# PYTHON=python3.12 chooses the Python that .venv is made with (3.11 to 3.13).
# PYTEST_ARGS="-m 'not slow'" and PIP_ARGS=--quiet are passed on.

PYTEST_ARGS ?=
PIP_ARGS ?=
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile

# An install is done when the stamp named for the lock's hash is there. It is written last, so an install that was
# interrupted goes on where it stopped, and one that is done costs nothing.
hash = $(firstword $(shell cat $(1) | (sha256sum 2>/dev/null || shasum -a 256)))
RUN_STAMP := .venv/.run-$(call hash,requirements.lock)
TEST_STAMP := .venv/.test-$(call hash,requirements.lock requirements-test.lock)
DOCS_STAMP := .venv-docs/.docs-$(call hash,requirements-docs.lock)

.PHONY: help run test test-all lint rehearse bench manual docs lock clean venv
help:
	@sed -n 's/^#   //p' Makefile

run: $(RUN_STAMP)
	$(BIN)/python run.py --stack local

test: lint
	$(PYTEST) -m "not thorough" $(PYTEST_ARGS)

test-all: lint
	$(PYTEST) $(PYTEST_ARGS)

lint: $(TEST_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

rehearse: $(TEST_STAMP)
	$(BIN)/python -m rehearsal $(ARGS)

bench: $(TEST_STAMP)
	@for file in bench/*.py; do echo "$(BIN)/python $$file"; PYTHONPATH=. $(BIN)/python "$$file" || exit; done

docs: $(DOCS_STAMP)
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict
	.venv-docs/bin/python .ci/site.py
manual: $(RUN_STAMP)
	$(BIN)/python -m switchyard.manual

lock: $(RUN_STAMP)
	$(BIN)/python .ci/lock.py

clean:
	rm -rf .venv .venv-docs site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

venv:
	@PYTHON="$(PYTHON)" .ci/venv

# A package whose installation was cut off has no RECORD yet; pip would take it for whole.
define install
	@for info in $(2)/lib/python*/site-packages/*.dist-info; do [ -e "$$info/RECORD" ] || rm -rf "$$info"; done
	$(2)/bin/python -m pip install --disable-pip-version-check $(PIP_ARGS) -r $(1)
endef

$(RUN_STAMP): | venv
	$(call install,requirements.lock,.venv)
	@rm -f .venv/.run-*
	@touch $@

$(TEST_STAMP): | venv
	$(call install,requirements-test.lock,.venv)
	@rm -f .venv/.test-* .venv/.run-*
	@touch $@ $(RUN_STAMP)

$(DOCS_STAMP): requirements-docs.lock
	@PYTHON="$(PYTHON)" .ci/venv .venv-docs
	$(call install,requirements-docs.lock,.venv-docs)
	@rm -f .venv-docs/.docs-*
	@touch $@
