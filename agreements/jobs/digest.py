"""The daily digest: what needs action in a volume, emailed to its editors once a day if there is anything."""

from collections import Counter
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import dateformat

from agreements.dashboard.blockers import BLOCKER_INFO, Blocker, find_blockers
from agreements.dashboard.paper_state import accepted_papers, build_rows
from agreements.mail import outbox
from agreements.mail.notify import hash_address
from agreements.models import Message, SigningSettings
from proceedings.email_address import address_key
from proceedings.models import User, Volume


def queue_due(now: datetime) -> int:
    """Queue the digests of every volume that is due. Returns how many emails."""
    due = SigningSettings.objects.filter(Q(daily_at__isnull=True) | Q(daily_at__lte=now)).select_related("volume")
    return sum(queue_for_volume(signing_settings, now) for signing_settings in due)


def queue_for_volume(signing_settings: SigningSettings, now: datetime) -> int:
    """Set the volume's next digest time, and queue this one if it is due. Of two concurrent runs only one does it."""
    with transaction.atomic():
        unchanged = SigningSettings.objects.filter(pk=signing_settings.pk, daily_at=signing_settings.daily_at)
        if not unchanged.update(daily_at=signing_settings.hours.next_opening(now)) or signing_settings.daily_at is None:
            return 0
        readers = User.objects.filter(volumes=signing_settings.volume_id, is_active=True).exclude(email="")
        recipients = list(readers.exclude(pk__in=signing_settings.digest_opt_outs.values("pk")).order_by("pk"))
        details = build_details(signing_settings, now) if recipients else {}
        return (
            sum(queue_for_editor(signing_settings, recipient, details, now) for recipient in recipients)
            if details.get("needs")
            else 0
        )


def queue_for_editor(signing_settings: SigningSettings, reader: User, details: dict[str, Any], now: datetime) -> bool:
    """Queue one editor's digest of this day, in the volume's time zone. Returns False if it was queued before."""
    day = now.astimezone(ZoneInfo(signing_settings.office_zone)).date()
    idempotency_key = f"daily:{day.isoformat()}:{hash_address(address_key(reader.email))}"
    kind = Message.Kind.EDITOR_DAILY
    return outbox.queue_for_volume(
        signing_settings.volume_id,
        idempotency_key=idempotency_key,
        kind=kind,
        recipient=reader.email,
        details=details,
        now=now,
    )


def build_details(signing_settings: SigningSettings, now: datetime) -> dict[str, Any]:
    """Return the content of the digest. It is stored with the message, so that a retry sends the same text."""
    papers = build_rows(accepted_papers(signing_settings.volume), signing_settings)
    counts: Counter[Blocker] = Counter()
    papers_needing_action = 0
    for row in papers:
        found = find_blockers(row.paper_state, now)
        counts.update(one for one in found if BLOCKER_INFO[one].needs_action)
        papers_needing_action += bool(found and BLOCKER_INFO[found[0]].needs_action)
    day = now.astimezone(ZoneInfo(signing_settings.office_zone))
    return {
        "day": dateformat.format(day, "l, j F Y"),
        "papers": len(papers),
        "signed": sum(bool(row.paper_state.signature_at) for row in papers),
        "persons": papers_needing_action,
        "board": reverse("admin:proceedings_volume_overview", args=[signing_settings.volume_id]),
        "switch": reverse("admin:proceedings_volume_reminders", args=[signing_settings.volume_id]) + "#daily",
        "needs": [
            describe_blocker(signing_settings.volume, blocker, counts[blocker])
            for blocker in Blocker
            if counts[blocker]
        ],
    }


def describe_blocker(volume: Volume, blocker: Blocker, count: int) -> dict[str, Any]:
    """One blocker with its count and a link to its papers."""
    query = f"?volume={volume.number}&blocker={blocker.value}"
    path = reverse("admin:proceedings_paper_changelist") + query
    return {"count": count, "words": BLOCKER_INFO[blocker].label, "advice": BLOCKER_INFO[blocker].advice, "path": path}


def set_digest(signing_settings: SigningSettings, reader: User, *, on: bool) -> None:
    """Switch the volume's digest on or off for one editor."""
    if on:
        signing_settings.digest_opt_outs.remove(reader)
    else:
        signing_settings.digest_opt_outs.add(reader)
