"""Arguments that commands share: a volume number and a time."""

from datetime import UTC, datetime

from django.core.management.base import CommandError

from proceedings.models import Volume


def volume_numbered(text: str) -> Volume:
    """Returns the volume with the publisher's number `text`. Raises CommandError if there is none."""
    number = text.lower().removeprefix("v")
    found = Volume.objects.filter(number=number).first() if number.isascii() and number.isdigit() else None
    if found is None:
        known = (
            ", ".join(str(n) for n in Volume.objects.values_list("number", flat=True)) or "none yet; use import_volume"
        )
        raise CommandError(f"There is no volume {text!r}. Known volumes: {known}.")
    return found


def moment(text: str) -> datetime:
    """Parses an ISO 8601 date and time; UTC if it names no zone. Raises CommandError if it is invalid."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text!r} is not a date and time such as 2026-11-21T09:00. {error}") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
