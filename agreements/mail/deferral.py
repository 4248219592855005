"""Decide whether an email that is due should wait: emails are planned for a time, and may miss it. Reads only.

For example, no worker ran, or a server delayed it. Then two emails to one person, planned a day apart, are due
together, or a reminder for the morning is due at night.
"""

from datetime import datetime, timedelta

from agreements.domain.schedule import GAP, WorkingHours
from agreements.mail import addresses
from agreements.mail.kinds import kind_of
from agreements.models import Message, RecipientSettings

State = Message.State
Kind = Message.Kind

LATE = timedelta(hours=1)
"""An email sent within this time after it is due is on time."""
POSTPONED = timedelta(minutes=1)
"""How long an email waits for another one to the same person that is being sent."""

LEAVING = (State.CLAIMED, State.HANDING)


def postpone_until(messages: list[Message], now: datetime) -> dict[int, datetime]:
    """Return by primary key until when claimed messages should wait; those missing in it may be sent now.

    Two workers may each hold an email to the same person. Each has committed its claim before it looks here, so the
    later one sees the other's claim and waits. At worst both wait, and are claimed together the next time.
    """
    late = [message for message in messages if keeps_hours(message) and is_late(message, now)]
    until = hours_begin(late, now)
    spaced = {message.pk: message.recipient.lower() for message in messages if keeps_distance(message)}
    ours = [one.pk for message in messages for one in (message, *message.parts)]
    quiet = addresses.quiet_periods(spaced.values(), GAP, now, leaving=LEAVING, aside=POSTPONED, besides=ours)
    for message in messages:
        address = message.recipient.lower()
        if message.pk in spaced and address in quiet:
            until[message.pk] = max(quiet[address], until.get(message.pk, now))
        elif kind_of(message).is_unrequested and message.pk not in until:
            quiet[address] = now + POSTPONED  # this one is sent now
    return until


def keeps_distance(message: Message) -> bool:
    """Whether the gap after other emails applies: not if an editor sends it now, nor if it replaces an agreement."""
    return any(
        kind_of(one).asks
        and not one.idempotency_key.startswith("manual:")
        and not (one.kind == Kind.INVITATION and one.agreement.predecessor_id)
        for one in (message, *message.parts)
    )


def keeps_hours(message: Message) -> bool:
    """Whether it is sent in working hours only: repeated requests are; an invitation is sent when it is issued."""
    return all(kind_of(one).asks_again for one in message.parts or [message])


def is_late(message: Message, now: datetime) -> bool:
    return message.attempts > 1 or now > message.due_at + LATE


def hours_begin(late: list[Message], now: datetime) -> dict[int, datetime]:
    """Return the next working hour for those emails whose recipients are outside working hours now."""
    small = {message.recipient.lower() for message in late}
    known = RecipientSettings.objects.filter(address__in=small).exclude(zone="") if small else []
    zones = {(person.volume_id, person.address): person.zone for person in known}
    begin = {message.pk: hours_of(message, zones).following(now) for message in late}
    return {pk: moment for pk, moment in begin.items() if moment > now}


def hours_of(message: Message, zones: dict[tuple[int, str], str]) -> WorkingHours:
    one = message.parts[0] if message.parts else message
    signing_settings = one.agreement.paper.volume.signing_settings
    zone = zones.get((signing_settings.volume_id, message.recipient.lower()))
    return signing_settings.hours_in(zone) if zone else signing_settings.hours
