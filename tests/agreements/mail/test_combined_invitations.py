"""One first mail per person and volume, and none within the gap after another: each paper keeps its slot and link."""

import html
import re
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Count
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements import lifecycle
from agreements.domain.schedule import MIN_EMAIL_GAP
from agreements.jobs import issue_many, scheduled
from agreements.mail import addresses, compose, links, outbox
from agreements.mail.kinds import ALL_REQUESTS
from agreements.mail.transports import Outcome
from agreements.models import Agreement, EmailTemplate, Link, Message
from agreements.reminders import invariants, preview
from proceedings.models import Paper, Volume
from tests import make
from tests.agreements.editors import bulk
from tests.agreements.mail.test_combined import SIGN, plain
from tests.agreements.mail.test_crashes import at_once
from tests.agreements.sending import send
from tests.make import CLOSES, DAY, HOUR, MINUTE, NOW
from tests.servers import Mailbox

pytestmark = pytest.mark.django_db

State, Kind = Message.State, Message.Kind


def issued(count: int = 3, address: str = "anna@example.org", *, now: datetime = NOW) -> list[Agreement]:
    volume = make.the_volume()
    return [make.agreement("issued", of=make.paper(volume, contact=address), now=now) for _ in range(count)]


def the_combined_email() -> Message:
    return Message.objects.get(kind=Kind.TOGETHER)


def states(of: list[Agreement]) -> list[str]:
    return [make.invitation(one).state for one in of]


def composed() -> EmailMultiAlternatives:
    (held,) = outbox.claim(NOW)
    mail_ = compose.compose(held, NOW)
    assert isinstance(mail_, EmailMultiAlternatives)
    return mail_


@pytest.mark.alone
def test_three_papers_of_one_signer_are_one_email_and_each_link_signs_its_own(mailbox: Mailbox) -> None:
    made = issued()
    assert send(NOW) == {State.SENT: 1}
    (mail_,) = mailbox.texts()
    assert mail_["Message-ID"] == the_combined_email().message_id
    assert mail_["Subject"].startswith("Please sign: publication agreements for")
    assert [address.addr_spec for address in mail_["To"].addresses] == ["anna@example.org"]
    found = [links.find_link(token, Link.Purpose.SIGN, NOW) for token in SIGN.findall(plain(mail_))]
    assert [link.agreement for link in found if link] == made
    for agreement in made:
        assert agreement.title in plain(mail_)
        assert f"Agreement {agreement.reference}" in plain(mail_).splitlines()
        assert make.history(agreement) == ["draft", "issue", "mailed"]
    assert mail_["List-Unsubscribe"] is None
    assert states(made) == [State.SENT] * 3
    assert list(invariants.check_all(NOW)) == []
    make.sign(made[1], now=NOW + HOUR)
    assert [one.status for one in Agreement.objects.order_by("pk")] == ["issued", "signed", "issued"]


def test_two_signers_get_an_email_each(mailbox: Mailbox) -> None:
    issued(1)
    issued(2, "ben@example.org")
    assert send(NOW) == {State.SENT: 2}
    assert sorted(mailbox.recipients()) == ["anna@example.org", "ben@example.org"]
    assert sorted(len(SIGN.findall(plain(text))) for text in mailbox.texts()) == [1, 2]


def test_addresses_are_compared_without_case(mailbox: Mailbox) -> None:
    issued(1)
    issued(1, "Anna@example.org")
    assert send(NOW) == {State.SENT: 1}


@pytest.mark.alone
def test_a_batch_is_one_email_with_a_moment_in_which_the_others_join_it(mailbox: Mailbox) -> None:
    volume = make.the_volume()
    for _ in range(3):
        make.paper(volume, contact="anna@example.org")
    papers = Paper.objects.select_related("volume").prefetch_related("authors", "agreements")
    first, *others = papers
    issue_many.issue([first], by="editor:ed", now=NOW, delay=lifecycle.BULK_DELAY)
    assert send(NOW + timedelta(seconds=20)) == {}, "a worker comes between two of them"
    issue_many.issue(others, by="editor:ed", now=NOW + timedelta(seconds=20), delay=lifecycle.BULK_DELAY)
    assert send(NOW + lifecycle.BULK_DELAY) == {State.SENT: 1}
    assert len(SIGN.findall(plain(mailbox.texts()[0]))) == 3


# --- the protocol holds


def test_a_paper_signed_while_the_email_is_queued_is_not_in_it(mailbox: Mailbox) -> None:
    made = issued()
    make.sign(made[0])
    send(NOW)
    told = next(text for text in mailbox.texts() if "Please sign" in text["Subject"])
    assert made[0].title not in plain(told)
    assert states(made) == [State.CANCELLED, State.SENT, State.SENT]


def test_signing_between_composing_and_sending_composes_it_again() -> None:
    made = issued()
    (held,) = outbox.claim(NOW)
    assert compose.compose(held, NOW)
    make.sign(made[1])
    assert not outbox.mark_sending(held, NOW)
    assert outbox.record_result(held, Outcome.retry("withdrawn"), NOW, lifecycle.record_mail_result) == State.PENDING
    assert states(made) == [State.PENDING, State.CANCELLED, State.PENDING]


def test_what_is_left_of_one_paper_is_its_usual_invitation(mailbox: Mailbox) -> None:
    made = issued(2)
    lifecycle.void(made[0], reason="Withdrawn.", by="editor:ed", now=NOW)
    assert send(NOW) == {State.SENT: 1}
    assert mailbox.texts()[0]["Subject"].startswith(f"Please sign: publication agreement for “{made[1].title}”")


def test_a_worker_killed_while_sending_leaves_all_parts_unknown(mailbox: Mailbox) -> None:
    made = issued()
    (held,) = outbox.claim(NOW)
    assert outbox.mark_sending(held, NOW)
    assert send(NOW + outbox.LEASE + MINUTE) == {State.UNKNOWN: 1}
    assert (the_combined_email().state, states(made)) == (State.UNKNOWN, [State.UNKNOWN] * 3)
    assert mailbox.mails == []
    assert list(invariants.check_all(NOW + outbox.LEASE + MINUTE)) == []


def test_a_worker_killed_before_sending_leaves_all_to_the_next(mailbox: Mailbox) -> None:
    made = issued()
    outbox.claim(NOW)
    assert send(NOW + outbox.LEASE + MINUTE) == {State.SENT: 1}
    assert states(made) == [State.SENT] * 3


@pytest.mark.parametrize("already", [1, 2])
def test_a_claimed_email_is_not_joined(already: int) -> None:
    issued(already)
    (held,) = outbox.claim(NOW)
    (late,) = issued(1)
    invitation = make.invitation(late)
    assert (invitation.carrier_id, invitation.due_at) == (None, NOW + MIN_EMAIL_GAP)
    assert outbox.mark_sending(held, NOW)
    outbox.record_result(held, Outcome.sent(), NOW, lifecycle.record_mail_result)
    assert list(invariants.check_all(NOW)) == []


def test_an_email_that_was_tried_before_is_not_joined() -> None:
    issued(2)
    (held,) = outbox.claim(NOW)
    outbox.record_result(held, Outcome.retry("451 later"), NOW, lifecycle.record_mail_result)
    (late,) = issued(1)
    assert make.invitation(late).carrier_id is None
    assert make.invitation(late).due_at == NOW + outbox.BACKOFF[0] + MIN_EMAIL_GAP


# --- at the same time


@pytest.mark.usefixtures("committed")
def test_no_worker_sends_part_of_one_signers_invitations(monkeypatch: pytest.MonkeyPatch) -> None:
    volume = make.the_volume()
    people = ["anna", "zoe", "anna", "zoe", "ANNA", "mike"]
    papers = [make.paper(volume, contact=f"{name}@example.org") for name in people]
    seen: list[tuple[str, int]] = []

    def look() -> None:
        """What a worker would find in the outbox; it does not take it up, for SQLite has one place for a writer."""
        due = Message.objects.filter(state=State.PENDING, carrier__isnull=True).annotate(papers=Count("carried"))
        seen.extend((address.lower(), papers or 1) for address, papers in due.values_list("recipient", "papers"))

    queue = outbox.queue_or_join

    def queue_and_check(*arguments: Any) -> int:
        assert at_once(look) == []
        new = queue(*arguments)
        assert at_once(look) == []
        return new

    monkeypatch.setattr(issue_many, "BATCH_SIZE", 2)
    monkeypatch.setattr(outbox, "queue_or_join", queue_and_check)
    fetched = volume.papers.select_related("volume").prefetch_related("authors", "agreements")
    report = issue_many.issue(fetched, by="editor:ed", now=NOW)
    look()
    assert [agreement.paper for agreement in report.issued] == papers
    assert set(seen) == {("anna@example.org", 3), ("zoe@example.org", 2), ("mike@example.org", 1)}


@pytest.mark.usefixtures("committed")
def test_two_who_issue_the_same_papers_at_once_wait_for_each_other() -> None:
    volume = make.the_volume()
    for _ in range(4):
        make.paper(volume, contact="anna@example.org")
    fetched = volume.papers.select_related("volume").prefetch_related("authors", "agreements")
    forwards, backwards = (list(fetched.order_by(order)) for order in ("pk", "-pk"))
    issue = partial(issue_many.issue, by="editor:ed", now=NOW)
    assert at_once(partial(issue, forwards), partial(issue, backwards)) == []
    (held,) = outbox.claim(NOW)
    assert len(held.parts) == 4


@pytest.mark.usefixtures("committed")
def test_replacing_a_draft_meanwhile_waits_or_is_too_late() -> None:
    volume = make.the_volume()
    for number in range(8):
        papers = [make.paper(volume, contact=f"{number}@example.org") for _ in range(3)]
        drafts = [make.agreement("draft", of=paper) for paper in papers]
        fetched = volume.papers.filter(pk__in=[paper.pk for paper in papers])
        group = list(fetched.select_related("volume").prefetch_related("authors", "agreements"))
        replace = partial(lifecycle.replace, drafts[2], reason="Other authors.", by="editor:mo", now=NOW)
        assert at_once(partial(issue_many.issue, group, by="editor:ed", now=NOW), replace) == []
        assert {one.agreements.get(status="issued").status for one in papers} == {"issued"}


@pytest.mark.usefixtures("committed")
def test_two_editors_who_issue_to_one_person_at_once_write_one_email() -> None:
    volume = make.the_volume()
    for _ in range(5):
        papers = [make.paper(volume, contact="anna@example.org") for _ in range(3)]
        assert at_once(*[partial(make.agreement, of=paper, now=NOW) for paper in papers]) == []
    (held,) = outbox.claim(NOW)
    assert len(held.parts) == 15


@pytest.mark.usefixtures("committed")
def test_an_email_claimed_while_another_is_issued_includes_it_or_goes_without_it() -> None:
    volume = make.the_volume()
    for number in range(8):
        first, second, third = (make.paper(volume, contact=f"author{number}@example.org") for _ in range(3))
        make.agreement(of=first, now=NOW)
        if number % 2:
            make.agreement(of=third, now=NOW)
        assert at_once(partial(outbox.claim, NOW), partial(make.agreement, of=second, now=NOW)) == []
        (late,) = Message.objects.filter(agreement__paper=second)
        assert (late.due_at == NOW + MIN_EMAIL_GAP) == (late.carrier_id is None)
        assert list(invariants.check_all(NOW)) == []
        outbox.claim(NOW)  # what was issued before the worker came is out of the way of the next


# --- the gap


def test_a_second_batch_waits_for_the_gap_and_is_one_email(mailbox: Mailbox) -> None:
    issued(2)
    send(NOW)
    later = issued(2, now=NOW + HOUR)
    assert {make.invitation(one).due_at for one in later} == {NOW + MIN_EMAIL_GAP}
    assert send(NOW + MIN_EMAIL_GAP - MINUTE) == {}
    assert send(NOW + MIN_EMAIL_GAP) == {State.SENT: 1}
    assert len(SIGN.findall(plain(mailbox.texts()[1]))) == 2


def test_another_volume_writes_its_own_email_and_keeps_the_gap(mailbox: Mailbox) -> None:
    issued(1)
    there = make.agreement("issued", of=make.paper(make.volume(248), contact="anna@example.org"))
    assert make.invitation(there).due_at == NOW + MIN_EMAIL_GAP
    assert send(NOW) == {State.SENT: 1}


@pytest.mark.usefixtures("mailbox")
def test_what_takes_the_place_of_another_goes_at_once() -> None:
    """The link of the mail that its author has is dead."""
    made = issued(2)
    send(NOW)
    waits = issued(1, now=NOW + HOUR)[0]
    anew = [lifecycle.replace(one, reason="New title.", by="editor:ed", now=NOW + HOUR) for one in made]
    assert [make.invitation(one).due_at for one in anew] == [NOW + HOUR] * 2
    assert send(NOW + HOUR) == {State.SENT: 1}, "and both are one mail"
    assert states([waits]) == [State.PENDING]


def test_no_reminder_is_planned_beside_an_invitation_that_waits() -> None:
    first = issued(1, now=CLOSES - 8 * DAY)[0]
    assert len(outbox.claim(CLOSES - 8 * DAY)) == 1
    Message.objects.update(state=State.SENT, sent_at=CLOSES - 7 * DAY - HOUR, claim=None, lease_until=None)
    (late,) = issued(1, now=CLOSES - 7 * DAY - MINUTE)
    assert make.invitation(late).due_at == CLOSES - 7 * DAY - HOUR + MIN_EMAIL_GAP
    assert scheduled.remind_due(CLOSES - 7 * DAY) == 0
    assert not first.messages.exclude(idempotency_key="invitation").exists()


# --- an editor's reminders


def test_reminding_many_now_is_one_email_per_signer(editor_client: Client, mailbox: Mailbox) -> None:
    made = issued(3)
    (other,) = issued(1, "ben@example.org")
    send(NOW)
    mailbox.reset()
    assert "<strong>4</strong> reminders queued." in bulk(
        editor_client, "remind", *(one.paper for one in (*made, other))
    )
    due = Message.objects.filter(kind=Kind.REMINDER).order_by("due_at").values_list("due_at", flat=True)
    assert send(due[3]) == {State.SENT: 2}
    assert sorted(mailbox.recipients()) == ["anna@example.org", "ben@example.org"]


def test_an_invitation_joins_a_reminder_that_waits_and_each_is_called_what_it_is(mailbox: Mailbox) -> None:
    old = issued(1)[0]
    send(NOW)
    lifecycle.remind_now(old, by="editor:ed", now=NOW + 2 * DAY)
    (new,) = issued(1, now=NOW + 2 * DAY)
    mailbox.reset()
    assert send(NOW + 2 * DAY) == {State.SENT: 1}
    (mail_,) = mailbox.texts()
    first, again = plain(mail_).split("are still awaiting your signature")
    assert new.title in first
    assert old.title in again
    assert len(SIGN.findall(plain(mail_))) == 2


# --- the words


@pytest.mark.parametrize("language", ["en", "fr", "zh-hans"])
def test_text_and_page_say_the_same_in_every_language(language: str) -> None:
    made = issued(2)
    lifecycle.replace(made[0], reason="The title has changed.", by="editor:ed", now=NOW)
    addresses.remember_language("anna@example.org", language)
    mail_ = composed()
    text, page = str(mail_.body), str(mail_.alternatives[0][0])
    visible = html.unescape(re.sub(r"<head>.*?</head>|<[^>]+>", " ", page, flags=re.DOTALL))
    said = re.findall(r"\w+", re.sub(r"http\S+", "", text))
    assert [word for word in said if word not in re.findall(r"\w+", visible)] == []
    assert sorted(set(SIGN.findall(text))) == sorted(set(SIGN.findall(page)))
    assert ("Please sign" in mail_.subject) == (language == "en")
    assert ("It replaces the agreement" in text) == (language == "en")
    assert "{" not in text + page


def test_it_says_who_signs_for_whom_by_when() -> None:
    made = issued(2)
    text = str(composed().body)
    assert "for all authors" in text
    assert "Please sign by 30 November 2026" in text
    assert "These links are personal" in text
    assert text.count(", ".join(made[0].authors)) == 2


def test_a_volume_adds_its_paragraph_about_invitations() -> None:
    volume = issued(2)[0].paper.volume
    EmailTemplate.objects.create(volume=volume, kind=Kind.INVITATION, body="", extra="Welcome to the volume.")
    EmailTemplate.objects.create(volume=volume, kind=Kind.REMINDER, body="", extra="The printer waits.")
    text = str(composed().body)
    assert "Welcome to the volume." in text
    assert "The printer waits." not in text


@pytest.mark.usefixtures("mailbox")
def test_the_preview_tells_when_an_invitation_that_waits_will_leave() -> None:
    issued(1)
    send(NOW)
    issued(2, now=NOW + HOUR)
    first = next(iter(preview.planned_emails(make.the_volume(), NOW + HOUR, CLOSES)))
    assert (first.at, first.what, len(first.papers)) == (NOW + MIN_EMAIL_GAP, "invitation", 2)


# --- whatever happens

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("issue"), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.sampled_from([1, 3, 12, 21, 70])),
        st.tuples(st.sampled_from(["clock", "sign", "void"]), st.integers(0, 5)),
    ),
    min_size=4,
    max_size=30,
)


def test_no_two_automatic_emails_reach_an_address_within_the_gap() -> None:
    volumes = [make.the_volume(), make.volume(248)]

    @settings(max_examples=60, deadline=None)
    @given(STEPS)
    def lives(steps: list[tuple[str, int]]) -> None:
        mark = transaction.savepoint()
        try:
            live(volumes, steps)
        finally:
            transaction.savepoint_rollback(mark)

    lives()


def live(volumes: list[Volume], steps: list[tuple[str, int]]) -> None:
    """A worker comes every hour: what is due leaves then."""
    now, made = CLOSES - 10 * DAY, list[Agreement]()
    for step, number in steps:
        match step:
            case "issue":
                contact = f"author{number % 2}@example.org"
                made.append(make.agreement(of=make.paper(volumes[number // 2], contact=contact), now=now))
            case "wait":
                for _ in range(number):
                    everything_leaves(now)
                    now += HOUR
            case "clock":
                scheduled.remind_due(now)
            case "sign" if number < len(made) and made[number].status == "issued":
                make.sign(made[number], now=now)
            case "void" if number < len(made) and made[number].status == "issued":
                lifecycle.void(made[number], reason="Withdrawn.", by="editor:ed", now=now)
    for _ in range(3 * 20):
        everything_leaves(now)
        now += HOUR
    assert not Message.objects.filter(state__in=outbox.OPEN_STATES).exists()
    assert {finding.invariant for finding in invariants.check_all(now)} <= {"I7"}, "the clock did not come at its times"
    left = Message.objects.filter(carrier__isnull=True, kind__in=ALL_REQUESTS, state=State.SENT)
    for address in ("author0@example.org", "author1@example.org"):
        moments = [at for at in left.filter(recipient=address).values_list("sent_at", flat=True) if at]
        assert all(later - earlier >= MIN_EMAIL_GAP for earlier, later in pairwise(sorted(moments)))


def everything_leaves(now: datetime) -> None:
    for held in outbox.claim(now):
        assert outbox.mark_sending(held, now)
        outbox.record_result(held, Outcome.sent(), now, lifecycle.record_mail_result)
