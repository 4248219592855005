"""Each of 10,000 mails holds its own tokens, names and titles and no other's (the incident of Let's Encrypt, 2016)."""

import re
from types import TracebackType
from typing import Self

import pytest
from django.core.mail import EmailMessage

from agreements import lifecycle
from agreements.domain.facts import sha256
from agreements.jobs import scheduled
from agreements.mail import outbox, sender
from agreements.mail.encoding import encode_email
from agreements.mail.transports import ConfirmSending, Outcome
from agreements.models import Agreement, Link, Message
from tests import bulk, make
from tests.make import NOW

pytestmark = pytest.mark.django_db

ALONE, SHARED = 9000, 1000
"""Mails about one paper, and mails about two."""
SIGN = re.compile(r"http://testserver/sign/([A-Za-z0-9_-]{43})/")
STOP = re.compile(r"http://testserver/reminders/stop/([A-Za-z0-9_-]{43})/")


class Capture:
    """A server that takes everything, and keeps what it was given."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def send(self, letter: EmailMessage, intent: ConfirmSending) -> Outcome:
        body = encode_email(letter).decode()
        assert intent()
        self.mails.append((letter.to[0], body))
        return Outcome.sent()


def ten_thousand() -> None:
    """Papers whose number stands in their title, their signer and their address; the last ones go by twos."""
    first = make.agreement("issued")
    count = ALONE + 2 * SHARED
    number = f"(n - {bulk.FIRST})"
    person = f"CASE WHEN {number} < {ALONE} THEN {number} ELSE {ALONE} + ({number} - {ALONE}) / 2 END"
    address = f"'author-' || ({person}) || '-@copy.example'"
    bulk.multiply(first.paper, 0, count, key="'copy' || n", position="n", delivered_key="''", submission="''")
    bulk.multiply(
        first,
        0,
        count,
        reference="'copy-' || n",
        paper_id="n",
        title=f"'Title ' || {number} || '.'",
        signer=f"'Signer ' || ({person}) || '.'",
        signer_email=address,
    )
    bulk.multiply(
        make.invitation(first), 0, ALONE, agreement_id="n", message_id="'<' || n || '@copy.example>'", recipient=address
    )
    Message.objects.filter(agreement=first).update(state=Message.State.CANCELLED)
    pairs = Agreement.objects.filter(pk__gte=bulk.FIRST + ALONE).select_related("paper").order_by("pk")
    kind = Message.Kind.REMINDER
    outbox.queue_combined((outbox.EmailRequest(one, "r1:T-7", kind, one.signer_email) for one in pairs.iterator()), NOW)


def numbers(pattern: str, text: str) -> set[int]:
    return {int(found) for found in re.findall(pattern, text)}


def test_each_holds_its_own_tokens_names_and_titles_and_no_others() -> None:
    ten_thousand()
    capture = Capture()
    tally = +sender.send_due(scheduled.fixed_clock(NOW), capture, lifecycle.record_mail_result)
    assert tally == {Message.State.SENT: ALONE + SHARED}
    links = dict(Link.objects.values_list("digest", "agreement"))
    seen: set[str] = set()
    for recipient, text in capture.mails:
        (person,) = numbers(r"author-(\d+)-@", recipient)
        papers = {person} if person < ALONE else {2 * person - ALONE, 2 * person - ALONE + 1}
        assert numbers(r"author-(\d+)-@", text) <= {person}
        assert numbers(r"Signer (\d+)\.", text) == {person}
        assert numbers(r"Title (\d+)\.", text) == papers
        assert numbers(rf"copy-{str(bulk.FIRST)[:3]}(\d+)", text) == {paper % 10**5 for paper in papers}
        tokens = set(SIGN.findall(text))
        assert {links[sha256(token.encode())] for token in tokens} == {bulk.FIRST + paper for paper in papers}
        assert len(tokens) == len(papers)
        stops = set(STOP.findall(text))
        assert {links[sha256(token.encode())] - bulk.FIRST for token in stops} == (
            {min(papers)} if len(papers) > 1 else set()
        )
        assert not tokens & seen
        seen |= tokens
    assert len(capture.mails) == ALONE + SHARED
    assert len(seen) == ALONE + 2 * SHARED
