"""When a mail that is due had better wait after all: mails are planned for a good moment, and may miss it. Reads only.

No worker ran, or a server wanted it later. Then two mails to one person, planned a day apart, are due at once; or a
reminder that was for the morning is due at night.
"""

from datetime import datetime, timedelta

from agreements.domain.schedule import GAP, WorkingHours
from agreements.mail import addresses
from agreements.mail.kinds import kind_of
from agreements.models import Message, RecipientSettings

State = Message.State
Kind = Message.Kind

LATE = timedelta(hours=1)
"""A mail that leaves no later than this after its moment leaves in time."""
POSTPONED = timedelta(minutes=1)
"""How long a mail steps aside for one to the same person that is just leaving."""

LEAVING = (State.CLAIMED, State.HANDING)


def postpone_until(messages: list[Message], now: datetime) -> dict[int, datetime]:
    """Which of these mails, which this worker has claimed, had better wait, by key, and until when.

    Two workers may each hold a mail to the same person. Each has committed its claim before it looks here, so the
    later one sees the other's and steps aside; at worst both do, and are claimed together next time.
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
            quiet[address] = now + POSTPONED  # this one leaves now
    return until


def keeps_distance(message: Message) -> bool:
    """Whether it follows no other mail within the gap: not where an editor said now, nor one that replaces another."""
    return any(
        kind_of(one).asks
        and not one.idempotency_key.startswith("manual:")
        and not (one.kind == Kind.INVITATION and one.agreement.predecessor_id)
        for one in (message, *message.parts)
    )


def keeps_hours(message: Message) -> bool:
    """Whether it leaves in working hours: those that ask again, while an invitation leaves when it is issued."""
    return all(kind_of(one).asks_again for one in message.parts or [message])


def is_late(message: Message, now: datetime) -> bool:
    return message.attempts > 1 or now > message.due_at + LATE


def hours_begin(late: list[Message], now: datetime) -> dict[int, datetime]:
    """The next working hour of those who are not at work now."""
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
