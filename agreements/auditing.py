"""Is the record whole? Walks every chain of events and says what does not fit."""

from collections.abc import Iterator

from agreements.models import Agreement, Event


def findings() -> Iterator[str]:
    """One sentence for every agreement whose chain of events is broken; nothing when all are whole."""
    events: dict[int, list[Event]] = {}
    for event in Event.objects.order_by("agreement_id", "number").iterator(chunk_size=2000):
        events.setdefault(event.agreement_id, []).append(event)
    for agreement in Agreement.objects.order_by("pk").iterator(chunk_size=2000):
        if problem := broken(agreement, events.get(agreement.pk, [])):
            yield f"{agreement.reference}: {problem}"


def broken(agreement: Agreement, chain: list[Event]) -> str | None:
    """What is wrong with one chain, or None."""
    previous = ""
    for expected, event in enumerate(chain, start=1):
        if event.number != expected:
            return f"event {expected} is missing."
        if event.previous != previous or event.digest != event.compute_digest(agreement.reference):
            return f"event {event.number} ({event.kind}) was changed."
        previous = event.digest
    if not chain or len(chain) != agreement.event_count or previous != agreement.event_head:
        return f"its last event is missing: {agreement.event_count} were written, {len(chain)} are there."
    return None
