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
UNDER_WAY = (State.PENDING, State.CLAIMED, State.HANDING)


def lock(address: str) -> EmailAddress:
    """Lock the address's row until the transaction ends, so that only one transaction queues email to it."""
    EmailAddress.objects.bulk_create([EmailAddress(address=address.lower())], ignore_conflicts=True)
    return EmailAddress.objects.select_for_update(no_key=True).get(address=address.lower())


def lock_all(addresses: Iterable[str]) -> None:
    """Lock many addresses, always in the same order, so that concurrent transactions cannot deadlock."""
    small = sorted({address.lower() for address in addresses})
    EmailAddress.objects.bulk_create([EmailAddress(address=address) for address in small], ignore_conflicts=True)
    list(EmailAddress.objects.select_for_update(no_key=True).filter(address__in=small).order_by("address").values("pk"))


def undeliverable(addresses: Iterable[str]) -> dict[str, EmailAddress]:
    """Return the rows of those addresses that are undeliverable, by address in lower case."""
    small = {address.lower() for address in addresses}
    return {row.address: row for row in EmailAddress.objects.filter(address__in=small, undeliverable_at__isnull=False)}


def mark_undeliverable(address: str, reason: str, now: datetime) -> bool:
    """Mark the address as undeliverable. Returns False if it already was."""
    row = lock(address)
    mine = EmailAddress.objects.filter(pk=row.pk, undeliverable_at__isnull=True)
    return bool(mine.update(undeliverable_at=now, reason=reason))


def mark_deliverable(address: str) -> bool:
    """Mark the address as deliverable again, after an editor has checked it. Returns False if it already was."""
    mine = EmailAddress.objects.filter(address=address.lower(), undeliverable_at__isnull=False)
    return bool(mine.update(undeliverable_at=None, reason=""))


def remember_language(address: str, language: str) -> None:
    """Store the language of the page that the owner of the address last used; emails to it are in this language."""
    row = EmailAddress(address=address.lower(), language=language)
    EmailAddress.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["address"], update_fields=["language"]
    )


def languages(addresses: Iterable[str]) -> dict[str, str]:
    """Return the known languages of the addresses, by address in lower case."""
    small = {address.lower() for address in addresses}
    known = EmailAddress.objects.filter(address__in=small).exclude(language="")
    return dict(known.values_list("address", "language"))


def agreements_with_mail_to(address: str) -> set[int]:
    """Return the primary keys of agreements with an open message to the address."""
    mails = Message.objects.annotate(small=Lower("recipient")).filter(small=address.lower(), agreement__isnull=False)
    return set(mails.filter(state__in=UNDER_WAY).values_list("agreement", flat=True))


class QuietPeriods(dict[str, datetime]):
    """Until when no reminder may go to each address, by address in lower case. Others are free."""

    def until(self, address: str) -> datetime | None:
        return self.get(address.lower())


def quiet_periods(
    addresses: Iterable[str],
    gap: timedelta,
    now: datetime,
    *,
    leaving: Iterable[State] = UNDER_WAY,
    aside: timedelta = timedelta(hours=1),
    besides: Iterable[int] = (),
) -> QuietPeriods:
    """Return which addresses had an unrequested email within `gap`, or have one open; the latter are busy for `aside`.

    A message is open in one of the states `leaving`. Messages with the primary keys `besides` are ignored.
    """
    found, under_way = QuietPeriods(), set(leaving)
    mails = unrequested_to(addresses).filter(state__in=[State.SENT, State.UNKNOWN, *under_way]).exclude(pk__in=besides)
    for address, state, sent_at, due_at in mails.values_list("small", "state", "sent_at", "due_at"):
        until = now + aside if state in under_way else (sent_at or due_at) + gap
        if until > now:
            found[address] = max(until, found.get(address, until))
    return found


def unrequested_to(addresses: Iterable[str]) -> QuerySet[Any]:
    """Unrequested messages to those addresses, in any state."""
    small = {address.lower() for address in addresses}
    mails = Message.objects.annotate(small=Lower("recipient"))
    return mails.filter(small__in=small, kind__in=UNREQUESTED).order_by()


def free_from(address: str, gap: timedelta, now: datetime) -> datetime:
    """Return when an email may be sent to the address at the earliest, `gap` after those sent or queued before it."""
    moments = [now]
    for state, sent_at, due_at, closed in unrequested_to([address]).values_list("state", "sent_at", "due_at", "closed"):
        if state in (State.SENT, State.UNKNOWN):
            moments.append((sent_at or due_at) + gap)
        elif state in UNDER_WAY and not closed:
            moments.append(max(due_at, now) + gap)
    return max(moments)
