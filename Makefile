# `make demo` and `make test` each do all their set-up. Python 3.11 or newer with its venv module is all they need.
# A target with two hash signs behind it is listed by `make help`, which is what `make` alone does.
PYTHON ?= python3
SERVE ?= 1
BIN := .venv/bin
# The demo has a database, a mailbox and a seal key of its own, and answers this machine only.
DEMO_ENV := DEBUG=1 DEMO=1 DATABASE_URL=sqlite:///$(CURDIR)/var/demo/desk.sqlite3 EMAIL_URL=file://$(CURDIR)/var/mail \
	PRIVATE_DIR=$(CURDIR)/var/demo/private SEAL_KEY=$(CURDIR)/var/demo/seal/key.pem SEAL_CERT=$(CURDIR)/var/demo/seal/cert.pem \
	PUBLIC_BASE_URL=http://127.0.0.1:8000 ALLOWED_HOSTS=127.0.0.1,localhost SECRET_KEY= REDIS_URL= S3_BUCKET= TSA_URL= SEAL_CRLS=

# Enough for Django to load; nothing is read from a database and nothing is sent.
PLAIN_ENV := DEBUG=1 DEMO= DATABASE_URL=sqlite:// EMAIL_URL=console: SECRET_KEY= REDIS_URL= S3_BUCKET= TSA_URL= SEAL_CRLS=

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test test-sqlite test-postgresql test-tools test-shifted lint docs pictures languages bench mutants \
	crash crash-points crash-small lock clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: .venv/runtime ## Install what the program needs into .venv.
setup-dev: .venv/dev ## Install what tests, linters and documentation need as well.

.venv/bin/python:
	$(PYTHON) -m venv .venv || { echo "Python's venv module is missing: apt install python3-venv"; rm -rf .venv; exit 1; }

.venv/runtime: requirements.lock | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	touch $@

.venv/dev: requirements-dev.lock .venv/runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-dev.lock
	touch $@

demo: setup ## Run a whole volume on sample data, then serve it; SERVE=0 stops after the summary.
	rm -rf var/demo var/mail
	mkdir -p var/demo var/mail
	$(DEMO_ENV) $(BIN)/python manage.py migrate --verbosity 0
	$(DEMO_ENV) $(BIN)/python manage.py demo $(if $(filter 1,$(SERVE)),--serve)

test: test-sqlite test-postgresql ## Run the tests on SQLite, then on PostgreSQL.

test-sqlite: setup-dev ## Run the tests on SQLite.
	$(BIN)/python -m pytest --numprocesses 2 -m "not tools and not browser" $(PYTEST)

test-postgresql: setup-dev ## Run the tests on a PostgreSQL that is started for them.
	$(BIN)/python -m tests.servers $(BIN)/python -m pytest --numprocesses 2 -m "not tools and not browser" $(PYTEST)

# Chromium, poppler-utils, qpdf and openssl must be installed; .ci/run installs them.
test-tools: setup-dev ## Test with Chromium, poppler, qpdf and openssl.
	$(BIN)/python -m pytest --numprocesses 2 -m "tools or browser" $(PYTEST)

# The tests set their own day (tests/clock.py). Only tests that start programs or check certificates can notice the
# machine's day: those marked `outside` run 400 days ahead. The other clocks matter to tests that use the machine's own day
# (TODAY); both time changes and the turn of the year happen while they run.
# `make test-shifted FAR="not tools and not browser"` runs everything 400 days ahead.
FAR := outside and not tools and not browser
TODAY := tests/crash tests/proceedings/test_settings.py tests/test_clock.py
SHIFTED = PYTHONPATH=$(CURDIR)/tests/machine MACHINE_AHEAD=$$(($$(date -d $(1) +%s) - $$(date +%s))) \
	$(BIN)/python -m pytest -W "ignore:Module already imported so cannot be rewritten; time_machine" --quiet \
	--numprocesses 2 $(PYTEST)

test-shifted: setup-dev ## Test while the machine's clock stands on other days, in other time zones.
	TZ=Pacific/Kiritimati $(call SHIFTED,"400 days") -m "$(FAR)"
	TZ=Pacific/Pago_Pago $(call SHIFTED,"2028-02-29 12:00 UTC") $(TODAY)
	TZ=Europe/Berlin $(call SHIFTED,"2027-03-28 00:59:50 UTC") $(TODAY)
	TZ=Europe/Berlin $(call SHIFTED,"2027-10-31 00:59:50 UTC") $(TODAY)
	TZ=UTC $(call SHIFTED,"2026-12-31 23:59:50 UTC") $(TODAY)

lint: setup-dev ## Check style, spelling, types, import contracts and migrations.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy .
	$(BIN)/lint-imports
	DEBUG=1 $(BIN)/python manage.py makemigrations --check --dry-run
	DEBUG=1 $(BIN)/python manage.py check --fail-level WARNING

docs: setup-dev ## Build the documentation into docs/_build/html.
	$(PLAIN_ENV) $(BIN)/sphinx-build -E -a -W --keep-going -n -q docs docs/_build/html

# Needs Chromium. Not part of .ci/run: the pictures are in the repository, and are taken again when pages change.
pictures: setup-dev ## Take the pictures of the documentation from the demo.
	$(MAKE) demo SERVE=0
	$(DEMO_ENV) $(BIN)/python -m tests.pictures

COMPILE := pip-compile --quiet --generate-hashes --strip-extras --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

lock: setup-dev ## Write the lock files again.
	$(BIN)/$(COMPILE) --output-file requirements.lock pyproject.toml
	$(BIN)/$(COMPILE) --allow-unsafe --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

bench: setup-dev ## Measure speed; prints figures.
	for bench in tests/bench/bench_*.py; do $(BIN)/python -m tests.bench.$$(basename $$bench .py) || exit 1; done

# Workers are killed, the database is cut off, Redis is emptied; nothing may be lost or doubled. The full figures:
crash: setup-dev ## Kill workers at random; the long run.
	$(BIN)/python -m tests.crash --slots 10000 --kills 50 --ends 20 --restarts 3 --flushes 5
	$(BIN)/python -m tests.crash --slots 10000 --kills 50 --ends 20 --flushes 5 --database sqlite

# The same at named moments: a hundred deaths at each.
crash-points: setup-dev ## Kill workers at named moments.
	$(BIN)/python -m tests.crash.points
	$(BIN)/python -m tests.crash.points --database sqlite

crash-small: setup-dev ## Kill workers at random; the short run.
	$(BIN)/python -m tests.crash --slots 1000 --kills 20 --restarts 1 --flushes 1
	$(BIN)/python -m tests.crash --slots 1000 --kills 20 --flushes 1 --database sqlite

# Changes the risky modules a little, one change at a time in a copy, and runs their tests: each must fail. About a
# quarter of an hour on two cores. MUTANTS="--only lifecycle/ --count 20" asks for fewer; see tests/mutants.
SEED ?= 1
mutants: setup-dev ## Measure what the tests notice; SEED=2 takes other samples.
	$(BIN)/python -m tests.mutants --seed $(SEED) $(MUTANTS)

# Collects the words of the authors' pages and mails, and compiles what translators have written; needs GNU gettext.
# A new language: make languages NEW=de, then fill in locale/de/LC_MESSAGES/django.po, then make languages.
languages: setup-dev ## Collect and compile translations; NEW=de begins a new one.
	DEBUG=1 $(BIN)/python manage.py makemessages $(if $(NEW),--locale $(NEW),--all)
	DEBUG=1 $(BIN)/python manage.py compilemessages --ignore .venv

clean: ## Remove .venv, var and the built documentation.
	rm -rf .venv var docs/_build docs/generated
