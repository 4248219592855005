"""The preview: it shows the emails that the scheduled job then sends."""

from datetime import datetime
from typing import Any

import pytest
from django.core.management import call_command

from agreements import lifecycle
from agreements.domain.schedule import MIN_EMAIL_GAP
from agreements.jobs import scheduled
from agreements.models import Agreement, Message
from agreements.reminders import planner, preview
from agreements.reminders.preview import PlannedEmail
from proceedings.models import Author, Volume
from tests import make
from tests.agreements.sending import send
from tests.make import CLOSES, DAY, HOUR, MINUTE, NOW
from tests.servers import Mailbox

pytestmark = pytest.mark.django_db

State = Message.State
OFFICE: dict[str, Any] = {"from_hour": 9, "to_hour": 17, "weekend": [6, 7], "office_zone": "Europe/Paris"}


def mixed_volume() -> Volume:
    """Five papers: two of one signer, a signer who is another's co-author, and people in two time zones."""
    volume = make.volume(**OFFICE)
    pairs = [("anna", "eve"), ("Anna", "eve"), ("ben", "anna"), ("cho", ""), ("dora", "ben")]
    for number, (signer, other) in enumerate(pairs):
        paper = make.paper(volume, contact=f"{signer}@example.org")
        Author.objects.filter(paper=paper, position=2).update(email=other and f"{other}@example.org")
        make.agreement("issued", of=paper, now=NOW + number * HOUR)
    lifecycle.set_time_zone(volume.pk, "cho@example.org", "Asia/Tokyo", now=NOW)
    return volume


def emails_of_real_runs(until: datetime) -> list[PlannedEmail]:
    """Returns everything that is sent if the scheduled job runs whenever something is due."""
    seen: set[int] = set()
    mails = []
    looks = (
        Agreement.objects.filter(next_check_at__isnull=False)
        .order_by("next_check_at")
        .values_list("next_check_at", flat=True)
    )
    while (now := looks.first()) and now <= until:
        scheduled.remind_due(now)
        send(now)
        left = Message.objects.filter(sent_at__isnull=False, carrier__isnull=True).exclude(pk__in=seen).order_by("pk")
        for message in left:
            seen.add(message.pk)
            parts = list(message.carried.order_by("pk")) or [message]
            papers = tuple(sorted((part.agreement.paper_key, part.agreement.pk) for part in parts))
            words = preview.describe_kinds({Message.Kind(part.kind) for part in parts})
            mails.append(PlannedEmail(now, message.recipient, words, papers))
    return mails


def in_order(mails: list[PlannedEmail]) -> list[PlannedEmail]:
    return sorted(mail._replace(papers=tuple(sorted(mail.papers)), to=mail.to.lower()) for mail in mails)


@pytest.mark.alone
def test_the_preview_is_what_happens_then(mailbox: Mailbox) -> None:
    volume = mixed_volume()
    send(NOW + 5 * HOUR)
    now, until = NOW + 5 * HOUR, CLOSES + 20 * DAY
    # The planner last ran when each was issued, so this run gives the same result.
    Agreement.objects.update(next_check_at=now)
    told = list(preview.planned_emails(volume, now, until))
    happened = [mail for mail in emails_of_real_runs(until) if mail.what != "invitation"]
    assert in_order(told) == in_order(happened)
    kinds = {mail.what for mail in told}
    assert {"reminder", "final reminder", "request to a co-author"} <= kinds
    assert any(len(mail.papers) > 1 for mail in told)
    assert [mail.at for mail in told] == sorted(mail.at for mail in told)


def test_the_preview_shows_no_two_emails_within_the_gap(mailbox: Mailbox) -> None:
    volume = mixed_volume()
    last: dict[str, datetime] = {}
    for mail in preview.planned_emails(volume, NOW + 5 * HOUR, CLOSES + 20 * DAY):
        address = mail.to.lower()
        assert address not in last or mail.at - last[address] >= MIN_EMAIL_GAP or mail.what == "invitation"
        last[address] = mail.at


def test_what_waits_in_the_outbox_comes_first_and_writes_nothing() -> None:
    agreement = make.agreement("issued")
    volume = agreement.paper.volume
    rows = list(Message.objects.values())
    first, *_ = preview.planned_emails(volume, NOW, NOW + 30 * DAY)
    assert first == PlannedEmail(NOW, "mike@example.org", "invitation", ((agreement.paper_key, agreement.pk),))
    assert list(Message.objects.values()) == rows


def test_a_paused_volume_shows_nothing_before_its_end(mailbox: Mailbox) -> None:
    agreement = make.agreement("issued")
    send(NOW)
    volume = agreement.paper.volume
    lifecycle.pause_volume(volume.pk, until=CLOSES - 5 * DAY, now=NOW)
    mails = list(preview.planned_emails(volume, NOW, CLOSES))
    assert [mail.at for mail in mails] == [CLOSES - 5 * DAY, CLOSES - 3 * DAY, CLOSES - DAY]
    lifecycle.pause_volume(volume.pk, until=None, now=NOW)
    assert list(preview.planned_emails(volume, NOW, CLOSES)) == []


def test_the_command_lists_the_same(mailbox: Mailbox, capsys: pytest.CaptureFixture[str]) -> None:
    make.agreement("issued")
    send(NOW)
    call_command("preview_emails", "247", "--days", "20", "--now", NOW.isoformat())
    out = capsys.readouterr().out
    assert "2026-11-17 12:00 UTC  mike@example.org  reminder: lewis26-1" in out
    assert "1 emails in 20 days" in out


@pytest.mark.alone
def test_thousands_of_agreements_are_checked_quickly() -> None:
    """Editors wait for this page."""
    made = make.agreement("issued")
    look = planner.PlannerBatch(planner.awaiting_signature(), all_agreements=True)
    (case,) = look.make_cases(NOW)
    agreement = case.agreement
    cases = []
    for number in range(2000):
        clone = Agreement(
            pk=number + 1000, paper=agreement.paper, paper_key=f"p{number}", signer_email=f"a{number}@e.org"
        )
        vars(clone)["_prefetched_objects_cache"] = {"messages": Message.objects.none()}
        cases.append(case._replace(agreement=clone))
    future = preview.Simulation(cases, NOW)
    assert list(future.queued_emails()) == []
    assert len(list(future.run(NOW + 30 * DAY + MINUTE))) == 2000 * 4
    assert made.pk
