"""Five weeks of a volume in frozen time, from the invitation to the morning mail, read as the demo shows it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import include, path
from pytest_django import Settings

from agreements.demo import mailbox
from agreements.jobs import scheduled
from agreements.models import Agreement, Message
from agreements.reminders import invariants
from proceedings import urls
from proceedings.models import Author, Volume
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
urlpatterns = [*urls.urlpatterns, path("demo/", include("agreements.demo.urls"))]

BEGIN = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
"""A Monday at nine in Paris; the last day to sign is Monday, the 30th, anywhere on Earth."""
SIGNS = {"bea": 3, "cyd": 16, "dan": 24}
"""After so many days these sign; ann (two papers) and eve never answer."""


def five_weeks(volume: Volume) -> None:
    """The clock looks every hour of the day and the night."""
    signs = {BEGIN + timedelta(days=days, hours=4): name for name, days in SIGNS.items()}
    now = BEGIN
    while now < BEGIN + timedelta(days=36):
        for run in ("chase", "seal", "send"):
            scheduled.JOBS[run](scheduled.fixed_clock(now))
        if name := signs.get(now):
            make.sign(Agreement.objects.get(signer_email=f"{name}@example.org"), now=now)
        assert now.hour % 6 or not list(invariants.check_all(now))
        now += timedelta(hours=1)


@pytest.fixture
def mails(settings: Settings, tmp_path: Path) -> list[mailbox.Mail]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    office = {"from_hour": 9, "to_hour": 17, "weekend": [6, 7], "office_zone": "Europe/Paris"}
    volume = make.volume(**office)  # type: ignore[arg-type]
    make.editor("ed", volume)
    for name in ("ann", "ann", "bea", "cyd", "dan", "eve"):
        paper = make.paper(volume, contact=f"{name}@example.org")
        Author.objects.filter(paper=paper, position=2).update(email="" if name == "ann" else "fay@example.org")
        make.agreement("issued", of=paper, now=BEGIN)
    five_weeks(volume)
    return mailbox.read(tmp_path)


TOLD = {
    "ann": [
        "Mon 02 Nov 08:00 Please sign",
        "Tue 17 Nov 12:00 Reminder",
        "Tue 24 Nov 12:00 Reminder",
        "Fri 27 Nov 08:00 Reminder",
        "Mon 30 Nov 12:00 Final reminder",
        "Wed 02 Dec 12:00 Overdue",
        "Fri 04 Dec 12:00 Overdue",
    ],
    "bea": [
        "Mon 02 Nov 08:00 Please sign",
        "Thu 05 Nov 13:00 Signed",
    ],
    "cyd": [
        "Mon 02 Nov 08:00 Please sign",
        "Tue 17 Nov 12:00 Reminder",
        "Wed 18 Nov 13:00 Signed",
    ],
    "dan": [
        "Mon 02 Nov 08:00 Please sign",
        "Tue 17 Nov 12:00 Reminder",
        "Tue 24 Nov 12:00 Reminder",
        "Thu 26 Nov 13:00 Signed",
    ],
    "eve": [
        "Mon 02 Nov 08:00 Please sign",
        "Tue 17 Nov 12:00 Reminder",
        "Tue 24 Nov 12:00 Reminder",
        "Fri 27 Nov 08:00 Reminder",
        "Mon 30 Nov 12:00 Final reminder",
        "Wed 02 Dec 12:00 Overdue",
        "Fri 04 Dec 12:00 Overdue",
    ],
    "fay": [
        "Thu 05 Nov 13:00 Signed for all authors",
        "Wed 18 Nov 13:00 Signed for all authors",
        "Thu 26 Nov 13:00 Signed for all authors",
        "Tue 01 Dec 08:00 Still unsigned",
    ],
    "ed": [
        "Wed 02 Dec 08:00 COLT 2026",
        "Thu 03 Dec 08:00 COLT 2026",
        "Fri 04 Dec 08:00 COLT 2026",
        "Mon 07 Dec 08:00 COLT 2026",
    ],
}
"""Fay is the co-author of all but ann's papers, ed the editor. The Saturday's reminder comes on the Friday before; the
request to the co-author 20 hours after the fourth reminder; and nothing at all on a weekend or at night.
"""


def test_everybody_gets_what_the_policy_says_and_nothing_else(mails: list[mailbox.Mail]) -> None:
    told: dict[str, list[str]] = {}
    for mail in reversed(mails):
        name = mail.to.username
        told.setdefault(name, []).append(f"{mail.sent_at:%a %d %b %H:%M} {mail.subject.split(':')[0].strip()}")
    assert told == TOLD
    states = Message.objects.exclude(state__in=["sent", "skipped", "cancelled"]).values_list("kind", "state")
    assert list(states) == [], "nothing is left on its way or in doubt"
    assert_the_demo_shows(mails)


def assert_the_demo_shows(mails: list[mailbox.Mail]) -> None:
    page = Client().get("/demo/mail/").content.decode()
    assert page.count("Still unsigned:") == 1
    one = next(mail for mail in mails if "other papers" in mail.subject)
    shown = Client().get(f"/demo/mail/{one.name}/").content.decode()
    assert "Simplifying Training 1" in shown
    assert "Simplifying Training 2" in shown
