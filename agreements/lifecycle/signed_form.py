"""Signed by hand: what comes in, and what an editor makes of it. The files lie in private storage under their digests.

The sealed file of an accepted form begins with the form as it was offered and ends with the pages as they came in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import transaction

from agreements import lifecycle
from agreements.documents import pdf, rendering, seal
from agreements.documents.checklist import FOUND
from agreements.documents.uploads.inspect import Pages
from agreements.domain.facts import sha256
from agreements.domain.schedule import PAUSE_AFTER_REQUEST
from agreements.domain.states import Status
from agreements.mail import notify, outbox
from agreements.models import Agreement, Message, SignedForm

Kind = Message.Kind


class SignedFormError(Exception):
    """The form cannot be accepted as it is; says why and what to do. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an editor read on the form."""

    name: str
    date_written: str
    """As it stands there."""
    dated: date
    """As it is meant."""


# --- the author


def receive(agreement: Agreement, pages: Pages, *, now: datetime) -> SignedForm:
    """Takes in a form that was looked into. Reminders rest, the links go on working, the editors are told.

    Raises TransitionError when the agreement has moved on.
    """
    kept = StoredUpload.of(agreement, pages)
    with transaction.atomic():
        stamps = {"received_at": now, "next_check_at": now + PAUSE_AFTER_REQUEST}
        lifecycle.transition(agreement, "receive", by="signer", now=now, data=kept.words, **stamps)
        outbox.cancel_reminders(agreement.pk)
        return kept.row(agreement, now)


def receive_again(agreement: Agreement, pages: Pages, *, now: datetime) -> SignedForm:
    """Replaces a form that no editor has reviewed yet. Raises TransitionError when the last one was reviewed."""
    kept = StoredUpload.of(agreement, pages)
    with transaction.atomic():
        outbox.lock_agreements([agreement.pk])
        status = Agreement.objects.values_list("status", flat=True).get(pk=agreement.pk)
        if status != Status.RECEIVED:
            raise lifecycle.TransitionError("send another form for", status)
        lifecycle.record_event(agreement.pk, "receive-again", by="signer", now=now, data=kept.words)
        return kept.row(agreement, now)


def has_room(agreement: Agreement) -> bool:
    """Whether the volume may take another form: so many bytes for all its authors (S15), counted from the rows."""
    files = SignedForm.objects.filter(agreement__paper__volume=agreement.paper.volume_id).values_list(
        "files", flat=True
    )
    kept: int = sum(one["size"] for each in files for one in each)
    return kept < settings.UPLOADS_PER_VOLUME


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """What came in, in private storage: put there before any row says so, so a crash leaves a file too many at most."""

    files: list[dict[str, Any]]
    pages: int
    pages_file: str
    pages_sha256: str

    @classmethod
    def of(cls, agreement: Agreement, pages: Pages) -> Self:
        def store(body: bytes, ending: str) -> str:
            folder, digest = f"scans/v{agreement.volume_number}", sha256(body)[:32]
            return rendering.store_as(f"{folder}/{agreement.paper_key}-{digest}.{ending}", body)

        files: list[dict[str, Any]] = [
            {
                "name": store(one.body, one.kind),
                "sha256": one.sha256,
                "size": len(one.body),
                "kind": one.kind.value,
                "pages": one.pages,
                "picture": store(one.picture, "jpg") if one.picture else "",
            }
            for one in pages.files
        ]
        return cls(files, pages.count, store(pages.body, "pdf"), sha256(pages.body))

    @property
    def words(self) -> dict[str, Any]:
        """What the chain of events tells of it."""
        return {
            "files": [digests(one) for one in self.files],
            "pages": self.pages,
            "pages_sha256": self.pages_sha256,
        }

    def row(self, agreement: Agreement, now: datetime) -> SignedForm:
        """The row, and the word to the editors. Call it in the transaction that takes the form in."""
        scan = SignedForm.objects.create(
            agreement=agreement,
            received_at=now,
            files=self.files,
            pages=self.pages,
            pages_file=self.pages_file,
            pages_sha256=self.pages_sha256,
        )
        notify.notify_editors(agreement, Kind.EDITOR_RECEIVED, now, about=str(scan.pk))
        return scan


def digests(file: dict[str, Any]) -> dict[str, Any]:
    """As much of a file as the chain of events tells: not where it lies, nor what was drawn of it."""
    return {key: file[key] for key in ("sha256", "size", "kind", "pages")}


def newest(agreement: Agreement) -> SignedForm | None:
    """The form to look at."""
    return agreement.signed_forms.order_by("-pk").first()


# --- the editor


def earliest(agreement: Agreement) -> date:
    """The first day on which it can have been signed, somewhere on Earth."""
    if agreement.issued_at is None:
        raise ValueError(f"{agreement} is not issued.")
    return (agreement.issued_at - timedelta(hours=12)).date()


def latest(now: datetime) -> date:
    """Today, where it is today first."""
    return (now + timedelta(hours=14)).date()


def accept(agreement: Agreement, scan: SignedForm, reading: Reading, *, by: str, now: datetime) -> None:
    """The form counts as signed. Sealing follows by itself, as after every signature.

    Raises TransitionError when the agreement has changed, and SignedFormError when the date cannot be right, when
    another form has come in, or when no sealed file can be made of it.
    """
    shown = rendering.shown_form(agreement)
    with transaction.atomic():
        lifecycle.transition(
            agreement,
            "accept",
            by=by,
            now=now,
            data={
                "name": reading.name,
                "date_written": reading.date_written,
                "dated": reading.dated.isoformat(),
                "checked": list(FOUND),
                "files": [digests(one) for one in scan.files],
                "pages_sha256": scan.pages_sha256,
                "shown_sha256": sha256(shown),
                "text_sha256": agreement.text.digest,
            },
            signed_at=now,
            typed_name=reading.name,
            signed_form=scan,
            date_written=reading.date_written,
            dated=reading.dated,
            shown_sha256=sha256(shown),
            next_check_at=None,
        )
        still_newest(agreement, scan)
        if not earliest(agreement) <= reading.dated <= latest(now):
            raise SignedFormError("The date must be between the day of issue and today.")
        lifecycle.keep_shown(agreement, shown)
        try:
            rendering.completed_form(agreement, shown)
        except (seal.SealError, pdf.UnprintableError, pdf.DoesNotFitError, OSError) as error:
            raise SignedFormError(
                f"We cannot seal this form: {error} Send it back, and ask for photos of its pages."
            ) from error
        outbox.cancel_open(agreement.pk)
        notify.notify_coauthors(agreement, now)


def send_back(
    agreement: Agreement, scan: SignedForm, missing: Sequence[str], note: str, *, by: str, now: datetime
) -> None:
    """Something is missing: the author is told what, with a link, and reminders go on.

    `missing` are keys of the checklist. Raises TransitionError when the agreement has changed, SignedFormError when
    another form has come in.
    """
    data = {"missing": list(missing), "note": note, "pages_sha256": scan.pages_sha256}
    with transaction.atomic():
        lifecycle.transition(agreement, "send-back", by=by, now=now, data=data, received_at=None, next_check_at=now)
        still_newest(agreement, scan)
        idempotency_key = f"{Kind.SENT_BACK.value}:{agreement.event_count}"
        outbox.queue(
            agreement, idempotency_key=idempotency_key, kind=Kind.SENT_BACK, recipient=agreement.signer_email, now=now
        )


def still_newest(agreement: Agreement, scan: SignedForm) -> None:
    """Raises Refused when it is not. The agreement's row is held, so no other form can be coming in."""
    last = newest(agreement)
    if last is None or last.pk != scan.pk:
        raise SignedFormError("The signer has sent another form. Reload the page and review that one.")
