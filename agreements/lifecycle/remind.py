"""Queue reminders, scheduled ones and those of editors."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from agreements.domain.states import WAITING, Status
from agreements.lifecycle.issue import Kind
from agreements.lifecycle.record import record_event
from agreements.mail import addresses, outbox
from agreements.models import Agreement
from agreements.reminders import planner


def remind(agreement_ids: Iterable[int], *, now: datetime) -> int:
    """Queue what is due for those agreements that still await a signature, and set when each is checked again.

    The decision is made with their rows and addresses locked: a signature comes either before it (nothing is queued) or
    after it (and cancels the emails). If two schedulers run, the second finds the emails of the first. Returns how many
    messages are new.
    """
    with transaction.atomic():
        ids = sorted(agreement_ids)
        outbox.lock_agreements(ids)
        batch = planner.PlannerBatch(planner.awaiting_signature().filter(pk__in=ids))
        addresses.lock_addresses(batch.addresses)
        plans = list(planner.keep_one_volume_per_address(batch.make_plans(now), now))
        ids_by_check: dict[datetime | None, list[int]] = {}
        for plan in plans:
            ids_by_check.setdefault(planner.next_check(plan.decision, now), []).append(plan.agreement.pk)
        for at, ids_to_update in ids_by_check.items():
            Agreement.objects.filter(pk__in=ids_to_update, status__in=WAITING).update(next_check_at=at)
        return outbox.queue_combined((request for plan in plans for request in planner.email_requests(plan)), now)


def remind_now(agreement: Agreement, *, by: str, now: datetime, delay: timedelta = timedelta(0)) -> bool:
    """Queue an editor's reminder besides the scheduled ones, due after `delay`.

    Unsent reminders about several papers of one person become one email. Returns False if no signature is awaited, an
    email is already queued, the author opted out, the address is undeliverable, or reminders are paused.
    """
    with transaction.atomic():
        waiting = Agreement.objects.filter(pk=agreement.pk, status=Status.ISSUED, reminders_stopped_at__isnull=True)
        if not waiting.update(next_check_at=now) or agreement.messages.filter(state__in=outbox.OPEN_STATES).exists():
            return False
        if addresses.lock_address(agreement.signer_email).undeliverable_at or planner.is_paused(agreement, now):
            return False
        record_event(agreement.pk, "remind", by=by, now=now, data={})
        idempotency_key = f"manual:{secrets.token_hex(8)}"
        request = outbox.EmailRequest(agreement, idempotency_key, Kind.REMINDER, agreement.signer_email)
        return bool(outbox.queue_or_join([(request, now + delay)], now))
