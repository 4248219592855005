"""Decide whether an email that is due should wait: emails are planned for a time, and may miss it. Reads only.

For example, no worker ran, or a server delayed it. Then two emails to one person, planned a day apart, are due
together, or a reminder for the morning is due at night.
"""

from datetime import datetime, timedelta

from agreements.domain.schedule import MIN_EMAIL_GAP, WorkingHours
from agreements.mail import addresses
from agreements.mail.kinds import kind_of
from agreements.models import Message, RecipientSettings
from proceedings.email_address import address_key, all_spellings

State = Message.State
Kind = Message.Kind

ON_TIME_TOLERANCE = timedelta(hours=1)
"""An email sent within this time after it is due is on time."""
POSTPONE_DELAY = timedelta(minutes=1)
"""How long an email waits for another one to the same person that is being sent."""

SENDING_STATES = (State.CLAIMED, State.HANDING)


def postpone_until(messages: list[Message], now: datetime) -> dict[int, datetime]:
    """Return by primary key until when claimed messages should wait; those missing in it may be sent now.

    Two workers may each hold an email to the same person. Each has committed its claim before it looks here, so the
    later one sees the other's claim and waits. At worst both wait, and are claimed together the next time.
    """
    late = [message for message in messages if needs_working_hours(message) and is_late(message, now)]
    until = next_working_hours(late, now)
    gap_addresses = {message.pk: address_key(message.recipient) for message in messages if needs_gap(message)}
    own_ids = [one.pk for message in messages for one in (message, *message.parts)]
    quiet = addresses.quiet_periods(
        gap_addresses.values(), MIN_EMAIL_GAP, now, open_states=SENDING_STATES, delay=POSTPONE_DELAY, exclude=own_ids
    )
    for message in messages:
        address = address_key(message.recipient)
        if message.pk in gap_addresses and address in quiet:
            until[message.pk] = max(quiet[address], until.get(message.pk, now))
        elif kind_of(message).is_unrequested and message.pk not in until:
            quiet[address] = now + POSTPONE_DELAY  # this one is sent now
    return until


def needs_gap(message: Message) -> bool:
    """Whether the gap after other emails applies: not if an editor sends it now, nor if it replaces an agreement."""
    return any(
        kind_of(one).asks
        and not one.idempotency_key.startswith("manual:")
        and not (one.kind == Kind.INVITATION and one.agreement.predecessor_id)
        for one in (message, *message.parts)
    )


def needs_working_hours(message: Message) -> bool:
    """Whether it is sent in working hours only: repeated requests are; an invitation is sent when it is issued."""
    return all(kind_of(one).asks_again for one in message.parts or [message])


def is_late(message: Message, now: datetime) -> bool:
    return message.attempts > 1 or now > message.due_at + ON_TIME_TOLERANCE


def next_working_hours(late: list[Message], now: datetime) -> dict[int, datetime]:
    """Return the next working hour for those emails whose recipients are outside working hours now."""
    known = all_spellings(message.recipient for message in late)
    rows = RecipientSettings.objects.filter(address__in=known).exclude(zone="") if known else []
    zones = {(recipient.volume_id, address_key(recipient.address)): recipient.zone for recipient in rows}
    starts = {message.pk: working_hours_of(message, zones).at_or_after(now) for message in late}
    return {pk: moment for pk, moment in starts.items() if moment > now}


def working_hours_of(message: Message, zones: dict[tuple[int, str], str]) -> WorkingHours:
    one = message.parts[0] if message.parts else message
    signing_settings = one.agreement.paper.volume.signing_settings
    zone = zones.get((signing_settings.volume_id, address_key(message.recipient)))
    return signing_settings.hours_in(zone) if zone else signing_settings.hours
