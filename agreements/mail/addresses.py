"""THE ONLY WRITER of EmailAddress: undeliverable addresses, their languages, and a lock per address.

Addresses are compared by their keys, see `proceedings.email_address`. Rows that are older than the keys may have
another spelling of an address; what is read or changed here is read or changed for all of them.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from agreements.mail.kinds import UNREQUESTED
from agreements.models import EmailAddress, Message
from agreements.models.plain_address import rows_with_address
from proceedings.email_address import address_key, address_keys, all_spellings, spellings

State = Message.State
OPEN_STATES = (State.PENDING, State.CLAIMED, State.HANDING)


def lock_address(address: str) -> EmailAddress:
    """Lock the address's row until the transaction ends, so that only one transaction queues email to it."""
    key = address_key(address)
    EmailAddress.objects.bulk_create([EmailAddress(address=key)], ignore_conflicts=True)
    return EmailAddress.objects.select_for_update(no_key=True).get(address=key)


def lock_addresses(addresses: Iterable[str]) -> None:
    """Lock many addresses, always in the same order, so that concurrent transactions cannot deadlock."""
    keys = sorted(address_keys(addresses))
    EmailAddress.objects.bulk_create([EmailAddress(address=key) for key in keys], ignore_conflicts=True)
    list(EmailAddress.objects.select_for_update(no_key=True).filter(address__in=keys).order_by("address").values("pk"))


def find_undeliverable(addresses: Iterable[str]) -> dict[str, EmailAddress]:
    """Return the rows of those addresses that are undeliverable, by the address's key."""
    rows = EmailAddress.objects.filter(address__in=all_spellings(addresses), undeliverable_at__isnull=False)
    return {address_key(row.address): row for row in rows}


def mark_undeliverable(address: str, reason: str, now: datetime) -> bool:
    """Mark the address as undeliverable. Returns False if it already was."""
    row = lock_address(address)
    # Lists in the admin join this table to old agreements by their spelling.
    known = spellings(address) | spellings(row.address)
    EmailAddress.objects.bulk_create([EmailAddress(address=one) for one in sorted(known)], ignore_conflicts=True)
    deliverable = EmailAddress.objects.filter(address__in=known, undeliverable_at__isnull=True)
    deliverable.update(undeliverable_at=now, reason=reason)
    return row.undeliverable_at is None


def mark_deliverable(address: str) -> bool:
    """Mark the address as deliverable again, after an editor has checked it. Returns False if it already was."""
    undeliverable = EmailAddress.objects.filter(address__in=spellings(address), undeliverable_at__isnull=False)
    return bool(undeliverable.update(undeliverable_at=None, reason=""))


def remember_language(address: str, language: str) -> None:
    """Store the language of the page that the owner of the address last used; emails to it are in this language."""
    row = EmailAddress(address=address_key(address), language=language)
    EmailAddress.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["address"], update_fields=["language"]
    )


def find_languages(addresses: Iterable[str]) -> dict[str, str]:
    """Return the known languages of the addresses, by the address's key."""
    rows = EmailAddress.objects.filter(address__in=all_spellings(addresses)).exclude(language="")
    found: dict[str, str] = {}
    for address, language in rows.values_list("address", "language"):
        key = address_key(address)
        found[key] = language if address == key else found.get(key, language)  # the key's row is the newest
    return found


def agreements_with_mail_to(address: str) -> set[int]:
    """Return the primary keys of agreements with an open message to the address."""
    messages = rows_with_address(Message.objects.filter(agreement__isnull=False), "recipient", address)
    return set(messages.filter(state__in=OPEN_STATES).values_list("agreement", flat=True))


class QuietPeriods(dict[str, datetime]):
    """Until when no reminder may go to each address, by the address's key. Others are free."""

    def until(self, address: str) -> datetime | None:
        return self.get(address_key(address))


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
        key = address_key(address)
        if until > now:
            periods[key] = max(until, periods.get(key, until))
    return periods


def unrequested_messages_to(addresses: Iterable[str]) -> QuerySet[Any]:
    """Unrequested messages to those addresses, in any state."""
    return rows_with_address(Message.objects.filter(kind__in=UNREQUESTED), "recipient", *addresses).order_by()


def earliest_send_times(addresses: Iterable[str], gap: timedelta, now: datetime) -> dict[str, datetime]:
    """Return when an email may be sent to each address at the earliest, `gap` after those sent or queued before it.

    By the address's key.
    """
    times = dict.fromkeys(address_keys(addresses), now)
    earlier = unrequested_messages_to(times).values_list("small", "state", "sent_at", "due_at", "closed")
    for address, state, sent_at, due_at, closed in earlier:
        key = address_key(address)
        if state in (State.SENT, State.UNKNOWN):
            times[key] = max(times[key], (sent_at or due_at) + gap)
        elif state in OPEN_STATES and not closed:
            times[key] = max(times[key], max(due_at, now) + gap)
    return times
