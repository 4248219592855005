"""The editors' daily digest: what needs action in a volume. Sent once a day, only if something does."""

from collections import Counter
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import dateformat

from agreements.dashboard.blockers import BLOCKER_INFO, Blocker, blockers
from agreements.dashboard.paper_state import accepted, rows
from agreements.mail import outbox
from agreements.mail.notify import short
from agreements.models import Message, SigningSettings
from proceedings.models import User, Volume


def write_due(now: datetime) -> int:
    """Queues the digests of all volumes that are due. Returns the number of emails queued."""
    due = SigningSettings.objects.filter(Q(daily_at__isnull=True) | Q(daily_at__lte=now)).select_related("volume")
    return sum(queue_digest(signing_settings, now) for signing_settings in due)


def queue_digest(signing_settings: SigningSettings, now: datetime) -> int:
    """Sets the volume's next digest time and queues the emails now due. Of two concurrent workers, only one does."""
    with transaction.atomic():
        mine = SigningSettings.objects.filter(pk=signing_settings.pk, daily_at=signing_settings.daily_at)
        if not mine.update(daily_at=signing_settings.hours.next_opening(now)) or signing_settings.daily_at is None:
            return 0
        readers = User.objects.filter(volumes=signing_settings.volume_id, is_active=True).exclude(email="")
        people = list(readers.exclude(pk__in=signing_settings.digest_opt_outs.values("pk")).order_by("pk"))
        details = summary(signing_settings, now) if people else {}
        return (
            sum(queue_for(signing_settings, person, details, now) for person in people) if details.get("needs") else 0
        )


def queue_for(signing_settings: SigningSettings, reader: User, details: dict[str, Any], now: datetime) -> bool:
    """Queues one editor's digest of the day, in the volume's time zone. False if it is in the outbox already."""
    day = now.astimezone(ZoneInfo(signing_settings.office_zone)).date()
    idempotency_key = f"daily:{day.isoformat()}:{short(reader.email.lower())}"
    kind = Message.Kind.EDITOR_DAILY
    return outbox.queue_about(
        signing_settings.volume_id,
        idempotency_key=idempotency_key,
        kind=kind,
        recipient=reader.email,
        details=details,
        now=now,
    )


def summary(signing_settings: SigningSettings, now: datetime) -> dict[str, Any]:
    """The content of the email, stored with it so that retries send the same text."""
    papers = rows(accepted(signing_settings.volume), signing_settings)
    counts: Counter[Blocker] = Counter()
    persons = 0
    for row in papers:
        found = blockers(row.paper_state, now)
        counts.update(one for one in found if BLOCKER_INFO[one].needs_action)
        persons += bool(found and BLOCKER_INFO[found[0]].needs_action)
    day = now.astimezone(ZoneInfo(signing_settings.office_zone))
    return {
        "day": dateformat.format(day, "l, j F Y"),
        "papers": len(papers),
        "signed": sum(bool(row.paper_state.signature_at) for row in papers),
        "persons": persons,
        "board": reverse("admin:proceedings_volume_overview", args=[signing_settings.volume_id]),
        "switch": reverse("admin:proceedings_volume_reminders", args=[signing_settings.volume_id]) + "#daily",
        "needs": [
            summary_line(signing_settings.volume, blocker, counts[blocker]) for blocker in Blocker if counts[blocker]
        ],
    }


def summary_line(volume: Volume, blocker: Blocker, count: int) -> dict[str, Any]:
    """One blocker with its count and a link to the list of its papers."""
    query = f"?volume={volume.number}&blocker={blocker.value}"
    path = reverse("admin:proceedings_paper_changelist") + query
    return {"count": count, "words": BLOCKER_INFO[blocker].label, "advice": BLOCKER_INFO[blocker].advice, "path": path}


def set_digest(signing_settings: SigningSettings, reader: User, *, on: bool) -> None:
    """Turns the volume's daily digest on or off for one editor."""
    if on:
        signing_settings.digest_opt_outs.remove(reader)
    else:
        signing_settings.digest_opt_outs.add(reader)
