"""Check the records: walk all chains of events, read sealed files and signed forms again, report what is wrong."""

from collections.abc import Iterator
from typing import Any

from django.core.files.storage import storages
from django.db import transaction

from agreements.domain.facts import sha256
from agreements.domain.translatable import Sentence
from agreements.models import Agreement, Event


def check_all() -> Iterator[str]:
    """Yield one sentence for every agreement whose chain of events or signed form was changed."""
    events: dict[int, list[Event]] = {}
    for event in Event.objects.order_by("agreement_id", "number").iterator(chunk_size=2000):
        events.setdefault(event.agreement_id, []).append(event)
    for agreement in Agreement.objects.order_by("pk").iterator(chunk_size=2000):
        # An event may have been added between the two queries, so a chain that looks broken is read again.
        if check_chain(agreement, events.get(agreement.pk, [])) and (problem := check_chain_locked(agreement.pk)):
            yield f"{agreement.reference}: {problem}"
    for agreement in Agreement.objects.filter(signed_form__isnull=False).select_related("signed_form").order_by("pk"):
        if problem := check_signed_form(agreement):
            yield f"{agreement.reference}: {problem}"


def check_chain_locked(pk: int) -> str | None:
    """Check the chain of one agreement with its row locked, so that no event can be added."""
    with transaction.atomic():
        agreement = Agreement.objects.select_for_update(no_key=True).get(pk=pk)
        return check_chain(agreement, list(agreement.events.order_by("number")))


def check_sealed_files() -> Iterator[str]:
    """Yield one sentence for every sealed file that differs from what was sealed."""
    for agreement in Agreement.objects.exclude(sealed_file="").select_related("shown").order_by("pk").iterator():
        if problem := check_sealed_file(agreement):
            yield f"{agreement.reference}: the sealed file was read again: {problem}"


def check_sealed_file(agreement: Agreement) -> str | None:
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


def check_chain(agreement: Agreement, chain: list[Event]) -> str | None:
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
            "the last event is missing: %(written)d were written, %(found)d are left.",
            written=agreement.event_count,
            found=len(chain),
        )
    return None


def check_signed_form(agreement: Agreement) -> str | None:
    """Return how the signed form differs from the event of its acceptance; None if it does not."""
    form = agreement.signed_form
    if form is None:
        return None
    accepted: dict[str, Any] = next((event.data for event in agreement.events.filter(kind="accept")), {})
    digests = [one["sha256"] for one in accepted.get("files", [])]
    if accepted.get("pages_sha256") != form.pages_sha256 or digests != [one["sha256"] for one in form.files]:
        return "the accepting event names another signed form."
    if (accepted["dated"], accepted["date_written"]) != (f"{agreement.dated}", agreement.date_written):
        return "the accepting event names another date."
    stored = [(one["name"], one["sha256"]) for one in form.files] + [(form.pages_file, form.pages_sha256)]
    for name, digest in stored:
        try:
            with storages["private"].open(name) as file:
                if sha256(file.read()) != digest:
                    return f"its signed form was changed in storage: {name}"
        except FileNotFoundError:
            return f"its signed form is no longer in storage: {name}"
    return None
