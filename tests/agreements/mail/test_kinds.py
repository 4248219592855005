"""The table of kinds of email: one row each, and what follows from the rows."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines

from agreements.mail import context, kinds
from agreements.mail.kinds import KINDS, ROWS, Attachment, EmailKind, Topic, kind_of, kinds_where
from agreements.models import Link, Message
from tests.agreements.mail import test_compose

Kind, Purpose = Message.Kind, Link.Purpose

SIGNER = {
    Kind.INVITATION, Kind.REMINDER, Kind.LAST_CALL, Kind.FRESH, Kind.RECEIPT, Kind.COPY, Kind.DECLINED,
    Kind.HANDED_OVER, Kind.PROPOSAL_REFUSED, Kind.EDIT, Kind.SENT_BACK,
}  # fmt: skip
REMINDERS = {Kind.REMINDER, Kind.LAST_CALL}
REPEATED = {Kind.REMINDER, Kind.LAST_CALL, Kind.UNSIGNED}
REQUESTS = {Kind.INVITATION, *REPEATED}


def test_every_kind_has_exactly_one_row_in_the_order_of_the_kinds() -> None:
    assert [row.kind for row in ROWS] == list(Kind)
    assert list(KINDS.values()) == list(ROWS)


@pytest.mark.parametrize(
    ("holds", "expected"),
    [
        (lambda row: row.to is kinds.Recipient.SIGNER, SIGNER),
        (
            lambda row: row.is_to_authors,
            SIGNER | {Kind.COAUTHOR, Kind.UNSIGNED, Kind.TOGETHER, Kind.PUBLISHED, Kind.CORRECTION},
        ),
        (lambda row: row.to is kinds.Recipient.COAUTHOR, {Kind.UNSIGNED}),
        (lambda row: row.reminds, REMINDERS),
        (lambda row: row.is_batch, {Kind.INVITATION, *REMINDERS}),
        (lambda row: row.signs, {Kind.INVITATION, Kind.FRESH, Kind.SENT_BACK, *REMINDERS}),
        (lambda row: row.asks, REQUESTS),
        (lambda row: row.asks_again, REPEATED),
        (lambda row: row.is_combined, {Kind.TOGETHER}),
        (lambda row: row.is_unrequested, {*REQUESTS, Kind.TOGETHER, Kind.COAUTHOR}),
        (lambda row: row.brings_link, {Kind.INVITATION, Kind.SENT_BACK, *REMINDERS}),
        (lambda row: row.is_answer, {Kind.FRESH, Kind.COPY}),
        (lambda row: row.ends_with_request, {*REQUESTS, Kind.FRESH}),
        (lambda row: row.has_own_text, REQUESTS),
        (lambda row: row.attachment is Attachment.SEALED_PDF, {Kind.RECEIPT, Kind.COPY}),
        (lambda row: row.attachment is Attachment.CITATIONS, {Kind.PUBLISHED}),
        (lambda row: Purpose.STOP in row.links, REMINDERS),
        (lambda row: Purpose.COPY in row.links, {Kind.RECEIPT, Kind.COPY}),
        (lambda row: Purpose.OBJECT in row.links, {Kind.COAUTHOR}),
        (lambda row: Purpose.EDIT in row.links, {Kind.EDIT}),
        (lambda row: Purpose.CORRECT in row.links, {Kind.PUBLISHED}),
        (lambda row: row.topic is Topic.EDIT, {Kind.EDIT, Kind.EDITOR_EDIT}),
        (lambda row: row.topic is Topic.CORRECTION, {Kind.CORRECTION, Kind.EDITOR_CORRECTION}),
        (lambda row: row.topic is Topic.CHANGE_REQUEST, {Kind.EDITOR_PROPOSAL, Kind.PROPOSAL_REFUSED}),
        (lambda row: row.topic is Topic.SIGNED_FORM, {Kind.SENT_BACK}),
        (lambda row: row.topic is Topic.OBJECTIONS, {Kind.EDITOR_OBJECTED}),
        (lambda row: row.topic is Topic.OTHER_ADDRESSES, {Kind.EDITOR_REFUSED}),
        (lambda row: row.topic is Topic.REPLACED, {Kind.INVITATION}),
    ],
)
def test_what_follows_from_the_rows(holds: Callable[[EmailKind], bool], expected: set[Message.Kind]) -> None:
    assert set(kinds_where(holds)) == expected


def test_the_sets_that_queries_use() -> None:
    assert kinds.REMINDERS == (Kind.REMINDER, Kind.LAST_CALL)
    assert set(kinds.REPEATED_REQUESTS) == REPEATED
    assert set(kinds.SIGNATURE_REQUESTS) == REQUESTS
    assert set(kinds.ALL_REQUESTS) == {*REQUESTS, Kind.TOGETHER}
    assert set(kinds.UNREQUESTED) == {*REQUESTS, Kind.TOGETHER, Kind.COAUTHOR}
    assert set(kinds.WITH_LINK) == {Kind.INVITATION, Kind.SENT_BACK, *REMINDERS}
    assert set(kinds.ANSWERS) == {Kind.FRESH, Kind.COPY}
    assert set(kinds.WITH_OWN_TEXT) == REQUESTS


def test_an_own_text_keeps_what_its_reader_needs() -> None:
    needed = {row.kind: row.placeholders for row in ROWS if row.has_own_text}
    assert needed == {
        Kind.INVITATION: ("link", "deadline"),
        Kind.REMINDER: ("link", "deadline"),
        Kind.LAST_CALL: ("link", "deadline"),
        Kind.UNSIGNED: ("title", "deadline"),
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.kind)
def test_every_row_has_its_templates(row: EmailKind) -> None:
    for name in row.templates:
        assert engines["django"].get_template(name)


def test_no_template_is_left_over() -> None:
    folder = Path(settings.BASE_DIR) / "templates" / "agreements" / "mail"
    shared = {"base.html", "button.html", "foot.txt", "own.html", "own.txt", "title.html"}
    ours = {Path(name).name for row in ROWS for name in row.templates}
    assert {file.name for file in folder.iterdir()} == ours | shared


def test_every_topic_can_be_read_and_is_in_use() -> None:
    assert set(context.TOPICS) == set(Topic) == {row.topic for row in ROWS if row.topic}


@pytest.mark.alone  # the daily email is queued for all volumes
@pytest.mark.django_db
@pytest.mark.parametrize("kind", Kind)
def test_an_email_carries_the_links_of_its_row(kind: Message.Kind) -> None:
    row = test_compose.message(kind)
    assert kind_of(row) is KINDS[kind]
    test_compose.read(row)
    made = Link.objects.filter(message=row).order_by("pk").values_list("purpose", flat=True)
    assert tuple(made) == KINDS[kind].links


@pytest.mark.django_db
@pytest.mark.parametrize("kind", kinds_where(lambda row: row.topic in {Topic.EDIT, Topic.CORRECTION}))
def test_the_key_of_an_email_names_the_row_that_it_is_about(kind: Message.Kind) -> None:
    row = test_compose.message(kind)
    about = {one.pk for one in (*row.agreement.edits.all(), *row.agreement.corrections.all())}
    assert int(context.number_in_key(row)) in about


def test_a_context_has_a_place_for_every_topic_that_templates_ask_for() -> None:
    assert set(context.NO_TOPIC) == {
        "reason", "change_request", "edit", "correction", "sent_back", "objections", "co_authors",
    }  # fmt: skip


# --- the page about emails

PAGE = Path(settings.BASE_DIR) / "docs" / "emails.md"
LINKS = {
    Purpose.SIGN: "to sign",
    Purpose.STOP: "to stop reminders",
    Purpose.COPY: "to the sealed PDF",
    Purpose.OBJECT: "to object",
    Purpose.EDIT: "to confirm an edit",
    Purpose.CORRECT: "to ask for a correction",
}


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_the_page_about_emails_lists_every_kind_as_the_table_has_it() -> None:
    lines = [cells(line) for line in re.findall(r"^\| `.*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)]
    listed = {name.strip("`"): (to, links, own) for name, to, _when, _says, links, own in lines}
    assert list(listed) == [row.kind.value for row in ROWS]
    assert listed == {
        row.kind.value: (
            row.to.value,
            ", ".join(LINKS[purpose] for purpose in row.links) or "those of its parts" * row.is_combined,
            "yes" if row.has_own_text else "",
        )
        for row in ROWS
    }
