"""THE ONLY WRITER of EmailAddress: undeliverable addresses, their languages, and a lock per address.

Addresses are compared without case. Mailboxes that distinguish `Anna@` from `anna@` no longer exist in practice, and
two emails to one person would be worse.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower

from agreements.mail.kinds import UNREQUESTED
from agreements.models import EmailAddress, Message

State = Message.State
OPEN_STATES = (State.PENDING, State.CLAIMED, State.HANDING)


def lock_address(address: str) -> EmailAddress:
    """Lock the address's row until the transaction ends, so that only one transaction queues email to it."""
    EmailAddress.objects.bulk_create([EmailAddress(address=address.lower())], ignore_conflicts=True)
    return EmailAddress.objects.select_for_update(no_key=True).get(address=address.lower())


def lock_addresses(addresses: Iterable[str]) -> None:
    """Lock many addresses, always in the same order, so that concurrent transactions cannot deadlock."""
    lowercase = sorted({address.lower() for address in addresses})
    EmailAddress.objects.bulk_create([EmailAddress(address=address) for address in lowercase], ignore_conflicts=True)
    list(
        EmailAddress.objects.select_for_update(no_key=True)
        .filter(address__in=lowercase)
        .order_by("address")
        .values("pk")
    )


def find_undeliverable(addresses: Iterable[str]) -> dict[str, EmailAddress]:
    """Return the rows of those addresses that are undeliverable, by address in lower case."""
    lowercase = {address.lower() for address in addresses}
    return {
        row.address: row for row in EmailAddress.objects.filter(address__in=lowercase, undeliverable_at__isnull=False)
    }


def mark_undeliverable(address: str, reason: str, now: datetime) -> bool:
    """Mark the address as undeliverable. Returns False if it already was."""
    row = lock_address(address)
    deliverable = EmailAddress.objects.filter(pk=row.pk, undeliverable_at__isnull=True)
    return bool(deliverable.update(undeliverable_at=now, reason=reason))


def mark_deliverable(address: str) -> bool:
    """Mark the address as deliverable again, after an editor has checked it. Returns False if it already was."""
    undeliverable = EmailAddress.objects.filter(address=address.lower(), undeliverable_at__isnull=False)
    return bool(undeliverable.update(undeliverable_at=None, reason=""))


def remember_language(address: str, language: str) -> None:
    """Store the language of the page that the owner of the address last used; emails to it are in this language."""
    row = EmailAddress(address=address.lower(), language=language)
    EmailAddress.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["address"], update_fields=["language"]
    )


def find_languages(addresses: Iterable[str]) -> dict[str, str]:
    """Return the known languages of the addresses, by address in lower case."""
    lowercase = {address.lower() for address in addresses}
    rows = EmailAddress.objects.filter(address__in=lowercase).exclude(language="")
    return dict(rows.values_list("address", "language"))


def agreements_with_mail_to(address: str) -> set[int]:
    """Return the primary keys of agreements with an open message to the address."""
    messages = Message.objects.annotate(small=Lower("recipient")).filter(small=address.lower(), agreement__isnull=False)
    return set(messages.filter(state__in=OPEN_STATES).values_list("agreement", flat=True))


class QuietPeriods(dict[str, datetime]):
    """Until when no reminder may go to each address, by address in lower case. Others are free."""

    def until(self, address: str) -> datetime | None:
        return self.get(address.lower())


def quiet_periods(
    addresses: Iterable[str],
    gap: timedelta,
    now: datetime,
    *,
    open_states: Iterable[State] = OPEN_STATES,
    delay: timedelta = timedelta(hours=1),
    exclude: Iterable[int] = (),
) -> QuietPeriods:
    """Return which addresses had an unrequested email within `gap`, or have one open; the latter wait for `delay`.

    A message is open in one of `open_states`. Messages with the primary keys `exclude` are ignored.
    """
    periods, open_set = QuietPeriods(), set(open_states)
    messages = (
        unrequested_messages_to(addresses)
        .filter(state__in=[State.SENT, State.UNKNOWN, *open_set])
        .exclude(pk__in=exclude)
    )
    for address, state, sent_at, due_at in messages.values_list("small", "state", "sent_at", "due_at"):
        until = now + delay if state in open_set else (sent_at or due_at) + gap
        if until > now:
            periods[address] = max(until, periods.get(address, until))
    return periods


def unrequested_messages_to(addresses: Iterable[str]) -> QuerySet[Any]:
    """Unrequested messages to those addresses, in any state."""
    lowercase = {address.lower() for address in addresses}
    messages = Message.objects.annotate(small=Lower("recipient"))
    return messages.filter(small__in=lowercase, kind__in=UNREQUESTED).order_by()


def earliest_send_times(addresses: Iterable[str], gap: timedelta, now: datetime) -> dict[str, datetime]:
    """Return when an email may be sent to each address at the earliest, `gap` after those sent or queued before it.

    The keys are in lower case.
    """
    times = {address.lower(): now for address in addresses}
    earlier = unrequested_messages_to(times).values_list("small", "state", "sent_at", "due_at", "closed")
    for address, state, sent_at, due_at, closed in earlier:
        if state in (State.SENT, State.UNKNOWN):
            times[address] = max(times[address], (sent_at or due_at) + gap)
        elif state in OPEN_STATES and not closed:
            times[address] = max(times[address], max(due_at, now) + gap)
    return times
