"""Another volume beside that of a test: of another editor, with namesakes, and with a paper in every state.

A query that selects too much finds its rows too, and a test about one volume must not change them. The volume is built
once a session by the real functions; each test gets a copy of its rows, which takes milliseconds. All of it happened
years after what tests do, and all its emails are sent: scheduled jobs have nothing to do there. A test that counts the
rows of all volumes is marked `alone`.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.models import ForeignKey, Model

from agreements import lifecycle
from agreements.domain.states import Status
from agreements.jobs import bulk, scheduled
from agreements.mail import sender
from agreements.mail.transports import BackendTransport, ConfirmSending, Outcome
from agreements.models import Agreement, CheckResult, JobRun, Message, Note, VolumeCheckResult
from agreements.requests import change_requests, objections
from proceedings.models import Attempt, Paper, Volume
from tests import make
from tests.make import DAY, HOUR, NOW

NUMBER = 9001
THEN = NOW + 8 * 365 * DAY
"""When everything in that volume happened: later than any time of the tests."""

SHARED = {"agreements_agreementtext", "agreements_sealcertificate"}
"""Tables of rows that all volumes use: inserted, and not compared."""
PASSING = {model._meta.db_table for model in (JobRun, Attempt, CheckResult, VolumeCheckResult)}
"""Tables in which scheduled jobs keep their own state."""

TESTS = str(Path(__file__).parent) + os.sep
OURS = tuple(str(Path(settings.BASE_DIR) / name) + os.sep for name in ("agreements", "proceedings", "tests"))

BESIDE = tuple(
    str(Path("tests", folder)) + os.sep
    for folder in (
        "agreements/dashboard",
        "agreements/delivery",
        "agreements/jobs",
        "agreements/lifecycle",
        "agreements/mail",
        "agreements/reminders",
        "agreements/requests",
        "proceedings/accounts",
    )
)
"""Folders of the tests that run beside the other volume."""


Rows = list[tuple[Any, ...]]


class Sink(BackendTransport):
    """A mail server that accepts every email."""

    def send(self, mail: EmailMessage, confirm: ConfirmSending) -> Outcome:
        return Outcome.sent() if confirm() else Outcome.retry("withdrawn")


def build() -> Volume:
    """Build the other volume by the real functions."""
    volume = make.volume(NUMBER, deadline=(THEN + 60 * DAY).date(), reply_to="neighbour@desk.example")
    Volume.objects.filter(pk=volume.pk).update(sections=["Long", "Short"])
    editor = make.editor("neighbour", volume)
    helper = make.editor("neighbours-helper")
    volume.assistants.add(helper)
    volume.signing_settings.digest_opt_outs.add(editor)

    def agreement(status: str) -> Agreement:
        # The keys, titles and authors' names are those that `make.paper` gives to the papers of every volume.
        count = volume.papers.count() + 1
        fields = {"contact": f"mike{count}@neighbour.example", "submission": f"{count}", "section": "Long"}
        return make.agreement(status, of=make.paper(volume, **fields), now=THEN)

    for status in Status:
        agreement(status)
    make.paper(volume, contact=None, section="Long")
    gone = agreement("issued")
    Paper.objects.filter(pk=gone.paper_id).update(status=Paper.Status.WITHDRAWN)
    lifecycle.withdraw_paper(gone.paper_id, by="editor:neighbour", now=THEN)
    late = Agreement.objects.get(paper__volume=volume, status=Status.SIGNED)
    lifecycle.record_seal_failure(late, error="The time-stamp authority does not answer.", now=THEN)

    asked = agreement("issued")
    make.change_request(asked, now=THEN)
    make.request_other_signer(asked, now=THEN)
    change_requests.accept(make.request_other_signer(agreement("issued"), now=THEN), by="editor:neighbour", now=THEN)
    paused = agreement("issued")
    lifecycle.pause(paused, until=None, by="editor:neighbour", now=THEN)
    lifecycle.set_time_zone(volume.pk, paused.signer_email, "Asia/Tokyo", now=THEN)
    reminded = agreement("issued")
    make.ask_coauthor(reminded, now=THEN)

    sealed = agreement("sealed")
    make.edit(sealed, now=THEN)
    objections.record_objection(sealed, by="Tim Dettmers", reason="Nobody asked me.", now=THEN)
    Volume.objects.filter(pk=volume.pk).update(published=THEN.date())
    Paper.objects.filter(pk=sealed.paper_id).update(public_id="lewis26a")
    make.correction(Agreement.objects.get(pk=sealed.pk), now=THEN)
    Note.objects.create(paper=sealed.paper, by="neighbour", at=THEN, text="A note.")
    bulk.create_job(volume, "void", [], reason="None", data={}, user=None, by="", now=THEN)
    bulk.run_jobs(scheduled.fixed_clock(THEN))

    for hours in range(0, 240, 24):  # two emails to one address keep their distance
        now = THEN + hours * HOUR
        sender.send_due(scheduled.fixed_clock(now), Sink(), lifecycle.record_mail_result)
        scheduled.queue_due(scheduled.fixed_clock(now))
    assert Counter(Message.objects.values_list("state", flat=True))["pending"] == 0
    return volume


class Table(NamedTuple):
    """One table's rows of the other volume, and the queries about it."""

    name: str
    rows: Rows
    insert: str
    select: str
    parameters: list[int]

    def found(self) -> Rows:
        """Its rows as they are now, with new ones that refer to the other volume."""
        with connection.cursor() as cursor:
            cursor.execute(self.select, self.parameters)
            return list(cursor.fetchall())


def models() -> Iterable[type[Model]]:
    return (
        model
        for app in ("proceedings", "agreements")
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
        if model._meta.managed and model._meta.db_table not in PASSING
    )


def read_all() -> dict[str, Rows]:
    found = {}
    with connection.cursor() as cursor:
        for model in models():
            cursor.execute(f"SELECT {columns(model)} FROM {model._meta.db_table} ORDER BY id")
            found[model._meta.db_table] = list(cursor.fetchall())
    return found


def columns(model: type[Model]) -> str:
    names = ["id", *(field.column for field in model._meta.concrete_fields if not field.primary_key)]
    return ", ".join(f'"{name}"' for name in names)


def make_tables() -> list[Table]:
    """Return the rows of the other volume. The database stays as it was."""
    around = transaction.atomic()
    vars(around)["_from_testcase"] = True  # as Django's own tests: what wants to be outermost may be within
    with around:
        before = read_all()
        build()
        after = read_all()
        transaction.set_rollback(True)
    rows = {name: [row for row in after[name] if row not in before[name]] for name in after}
    spans = {name: (found[0][0], found[-1][0]) for name, found in rows.items() if found and name not in SHARED}
    return [table(model, rows[model._meta.db_table], spans) for model in models()]


def table(model: type[Model], rows: Rows, spans: dict[str, tuple[int, int]]) -> Table:
    name = model._meta.db_table
    references = [
        (field.column, spans[field.related_model._meta.db_table])
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey)
        and not isinstance(field.related_model, str)
        and field.related_model._meta.db_table in spans
    ]
    conditions = [("id", spans[name])] if name in spans else []
    conditions = [] if name in SHARED else [*conditions, *references]
    where = " OR ".join(f'"{column}" BETWEEN %s AND %s' for column, _ in conditions) or "1 = 0"
    names = columns(model)
    places = ", ".join(["%s"] * len(names.split(", ")))
    return Table(
        name,
        rows,
        f"INSERT INTO {name} ({names}) VALUES ({places})",
        f"SELECT {names} FROM {name} WHERE {where} ORDER BY id",
        [number for _, span in conditions for number in span],
    )


class Beside:
    """The other volume's rows in the database during one test."""

    def __init__(self, tables: list[Table]) -> None:
        self.tables = tables
        self.known = {one.name: one.rows for one in tables}

    def insert(self) -> None:
        with connection.cursor() as cursor:
            for one in self.tables:
                if one.rows:
                    cursor.executemany(one.insert, one.rows)

    def watch(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Accept what a test itself writes, such as all rows of a table; see `by_a_test`."""
        result = execute(sql, params, many, context)
        if sql.startswith(("UPDATE", "INSERT", "DELETE")) and by_a_test(sys._getframe(1)):
            self.known |= {one.name: one.found() for one in self.tables if f'"{one.name}"' in sql}
        return result

    def check(self) -> None:
        """Raise AssertionError if our code has changed the other volume."""
        for one in self.tables:
            if one.parameters:
                assert one.found() == self.known[one.name], f"{one.name} of another volume, v{NUMBER}, was changed."


def by_a_test(frame: FrameType | None) -> bool:
    """Whether the innermost code of ours on the stack belongs to a test."""
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(OURS):
            return path.startswith(TESTS) and path != __file__
        frame = frame.f_back
    return False


@contextmanager
def beside(tables: list[Table]) -> Iterator[None]:
    """Insert the other volume, and check at the end that our code has not changed it. Raises AssertionError."""
    other = Beside(tables)
    other.insert()
    with connection.execute_wrapper(other.watch):
        yield
    other.check()


def is_wanted(test: pytest.Item, fixtures: list[str]) -> bool:
    """Whether a test runs beside the other volume: it is in a risky package, rolled back, and not marked `alone`."""
    mark = test.get_closest_marker("django_db")
    if mark is None or not test.nodeid.startswith(BESIDE) or test.get_closest_marker("alone"):
        return False
    return not (mark.kwargs.get("transaction") or {"transactional_db", "committed", "live_server"} & set(fixtures))
