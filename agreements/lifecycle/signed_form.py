"""Signed forms: receive them, and accept them or send them back. The files are in private storage under their digests.

The sealed PDF of an accepted form consists of the form as it was offered and the pages as received.
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
    """The signed form cannot be accepted. The message says why and what to do. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an editor read on the form."""

    name: str
    date_written: str
    """As written on the form."""
    dated: date
    """As the editor read it."""


# --- for the author


def receive(agreement: Agreement, pages: Pages, *, now: datetime) -> SignedForm:
    """Receive an inspected form. Reminders pause, the links still work, the editors are notified.

    Raises TransitionError if the status does not allow it.
    """
    kept = StoredUpload.of(agreement, pages)
    with transaction.atomic():
        stamps = {"received_at": now, "next_check_at": now + PAUSE_AFTER_REQUEST}
        lifecycle.transition(agreement, "receive", by="signer", now=now, data=kept.words, **stamps)
        outbox.cancel_reminders([agreement.pk])
        return kept.row(agreement, now)


def receive_again(agreement: Agreement, pages: Pages, *, now: datetime) -> SignedForm:
    """Replace a form that no editor has reviewed yet. Raises TransitionError if it was reviewed."""
    kept = StoredUpload.of(agreement, pages)
    with transaction.atomic():
        outbox.lock_agreements([agreement.pk])
        status = Agreement.objects.values_list("status", flat=True).get(pk=agreement.pk)
        if status != Status.RECEIVED:
            raise lifecycle.TransitionError("send another form for", status)
        lifecycle.record_event(agreement.pk, "receive-again", by="signer", now=now, data=kept.words)
        return kept.row(agreement, now)


def has_room(agreement: Agreement) -> bool:
    """Whether the volume's uploads are below `UPLOADS_PER_VOLUME` bytes (S15), counted from the rows."""
    files = SignedForm.objects.filter(agreement__paper__volume=agreement.paper.volume_id).values_list(
        "files", flat=True
    )
    kept: int = sum(one["size"] for each in files for one in each)
    return kept < settings.UPLOADS_PER_VOLUME


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """Received files in private storage. They are stored before the row, so a crash leaves at most an unused file."""

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
        """The data of the event."""
        return {
            "files": [digests(one) for one in self.files],
            "pages": self.pages,
            "pages_sha256": self.pages_sha256,
        }

    def row(self, agreement: Agreement, now: datetime) -> SignedForm:
        """Create the row and notify the editors. Call it in the transaction that receives the form."""
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
    """Return the part of a file's data that the event records: no storage name, no preview."""
    return {key: file[key] for key in ("sha256", "size", "kind", "pages")}


def newest(agreement: Agreement) -> SignedForm | None:
    """Return the form to review."""
    return agreement.signed_forms.order_by("-pk").first()


# --- for the editor


def earliest(agreement: Agreement) -> date:
    """Return the earliest possible date of the signature, in the time zone furthest behind."""
    if agreement.issued_at is None:
        raise ValueError(f"{agreement} is not issued.")
    return (agreement.issued_at - timedelta(hours=12)).date()


def latest(now: datetime) -> date:
    """Return today's date in the time zone furthest ahead."""
    return (now + timedelta(hours=14)).date()


def accept(agreement: Agreement, scan: SignedForm, reading: Reading, *, by: str, now: datetime) -> None:
    """Accept the form as signed. A scheduled job then seals it, like every signature.

    Raises TransitionError if the status has changed, SignedFormError if the date is impossible, the author has sent a
    newer form, or no sealed PDF can be made of it.
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
            raise SignedFormError("The date must lie between the day on which the form was sent out and today.")
        lifecycle.keep_shown(agreement, shown)
        try:
            rendering.completed_form(agreement, shown)
        except (seal.SealError, pdf.UnprintableError, pdf.DoesNotFitError, OSError) as error:
            raise SignedFormError(
                f"The sealed file cannot be made of it: {error} Send it back, and ask for photos of its pages."
            ) from error
        outbox.cancel_open(agreement.pk)
        notify.notify_coauthors(agreement, now)


def send_back(
    agreement: Agreement, scan: SignedForm, missing: Sequence[str], note: str, *, by: str, now: datetime
) -> None:
    """Send the form back: the author gets a link and a list of what is missing, and reminders continue.

    `missing` are keys of the checklist. Raises TransitionError if the status has changed, SignedFormError if the author
    has sent a newer form.
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
    """Raise SignedFormError if the author has sent a newer form. The agreement's row is locked, so
    none can be added.
    """
    last = newest(agreement)
    if last is None or last.pk != scan.pk:
        raise SignedFormError("The author has sent another form meanwhile. Look at that one.")
