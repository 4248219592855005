"""Pauses, time zones, opt-outs, and when the planner checks an agreement again."""

from datetime import datetime
from typing import Any

from django.db import transaction

from agreements.domain.schedule import FOREVER
from agreements.domain.states import WAITING, Status
from agreements.lifecycle.record import record_event
from agreements.mail import notify, outbox
from agreements.models import Agreement, Message, RecipientSettings, SigningSettings
from agreements.models.plain_address import rows_with_address
from proceedings.email_address import address_key, spellings

Kind = Message.Kind


def recheck_volume(volume_id: int, now: datetime) -> None:
    """Let the planner check every agreement of the volume that awaits a signature: its deadline or settings changed."""
    with transaction.atomic():
        waiting = lock_awaiting_signature(volume_id)
        Agreement.objects.filter(pk__in=waiting, status__in=WAITING).update(next_check_at=now)


def pause(agreement: Agreement, *, until: datetime | None, by: str, now: datetime) -> bool:
    """Send no reminders about the agreement before `until`, or until resumed if it is None.

    Cancels queued reminders; links in earlier emails still work. Returns False if the agreement awaits no signature.
    """
    with transaction.atomic():
        waiting = Agreement.objects.filter(pk=agreement.pk, status__in=WAITING)
        if not waiting.update(paused_until=until or FOREVER, next_check_at=until):
            return False
        outbox.cancel_reminders([agreement.pk])
        record_event(agreement.pk, "pause", by=by, now=now, data={"until": until.isoformat() if until else ""})
    return True


def resume(agreement: Agreement, *, by: str, now: datetime) -> bool:
    """End the agreement's pause. Returns False if it has none."""
    with transaction.atomic():
        paused = Agreement.objects.filter(pk=agreement.pk, status__in=WAITING, paused_until__gt=now)
        if not paused.update(paused_until=None, next_check_at=now):
            return False
        record_event(agreement.pk, "resume", by=by, now=now, data={})
    return True


def pause_volume(volume_id: int, *, until: datetime | None, now: datetime) -> None:
    """Send no reminders in the volume before `until`, or until `resume_volume` if it is None."""
    with transaction.atomic():
        waiting = lock_awaiting_signature(volume_id)
        SigningSettings.objects.filter(volume=volume_id).update(paused_until=until or FOREVER)
        outbox.cancel_reminders(waiting)


def resume_volume(volume_id: int, *, now: datetime) -> None:
    with transaction.atomic():
        SigningSettings.objects.filter(volume=volume_id).update(paused_until=None)
        recheck_volume(volume_id, now)


def pause_recipient(volume_id: int, address: str, *, until: datetime | None, now: datetime) -> None:
    """Send no reminders to the address about the volume before `until`, or until resumed if it is None."""
    with transaction.atomic():
        waiting = lock_awaiting_signature(volume_id)
        update_recipient(volume_id, address, paused_until=until or FOREVER)
        outbox.cancel_reminders(waiting, to=address)
        # Nor are co-authors asked about agreements that await this person.
        theirs = rows_with_address(Agreement.objects.filter(pk__in=waiting), "signer_email", address)
        outbox.cancel_reminders(theirs.values_list("pk", flat=True))


def resume_recipient(volume_id: int, address: str, *, now: datetime) -> None:
    with transaction.atomic():
        update_recipient(volume_id, address, paused_until=None)
        recheck_volume(volume_id, now)


def set_time_zone(volume_id: int, address: str, zone: str, *, now: datetime) -> None:
    """Set a recipient's time zone, an IANA name; empty if it is unknown."""
    with transaction.atomic():
        update_recipient(volume_id, address, zone=zone)
        recheck_volume(volume_id, now)


def update_recipient(volume_id: int, address: str, **columns: Any) -> None:
    if not RecipientSettings.objects.filter(volume=volume_id, address__in=spellings(address)).update(**columns):
        key = address_key(address)
        RecipientSettings.objects.update_or_create(volume_id=volume_id, address=key, defaults=columns)


def lock_awaiting_signature(volume_id: int) -> list[int]:
    """Lock the volume's agreements that await a signature, and return their primary keys."""
    waiting = Agreement.objects.filter(paper__volume=volume_id, status__in=WAITING).values_list("pk", flat=True)
    ids = list(waiting)
    outbox.lock_agreements(ids)
    return ids


def recheck(agreement: Agreement, now: datetime) -> None:
    """Let the planner check one issued agreement again, because what blocked its reminders has ended."""
    waiting = Agreement.objects.filter(pk=agreement.pk, status=Status.ISSUED, reminders_stopped_at__isnull=True)
    waiting.update(next_check_at=now)


def stop_reminders(agreement: Agreement, *, now: datetime) -> bool:
    """Opt out of reminders for the author. The agreement still awaits the signature, and the editors are notified.

    Returns False if it awaits no signature or the author had opted out before.
    """
    with transaction.atomic():
        waiting = Agreement.objects.filter(pk=agreement.pk, status__in=WAITING, reminders_stopped_at__isnull=True)
        if not waiting.update(reminders_stopped_at=now, next_check_at=None):
            return False
        outbox.cancel_reminders([agreement.pk])
        record_event(agreement.pk, "stop-reminders", by="signer", now=now, data={})
        notify.notify_editors(agreement, Kind.EDITOR_STOPPED, now)
    return True


def stop_volume_reminders(volume_id: int, *, now: datetime) -> None:
    """Stop all reminders and digests of a volume, because the publisher has received it."""
    with transaction.atomic():
        waiting = lock_awaiting_signature(volume_id)
        outbox.cancel_reminders(waiting)
        Agreement.objects.filter(pk__in=waiting, status=Status.ISSUED).update(next_check_at=None)
        SigningSettings.objects.filter(volume=volume_id).update(daily_at=FOREVER)
