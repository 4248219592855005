"""Check the records: walk all chains of events, read sealed files and signed forms again, report what is wrong."""

from collections.abc import Iterator
from typing import Any

from django.core.files.storage import storages
from django.db import transaction

from agreements.domain.facts import sha256
from agreements.domain.translatable import Sentence
from agreements.models import Agreement, Event


def findings() -> Iterator[str]:
    """Yield one sentence for every agreement whose chain of events or signed form was changed."""
    events: dict[int, list[Event]] = {}
    for event in Event.objects.order_by("agreement_id", "number").iterator(chunk_size=2000):
        events.setdefault(event.agreement_id, []).append(event)
    for agreement in Agreement.objects.order_by("pk").iterator(chunk_size=2000):
        # An event may have been added between the two queries, so a chain that looks broken is read again.
        if broken_chains(agreement, events.get(agreement.pk, [])) and (problem := broken_chains_now(agreement.pk)):
            yield f"{agreement.reference}: {problem}"
    for agreement in Agreement.objects.filter(signed_form__isnull=False).select_related("signed_form").order_by("pk"):
        if problem := signed_form_damage(agreement):
            yield f"{agreement.reference}: {problem}"


def broken_chains_now(pk: int) -> str | None:
    """Check the chain of one agreement with its row locked, so that no event can be added."""
    with transaction.atomic():
        agreement = Agreement.objects.select_for_update(no_key=True).get(pk=pk)
        return broken_chains(agreement, list(agreement.events.order_by("number")))


def damaged_files() -> Iterator[str]:
    """Yield one sentence for every sealed file that differs from what was sealed."""
    for agreement in Agreement.objects.exclude(sealed_file="").select_related("shown").order_by("pk").iterator():
        if problem := damage(agreement):
            yield f"{agreement.reference}: the sealed file was read again: {problem}"


def damage(agreement: Agreement) -> str | None:
    """Return what is wrong with the agreement's sealed file; None if nothing is."""
    try:
        with storages["private"].open(agreement.sealed_file) as file:
            body = file.read()
    except Exception as error:  # noqa: BLE001 - each storage fails in its own way
        return f"it cannot be read ({type(error).__name__})."
    shown = bytes(agreement.shown.body)
    if sha256(body) != agreement.sealed_sha256:
        return "it is not the file that was sealed."
    if not body.startswith(shown) or sha256(shown) != agreement.shown_sha256:
        return "it does not begin with the form that was shown."
    return None


def broken_chains(agreement: Agreement, chain: list[Event]) -> str | None:
    """Return what is wrong with a chain; None if nothing is."""
    previous = ""
    for expected, event in enumerate(chain, start=1):
        if event.number != expected:
            return Sentence("event %(number)d is missing.", number=expected)
        if event.previous != previous or event.digest != event.compute_digest(agreement.reference):
            return Sentence("event %(number)d (%(kind)s) was changed.", number=event.number, kind=event.kind)
        previous = event.digest
    if not chain or len(chain) != agreement.event_count or previous != agreement.event_head:
        return Sentence(
            "its last event is missing: %(written)d were written, %(found)d are there.",
            written=agreement.event_count,
            found=len(chain),
        )
    return None


def signed_form_damage(agreement: Agreement) -> str | None:
    """Return how the signed form differs from the event of its acceptance; None if it does not."""
    scan = agreement.signed_form
    if scan is None:
        return None
    said: dict[str, Any] = next((event.data for event in agreement.events.filter(kind="accept")), {})
    digests = [one["sha256"] for one in said.get("files", [])]
    if said.get("pages_sha256") != scan.pages_sha256 or digests != [one["sha256"] for one in scan.files]:
        return "the event of accepting tells of another form on paper."
    if (said["dated"], said["date_written"]) != (f"{agreement.dated}", agreement.date_written):
        return "the event of accepting tells of another date."
    stored = [(one["name"], one["sha256"]) for one in scan.files] + [(scan.pages_file, scan.pages_sha256)]
    for name, digest in stored:
        try:
            with storages["private"].open(name) as file:
                if sha256(file.read()) != digest:
                    return f"its form on paper was changed in storage: {name}"
        except FileNotFoundError:
            return f"its form on paper is not in storage any more: {name}"
    return None
