"""What became of a mail: it left, was refused, or came back."""

from datetime import datetime, timedelta

from django.db import transaction

from agreements import addresses, mail, notices
from agreements.bounces import Bounce
from agreements.lifecycle.record import note
from agreements.models import Message
from agreements.states import Status

Kind = Message.Kind

MAIL_AGAIN = 3
"""How many mails about an agreement that came back from an address, and not for good, are sent again."""

TOMORROW = timedelta(days=1)
"""Longer than the gap between two mails to one address."""


def note_mail(message: Message, state: str, now: datetime) -> None:
    """The chain's word about a mail that left, or may have left, or whose address was refused for good."""
    if state == Message.State.FAILED:
        address_refused(message, now)
        return
    if message.volume_id:  # no agreement's chain has a place for it
        return
    data = {"kind": message.kind, "slot": message.slot, "to": message.recipient, "message_id": message.message_id}
    kind = "mailed" if state == Message.State.SENT else "mail-unknown"
    note(message.agreement.pk, kind, by="clock", now=now, data=data)


def address_refused(message: Message, now: datetime) -> None:
    """No mail will ever reach this address: nothing more is sent there, and an editor must find another one.

    Call it in the transaction that settles the mail, with the rows of all agreements that have mail to it held.
    """
    if stop_address(message, message.error, now) and not message.volume_id:
        data = {"to": message.recipient, "words": message.error}
        note(message.agreement.pk, "address-refused", by="clock", now=now, data=data)


def stop_address(message: Message, words: str, now: datetime) -> bool:
    """Ends all mail to the address of `message`; False if that was done before."""
    address = message.recipient
    mail.cancel_to(address, addresses.agreements_with_mail_to(address))
    if not addresses.stop(address, words, now):
        return False
    about_signer = not message.volume_id and address.lower() == message.agreement.signer_email.lower()
    if about_signer:  # who cannot be asked any more
        notices.tell_editors(message.agreement, Kind.EDITOR_REFUSED, now, about=notices.short(address))
    return True


def bounced(bounce: Bounce, *, now: datetime) -> str:
    """A report came back that a mail did not arrive. Returns ``hard``, ``soft``, ``known`` or ``ignored``."""
    message = bounced_mail(bounce.message_id)
    if message is None or message.volume_id:
        return "ignored"
    with transaction.atomic():
        mail.hold({message.agreement.pk, *addresses.agreements_with_mail_to(message.recipient)})
        if message.agreement.events.filter(kind="bounced", data__digest=bounce.digest).exists():
            return "known"
        data = {"to": message.recipient, "words": bounce.words, "hard": bounce.hard, "digest": bounce.digest}
        note(message.agreement.pk, "bounced", by="clock", now=now, data=data)
        if bounce.hard:
            stop_address(message, bounce.words, now)
        else:
            mail_again(message, now)
    return "hard" if bounce.hard else "soft"


def bounced_mail(message_id: str) -> Message | None:
    """The mail with that Message-ID; of one about several papers the first that it carried."""
    mails = Message.objects.filter(message_id=message_id).select_related("agreement")
    message = mails.first()
    if message and message.kind == Kind.TOGETHER:
        parts = message.carried.exclude(state=Message.State.CANCELLED)
        return parts.select_related("agreement").order_by("pk").first()
    return message


def mail_again(message: Message, now: datetime) -> None:
    """Queues a mail once more that came back, but not for good: tomorrow the mailbox may have room.

    Nothing is queued where nobody waits for it any more, where another mail to the address is on its way, or when so
    many have come back that a person should look. Nor for one of several papers that shared a mail: the clock reminds.
    """
    agreement, address = message.agreement, message.recipient
    agreement.refresh_from_db()
    asks = message.kind in (Kind.INVITATION, *mail.ASKING_AGAIN, Kind.FRESH)
    if message.carrier_id or (asks and (agreement.status != Status.ISSUED or agreement.reminders_stopped_at)):
        return
    if addresses.lock(address).stopped_at or addresses.agreements_with_mail_to(address):
        return
    if agreement.events.filter(kind="bounced", data__to=address).count() <= MAIL_AGAIN:
        slot, kind = f"{message.slot}:again", Kind(message.kind)
        mail.queue(agreement, slot=slot, kind=kind, recipient=address, now=now, wait=TOMORROW)
