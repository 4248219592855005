"""Record the result of an email: sent, address rejected, or bounced."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Min

from agreements.domain.states import Status
from agreements.lifecycle.record import record_event
from agreements.mail import addresses, notify, outbox
from agreements.mail.bounces import Bounce
from agreements.mail.judgement import Judgement
from agreements.mail.kinds import kind_of
from agreements.models import Message
from proceedings.email_address import address_key

Kind = Message.Kind

MAX_RESENDS = 3
"""How often emails about one agreement are resent to an address after soft bounces."""

RESULTS = {
    Judgement.ADDRESS: "hard",
    Judgement.EMAIL: "rejected",
    Judgement.SOFT: "soft",
    Judgement.UNREADABLE: "unreadable",
}

RESEND_DELAY = timedelta(days=1)
"""Delay of a resent email. Longer than the gap between two emails to one address."""


def record_mail_result(message: Message, state: str, now: datetime) -> None:
    """Record in the chain that an email was sent, may have arrived, or that its address was rejected for good."""
    if state == Message.State.FAILED:
        record_undeliverable(message, now)
        return
    if message.volume_id:  # no agreement's chain
        return
    data = {
        "kind": message.kind,
        "slot": message.idempotency_key,  # the former name: a key in evidence never changes
        "to": message.recipient,
        "message_id": message.message_id,
    }
    kind = "mailed" if state == Message.State.SENT else "mail-unknown"
    record_event(message.agreement.pk, kind, by="clock", now=now, data=data)


def record_undeliverable(message: Message, now: datetime) -> None:
    """Record that an address is undeliverable and stop all email to it.

    Call it in the transaction that records the result, with the rows of all agreements with email to it locked.
    """
    if stop_emails_to_recipient(message, message.error, now) and not message.volume_id:
        data = {"to": message.recipient, "words": message.error}
        record_event(message.agreement.pk, "address-refused", by="clock", now=now, data=data)


def stop_emails_to_recipient(message: Message, reason: str, now: datetime) -> bool:
    """Cancel all email to the address of `message` and mark it undeliverable. Returns False if it already was."""
    address = message.recipient
    outbox.cancel_emails_to(address, addresses.agreements_with_mail_to(address))
    if not addresses.mark_undeliverable(address, reason, now):
        return False
    about_signer = not message.volume_id and address_key(address) == address_key(message.agreement.signer_email)
    if about_signer:  # the signer cannot be reached, so an editor must find another address
        notify.notify_editors(message.agreement, Kind.EDITOR_REFUSED, now, about=notify.hash_address(address))
    return True


def record_bounce(bounce: Bounce, *, now: datetime) -> str:
    """Record a bounce report. Returns ``hard``, ``soft``, ``rejected``, ``unreadable``, ``known`` or ``ignored``."""
    messages = find_bounced_messages(bounce.message_id)
    if not messages:
        return "ignored"
    first = messages[0]
    with transaction.atomic():
        agreement_ids = {message.agreement.pk for message in messages if not message.volume_id}
        outbox.lock_agreements(agreement_ids | addresses.agreements_with_mail_to(first.recipient))
        if first.volume_id:  # an email about a volume is in no chain
            outbox.record_bounce([first.pk], Message.Bounce(bounce.judgement), bounce.detail)
            if not bounce.hard:
                return "ignored"  # the next daily digest replaces it
            return "hard" if stop_emails_to_recipient(first, bounce.detail, now) else "known"
        if first.agreement.events.filter(kind="bounced", data__digest=bounce.digest).exists():
            return "known"
        data = {"to": first.recipient, "words": bounce.detail, "hard": bounce.hard, "digest": bounce.digest}
        for agreement_id in sorted(agreement_ids):
            record_event(agreement_id, "bounced", by="clock", now=now, data=data | {"judgement": str(bounce.judgement)})
        for message in messages:
            outbox.record_bounce([message.pk], judge_in_a_row(message, bounce.judgement, now), bounce.detail)
        carriers = {message.carrier_id for message in messages if message.carrier_id}
        outbox.record_bounce(carriers, Message.Bounce(bounce.judgement), bounce.detail)
        if bounce.hard:
            stop_emails_to_recipient(first, bounce.detail, now)
        elif bounce.judgement == Judgement.SOFT:
            resend(messages, now)
    return RESULTS[bounce.judgement]


def judge_in_a_row(message: Message, judgement: Judgement, now: datetime) -> Message.Bounce:
    """Return what the bounce of an email means after the earlier ones: soft ones that go on become `NOT_ARRIVING`."""
    if judgement != Judgement.SOFT:
        return Message.Bounce(judgement)
    earlier = message.agreement.messages.filter(recipient__iexact=message.recipient, pk__lt=message.pk)
    bounced = earlier.filter(bounce__in=[Message.Bounce.SOFT, Message.Bounce.NOT_ARRIVING])
    first_sent = bounced.aggregate(first=Min("sent_at"))["first"]
    too_many = bounced.count() >= settings.SOFT_BOUNCES
    too_long = first_sent is not None and now - first_sent >= timedelta(days=settings.SOFT_BOUNCE_DAYS)
    return Message.Bounce.NOT_ARRIVING if too_many or too_long else Message.Bounce.SOFT


def find_bounced_messages(message_id: str) -> list[Message]:
    """Return the message with that Message-ID, or the messages that it carried."""
    messages = Message.objects.filter(message_id=message_id)
    if messages.filter(kind=Kind.TOGETHER).exists():
        messages = Message.objects.filter(carrier__in=messages).exclude(state=Message.State.CANCELLED)
    return list(messages.select_related("agreement__paper").order_by("pk"))


def resend(messages: list[Message], now: datetime) -> None:
    """Queue soft-bounced messages again for the next day.

    Skips messages that are no longer needed, an address with another email queued, and an agreement whose bounces
    exceed the limit.
    """
    address = messages[0].recipient
    if addresses.lock_address(address).undeliverable_at or addresses.agreements_with_mail_to(address):
        return
    requests = [
        outbox.EmailRequest(message.agreement, f"{message.idempotency_key}:again", Kind(message.kind), address)
        for message in messages
        if is_still_needed(message) and count_bounces(message) <= MAX_RESENDS
    ]
    outbox.queue_combined(requests, now, delay=RESEND_DELAY)


def is_still_needed(message: Message) -> bool:
    """Whether the message is still needed."""
    agreement = message.agreement
    agreement.refresh_from_db(fields=["status", "reminders_stopped_at"])
    return not kind_of(message).ends_with_request or (
        agreement.status == Status.ISSUED and agreement.reminders_stopped_at is None
    )


def count_bounces(message: Message) -> int:
    """Return how many emails about the message's agreement have bounced from its address."""
    return message.agreement.events.filter(kind="bounced", data__to=message.recipient).count()
