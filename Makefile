# One machine's tasks. Every path is relative to this folder, whose own path may hold spaces.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON ?= python3
setting = $(or $($(1)),$(shell sed -n 's/^$(1)=//p' .env 2>/dev/null),$(2))
PORT := $(call setting,PORT,8000)
SANDBOX_PORT := $(call setting,SANDBOX_PORT,8090)
BASE_URL ?= http://127.0.0.1:$(PORT)
SANDBOX_URL ?= http://127.0.0.1:$(SANDBOX_PORT)

python := .venv/bin/python
with_test_database := $(python) -m sandbox.postgres exec --throwaway --home .run/test-postgres --
with_test_settings := DJANGO_SETTINGS_MODULE=config.settings.test
requirements := requirements.txt requirements-local.txt

.PHONY: help
help: ## this list
	@echo "JeevanSetu"
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-15s %s\n", $$1, $$2 }'
	@echo "More words for a command: make test ARGS='tests/users -x'. Settings: .env.example"

.PHONY: run
run: venv ## everything on this machine, with demo data, until Ctrl-C
	@exec $(python) -m sandbox.run

# Three processes keep two cores busy, since every one of them waits for PostgreSQL or for a browser now and then.
.PHONY: test
test: venv ## the whole test suite, in parallel
	@exec $(with_test_database) $(python) -m pytest -n 3 $(ARGS)

.PHONY: screenshots
screenshots: venv ## draw the pictures of docs/admin anew, from a month that is the same at every run
	@SCREENSHOTS=yes exec $(with_test_database) $(python) -m pytest tests/administration/test_pictures.py $(ARGS)

.PHONY: check
check: venv ## format, lint, types, import contracts, missing migrations, schema drift
	$(python) -m ruff format --check .
	$(python) -m ruff check .
	@mkdir -p .run
	@# Types take longest and one core only: the rest is looked at beside them.
	@$(python) -m mypy . & types=$$!; $(MAKE) --no-print-directory check-rest; rest=$$?; wait $$types && exit $$rest

.PHONY: check-rest
check-rest:
	@$(python) -c 'import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())'
	$(with_test_settings) $(with_test_database) $(python) manage.py makemigrations --check --dry-run
	$(with_test_settings) $(python) manage.py spectacular --validate --fail-on-warn --file .run/openapi.yaml
	@diff -u docs/openapi.yaml .run/openapi.yaml || { echo "The API differs from docs/openapi.yaml: make schema" >&2; exit 1; }

.PHONY: format
format: venv ## rewrite the code in the one format, mend what can be mended
	$(python) -m ruff check --fix --exit-zero --quiet .
	$(python) -m ruff format .

.PHONY: schema
schema: venv ## write docs/openapi.yaml, docs/errors.md, docs/states.md and docs/roles.md from the code
	$(with_test_settings) $(python) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml
	$(with_test_settings) $(python) manage.py print_errors > docs/errors.md
	$(with_test_settings) $(python) manage.py print_states > docs/states.md
	$(with_test_settings) $(python) manage.py print_roles > docs/roles.md

.PHONY: clients
clients: venv ## generate a Python and a TypeScript client from docs/openapi.yaml into .run/clients
	@exec $(python) -m clients.generate

.PHONY: demo
demo: venv ## play the whole story against a running `make run`
	@BASE_URL="$(BASE_URL)" SANDBOX_URL="$(SANDBOX_URL)" exec $(python) -m sandbox.demo $(ARGS)

.PHONY: bench
bench: venv ## measure, on a database of its own
	@exec $(python) -m sandbox.postgres exec --home .run/bench-postgres -- $(python) -m bench $(ARGS)

.PHONY: lock
lock: ## turn requirements*.in into the hashed requirements*.txt (needs uv)
	@uv --version >/dev/null 2>&1 || { echo "make lock needs uv: https://docs.astral.sh/uv/" >&2; exit 1; }
	uv pip compile -q --universal --generate-hashes --python-version 3.11 requirements.in -o requirements.txt --no-emit-index-url
	uv pip compile -q --universal --generate-hashes --python-version 3.11 requirements-local.in -o requirements-local.txt --no-emit-index-url

# .venv/stamp says from which requirements, and for which place, .venv was made: programs in it name their path.
new_enough := -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null

.PHONY: venv
venv:
	@stamp="$$(cat $(requirements) | cksum) $$(pwd -P)"; \
	if [ -x $(python) ] && [ "$$(cat .venv/stamp 2>/dev/null)" = "$$stamp" ]; then exit 0; fi; \
	uv=; if uv --version >/dev/null 2>&1; then uv=yes; fi; \
	place="$$(sed -n 's/^[^/]*//p' .venv/stamp 2>/dev/null)"; \
	if ! $(python) $(new_enough) || [ "$${place:-$$(pwd -P)}" != "$$(pwd -P)" ]; then \
	    "$(PYTHON)" $(new_enough) || { \
	        echo "Python 3.11 or newer is needed, and $(PYTHON) is: $$("$(PYTHON)" --version 2>&1 | head -n 1)." \
	            "Name another, as in: make PYTHON=python3.12" >&2; exit 1; }; \
	    echo "Making .venv ..."; \
	    rm -rf .venv; \
	    if [ "$$uv" ]; then uv venv -q --python "$(PYTHON)" .venv || exit 1; \
	    elif "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then "$(PYTHON)" -m venv .venv || exit 1; \
	    else echo "$(PYTHON) cannot make a .venv: install python3-venv (Debian, Ubuntu), or uv." >&2; exit 1; fi; \
	fi; \
	echo "Installing the requirements ..."; \
	rm -f .venv/stamp; \
	set --; for file in $(requirements); do set -- "$$@" -r "$$file"; done; \
	if [ "$$uv" ]; then uv pip install -q --python $(python) --require-hashes "$$@" || exit 1; \
	elif $(python) -m pip --version >/dev/null 2>&1 || $(python) -m ensurepip >/dev/null 2>&1; then \
	    $(python) -m pip install -q --disable-pip-version-check --require-hashes "$$@" || exit 1; \
	else echo ".venv has no pip: remove .venv, or install uv." >&2; exit 1; fi; \
	echo "$$stamp" > .venv/stamp
