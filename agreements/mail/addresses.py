"""THE ONLY WRITER of EmailAddress: mail addresses that refused mail for good, their languages, and a lock per address.

An address is the same whatever the case of its letters. Mailboxes that tell `Anna@` from `anna@` have died out, and
writing to one person twice is the worse mistake.
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
    """The address's row, held until the transaction ends: who queues a reminder to it looks and writes alone."""
    EmailAddress.objects.bulk_create([EmailAddress(address=address.lower())], ignore_conflicts=True)
    return EmailAddress.objects.select_for_update(no_key=True).get(address=address.lower())


def lock_all(addresses: Iterable[str]) -> None:
    """The same for many, in one order for everybody, so that two who lock some of the same do not block each other."""
    small = sorted({address.lower() for address in addresses})
    EmailAddress.objects.bulk_create([EmailAddress(address=address) for address in small], ignore_conflicts=True)
    list(EmailAddress.objects.select_for_update(no_key=True).filter(address__in=small).order_by("address").values("pk"))


def undeliverable(addresses: Iterable[str]) -> dict[str, EmailAddress]:
    """Those of the addresses that take no mail, in small letters."""
    small = {address.lower() for address in addresses}
    return {row.address: row for row in EmailAddress.objects.filter(address__in=small, undeliverable_at__isnull=False)}


def mark_undeliverable(address: str, reason: str, now: datetime) -> bool:
    """From now on no mail goes there. False if it was so already."""
    row = lock(address)
    mine = EmailAddress.objects.filter(pk=row.pk, undeliverable_at__isnull=True)
    return bool(mine.update(undeliverable_at=now, reason=reason))


def mark_deliverable(address: str) -> bool:
    """Mail may go there again: somebody has made sure that it arrives. False if it was not stopped."""
    mine = EmailAddress.objects.filter(address=address.lower(), undeliverable_at__isnull=False)
    return bool(mine.update(undeliverable_at=None, reason=""))


def remember_language(address: str, language: str) -> None:
    """Mails there are in this language from now on: its owner has just sent something from a page that was in it."""
    row = EmailAddress(address=address.lower(), language=language)
    EmailAddress.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["address"], update_fields=["language"]
    )


def languages(addresses: Iterable[str]) -> dict[str, str]:
    """The languages of those of the addresses whose owners have shown one, by address in small letters."""
    small = {address.lower() for address in addresses}
    known = EmailAddress.objects.filter(address__in=small).exclude(language="")
    return dict(known.values_list("address", "language"))


def agreements_with_mail_to(address: str) -> set[int]:
    """Agreements that have a mail to the address in the outbox."""
    mails = Message.objects.annotate(small=Lower("recipient")).filter(small=address.lower(), agreement__isnull=False)
    return set(mails.filter(state__in=UNDER_WAY).values_list("agreement", flat=True))


class QuietPeriods(dict[str, datetime]):
    """Until when no reminder may go to each address, in small letters; what is not in it is free."""

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
    """Which addresses have had a mail within `gap`, or have one on its way; the latter for `aside`.

    On its way is what is in one of the states `leaving`. The mails with the keys `besides` do not count.
    """
    found, under_way = QuietPeriods(), set(leaving)
    mails = unrequested_to(addresses).filter(state__in=[State.SENT, State.UNKNOWN, *under_way]).exclude(pk__in=besides)
    for address, state, sent_at, due_at in mails.values_list("small", "state", "sent_at", "due_at"):
        until = now + aside if state in under_way else (sent_at or due_at) + gap
        if until > now:
            found[address] = max(until, found.get(address, until))
    return found


def unrequested_to(addresses: Iterable[str]) -> QuerySet[Any]:
    """The mails to those addresses that nobody asked for, whatever became of them."""
    small = {address.lower() for address in addresses}
    mails = Message.objects.annotate(small=Lower("recipient"))
    return mails.filter(small__in=small, kind__in=UNREQUESTED).order_by()


def free_from(address: str, gap: timedelta, now: datetime) -> datetime:
    """From when on a mail may go there that keeps its distance of `gap` from those that went or are to go before it."""
    moments = [now]
    for state, sent_at, due_at, closed in unrequested_to([address]).values_list("state", "sent_at", "due_at", "closed"):
        if state in (State.SENT, State.UNKNOWN):
            moments.append((sent_at or due_at) + gap)
        elif state in UNDER_WAY and not closed:
            moments.append(max(due_at, now) + gap)
    return max(moments)
