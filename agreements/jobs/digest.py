"""The editors' morning mail: what waits for a person in a volume. Once a day, and only when something does."""

from collections import Counter
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import dateformat

from agreements.dashboard.blockers import MEANING, Blocker, blockers
from agreements.dashboard.paper_state import accepted, rows
from agreements.mail import outbox
from agreements.mail.notify import short
from agreements.models import Message, Terms
from proceedings.models import User, Volume


def write_due(now: datetime) -> int:
    """Looks at every volume whose morning has come. Returns the mails queued."""
    due = Terms.objects.filter(Q(daily_at__isnull=True) | Q(daily_at__lte=now)).select_related("volume")
    return sum(look(terms, now) for terms in due)


def look(terms: Terms, now: datetime) -> int:
    """Sets the volume's next morning, and writes to its editors if this one has come. Of two clocks one does it."""
    with transaction.atomic():
        mine = Terms.objects.filter(pk=terms.pk, daily_at=terms.daily_at)
        if not mine.update(daily_at=terms.hours.next_opening(now)) or terms.daily_at is None:
            return 0
        readers = User.objects.filter(volumes=terms.volume_id, is_active=True).exclude(email="")
        people = list(readers.exclude(pk__in=terms.no_daily.values("pk")).order_by("pk"))
        details = summary(terms, now) if people else {}
        return sum(write(terms, person, details, now) for person in people) if details.get("needs") else 0


def write(terms: Terms, reader: User, details: dict[str, Any], now: datetime) -> bool:
    """One editor's mail of this day, by the calendar of the volume. False if it is in the outbox already."""
    day = now.astimezone(ZoneInfo(terms.office_zone)).date()
    slot = f"daily:{day.isoformat()}:{short(reader.email.lower())}"
    kind = Message.Kind.EDITOR_DAILY
    return outbox.queue_about(terms.volume_id, slot=slot, kind=kind, recipient=reader.email, details=details, now=now)


def summary(terms: Terms, now: datetime) -> dict[str, Any]:
    """What the mail says, kept with it: the same words however often it is tried."""
    papers = rows(accepted(terms.volume), terms)
    counts: Counter[Blocker] = Counter()
    persons = 0
    for row in papers:
        found = blockers(row.standing, now)
        counts.update(one for one in found if MEANING[one].person)
        persons += bool(found and MEANING[found[0]].person)
    day = now.astimezone(ZoneInfo(terms.office_zone))
    return {
        "day": dateformat.format(day, "l, j F Y"),
        "papers": len(papers),
        "signed": sum(bool(row.standing.signature_at) for row in papers),
        "persons": persons,
        "board": reverse("admin:proceedings_volume_board", args=[terms.volume_id]),
        "switch": reverse("admin:proceedings_volume_reminders", args=[terms.volume_id]) + "#daily",
        "needs": [need(terms.volume, blocker, counts[blocker]) for blocker in Blocker if counts[blocker]],
    }


def need(volume: Volume, blocker: Blocker, count: int) -> dict[str, Any]:
    """One kind of trouble, with the list that it leads to."""
    query = f"?volume={volume.number}&blocker={blocker.value}"
    path = reverse("admin:proceedings_paper_changelist") + query
    return {"count": count, "words": MEANING[blocker].words, "advice": MEANING[blocker].advice, "path": path}


def switch(terms: Terms, reader: User, *, on: bool) -> None:
    """Whether this editor gets the volume's morning mail."""
    if on:
        terms.no_daily.remove(reader)
    else:
        terms.no_daily.add(reader)
