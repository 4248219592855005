"""What became of a mail: it left, was refused, or came back."""

from datetime import datetime, timedelta

from django.db import transaction

from agreements.domain.states import Status
from agreements.lifecycle.record import record_event
from agreements.mail import addresses, notify, outbox
from agreements.mail.bounces import Bounce
from agreements.mail.kinds import kind_of
from agreements.models import Message

Kind = Message.Kind

MAIL_AGAIN = 3
"""How many mails about an agreement that came back from an address, and not for good, are sent again."""

TOMORROW = timedelta(days=1)
"""Longer than the gap between two mails to one address."""


def record_mail_result(message: Message, state: str, now: datetime) -> None:
    """The chain's word about a mail that left, or may have left, or whose address was refused for good."""
    if state == Message.State.FAILED:
        address_refused(message, now)
        return
    if message.volume_id:  # no agreement's chain has a place for it
        return
    data = {
        "kind": message.kind,
        "idempotency_key": message.idempotency_key,
        "to": message.recipient,
        "message_id": message.message_id,
    }
    kind = "mailed" if state == Message.State.SENT else "mail-unknown"
    record_event(message.agreement.pk, kind, by="clock", now=now, data=data)


def address_refused(message: Message, now: datetime) -> None:
    """No mail will ever reach this address: nothing more is sent there, and an editor must find another one.

    Call it in the transaction that settles the mail, with the rows of all agreements that have mail to it held.
    """
    if stop_address(message, message.error, now) and not message.volume_id:
        data = {"to": message.recipient, "words": message.error}
        record_event(message.agreement.pk, "address-refused", by="clock", now=now, data=data)


def stop_address(message: Message, words: str, now: datetime) -> bool:
    """Ends all mail to the address of `message`; False if that was done before."""
    address = message.recipient
    outbox.cancel_to(address, addresses.agreements_with_mail_to(address))
    if not addresses.mark_undeliverable(address, words, now):
        return False
    about_signer = not message.volume_id and address.lower() == message.agreement.signer_email.lower()
    if about_signer:  # who cannot be asked any more
        notify.notify_editors(message.agreement, Kind.EDITOR_REFUSED, now, about=notify.short(address))
    return True


def bounced(bounce: Bounce, *, now: datetime) -> str:
    """A report came back that a mail did not arrive. Returns ``hard``, ``soft``, ``known`` or ``ignored``."""
    messages = bounced_mails(bounce.message_id)
    if not messages:
        return "ignored"
    first = messages[0]
    with transaction.atomic():
        about = {message.agreement.pk for message in messages if not message.volume_id}
        outbox.lock_agreements(about | addresses.agreements_with_mail_to(first.recipient))
        if first.volume_id and not bounce.hard:
            return "ignored"  # tomorrow morning has a mail of its own
        if first.volume_id:  # which has no chain
            return "hard" if stop_address(first, bounce.words, now) else "known"
        if first.agreement.events.filter(kind="bounced", data__digest=bounce.digest).exists():
            return "known"
        data = {"to": first.recipient, "words": bounce.words, "hard": bounce.hard, "digest": bounce.digest}
        for agreement_id in sorted(about):
            record_event(agreement_id, "bounced", by="clock", now=now, data=data)
        if bounce.hard:
            stop_address(first, bounce.words, now)
        else:
            mail_again(messages, now)
    return "hard" if bounce.hard else "soft"


def bounced_mails(message_id: str) -> list[Message]:
    """The mail with that Message-ID, or those that it carried."""
    mails = Message.objects.filter(message_id=message_id)
    if mails.filter(kind=Kind.TOGETHER).exists():
        mails = Message.objects.filter(carrier__in=mails).exclude(state=Message.State.CANCELLED)
    return list(mails.select_related("agreement__paper").order_by("pk"))


def mail_again(messages: list[Message], now: datetime) -> None:
    """Queues once more what came back, but not for good: tomorrow the mailbox may have room.

    Nothing is queued about what nobody waits for any more, where another mail to the address is on its way, or when so
    many have come back that a person should look.
    """
    address = messages[0].recipient
    if addresses.lock(address).undeliverable_at or addresses.agreements_with_mail_to(address):
        return
    again = [
        outbox.EmailRequest(message.agreement, f"{message.idempotency_key}:again", Kind(message.kind), address)
        for message in messages
        if is_wanted(message) and record_return(message) <= MAIL_AGAIN
    ]
    outbox.queue_combined(again, now, wait=TOMORROW)


def is_wanted(message: Message) -> bool:
    """Whether somebody still waits for what the mail says."""
    agreement = message.agreement
    agreement.refresh_from_db(fields=["status", "reminders_stopped_at"])
    return not kind_of(message).ends_with_request or (
        agreement.status == Status.ISSUED and agreement.reminders_stopped_at is None
    )


def record_return(message: Message) -> int:
    """How many mails about its agreement have come back from its address."""
    return message.agreement.events.filter(kind="bounced", data__to=message.recipient).count()
