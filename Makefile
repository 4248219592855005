# `make demo` and `make test` each do all their set-up. Python 3.11 or newer with its venv module is all they need.
PYTHON ?= python3
SERVE ?= 1
BIN := .venv/bin
# The demo has a database, a mailbox and a seal key of its own, and listens to nobody but this machine.
DEMO_ENV := DEBUG=1 DEMO=1 DATABASE_URL=sqlite:///$(CURDIR)/var/demo/desk.sqlite3 EMAIL_URL=file://$(CURDIR)/var/mail \
	PRIVATE_DIR=$(CURDIR)/var/demo/private SEAL_KEY=$(CURDIR)/var/demo/seal/key.pem SEAL_CERT=$(CURDIR)/var/demo/seal/cert.pem \
	PUBLIC_BASE_URL=http://127.0.0.1:8000 ALLOWED_HOSTS=127.0.0.1,localhost SECRET_KEY= REDIS_URL= S3_BUCKET= TSA_URL= SEAL_CRLS=

.PHONY: setup setup-dev demo test test-sqlite test-postgresql test-tools test-shifted lint languages bench crash crash-small lock clean

setup: .venv/runtime
setup-dev: .venv/dev

.venv/bin/python:
	$(PYTHON) -m venv .venv || { echo "Python's venv module is missing: apt install python3-venv"; rm -rf .venv; exit 1; }

.venv/runtime: requirements.lock | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	touch $@

.venv/dev: requirements-dev.lock .venv/runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-dev.lock
	touch $@

demo: setup
	rm -rf var/demo var/mail
	mkdir -p var/demo var/mail
	$(DEMO_ENV) $(BIN)/python manage.py migrate --verbosity 0
	$(DEMO_ENV) $(BIN)/python manage.py demo $(if $(filter 1,$(SERVE)),--serve)

test: test-sqlite test-postgresql

test-sqlite: setup-dev
	$(BIN)/python -m pytest --numprocesses 2 -m "not tools and not browser" $(PYTEST)

test-postgresql: setup-dev
	$(BIN)/python -m tests.servers $(BIN)/python -m pytest --numprocesses 2 -m "not tools and not browser" $(PYTEST)

# What looks through other people's eyes: Chromium, poppler-utils, qpdf, openssl. They must be there; .ci/run installs them.
test-tools: setup-dev
	$(BIN)/python -m pytest --numprocesses 2 -m "tools or browser" $(PYTEST)

# The machine's clock elsewhere; the tests keep their own day (tests/clock.py, which tests/test_clock.py holds to it). Far
# ahead run all who could tell the two apart, the tests marked `outside`: they start programs or show OpenSSL certificates.
# What else is peculiar about a day, only those meet that live on the machine's own. The hours of both time changes, and
# the year, turn while they run. `make test-shifted FAR="not tools and not browser"` takes everything far ahead.
FAR := outside and not tools and not browser
TODAY := tests/crash tests/proceedings/test_settings.py tests/test_clock.py
SHIFTED = PYTHONPATH=$(CURDIR)/tests/machine MACHINE_AHEAD=$$(($$(date -d $(1) +%s) - $$(date +%s))) \
	$(BIN)/python -m pytest -W "ignore:Module already imported so cannot be rewritten; time_machine" --quiet \
	--numprocesses 2 $(PYTEST)

test-shifted: setup-dev
	TZ=Pacific/Kiritimati $(call SHIFTED,"400 days") -m "$(FAR)"
	TZ=Pacific/Pago_Pago $(call SHIFTED,"2028-02-29 12:00 UTC") $(TODAY)
	TZ=Europe/Berlin $(call SHIFTED,"2027-03-28 00:59:50 UTC") $(TODAY)
	TZ=Europe/Berlin $(call SHIFTED,"2027-10-31 00:59:50 UTC") $(TODAY)
	TZ=UTC $(call SHIFTED,"2026-12-31 23:59:50 UTC") $(TODAY)

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	DEBUG=1 $(BIN)/python manage.py makemigrations --check --dry-run
	DEBUG=1 $(BIN)/python manage.py check --fail-level WARNING

COMPILE := pip-compile --quiet --generate-hashes --strip-extras --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

lock: setup-dev
	$(BIN)/$(COMPILE) --output-file requirements.lock pyproject.toml
	$(BIN)/$(COMPILE) --allow-unsafe --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

bench: setup-dev
	for bench in tests/bench/bench_*.py; do $(BIN)/python -m tests.bench.$$(basename $$bench .py) || exit 1; done

# Workers are killed, the database is cut off, Redis is emptied; nothing may be lost or doubled. The full figures:
crash: setup-dev
	$(BIN)/python -m tests.crash --slots 10000 --kills 50 --ends 20 --restarts 3 --flushes 5
	$(BIN)/python -m tests.crash --slots 10000 --kills 50 --ends 20 --flushes 5 --database sqlite

# The same at named moments: a hundred deaths at each.
crash-points: setup-dev
	$(BIN)/python -m tests.crash.points
	$(BIN)/python -m tests.crash.points --database sqlite

crash-small: setup-dev
	$(BIN)/python -m tests.crash --slots 1000 --kills 20 --restarts 1 --flushes 1
	$(BIN)/python -m tests.crash --slots 1000 --kills 20 --flushes 1 --database sqlite

# Collects the words of the authors' pages and mails, and compiles what translators have written; needs GNU gettext.
# A new language: make languages NEW=de, then fill in locale/de/LC_MESSAGES/django.po, then make languages.
languages: setup-dev
	DEBUG=1 $(BIN)/python manage.py makemessages $(if $(NEW),--locale $(NEW),--all)
	DEBUG=1 $(BIN)/python manage.py compilemessages --ignore .venv

clean:
	rm -rf .venv var
