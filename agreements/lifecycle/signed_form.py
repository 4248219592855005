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
from agreements.documents.checklist import CONFIRMED_LABELS
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
class FormReading:
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
    upload = StoredUpload.of(agreement, pages)
    with transaction.atomic():
        stamps = {"received_at": now, "next_check_at": now + PAUSE_AFTER_REQUEST}
        lifecycle.transition(agreement, "receive", by="signer", now=now, data=upload.event_data, **stamps)
        outbox.cancel_reminders([agreement.pk])
        return upload.create_row(agreement, now)


def receive_again(agreement: Agreement, pages: Pages, *, now: datetime) -> SignedForm:
    """Replace a form that no editor has reviewed yet. Raises TransitionError if it was reviewed."""
    upload = StoredUpload.of(agreement, pages)
    with transaction.atomic():
        outbox.lock_agreements([agreement.pk])
        status = Agreement.objects.values_list("status", flat=True).get(pk=agreement.pk)
        if status != Status.RECEIVED:
            raise lifecycle.TransitionError(status)
        lifecycle.record_event(agreement.pk, "receive-again", by="signer", now=now, data=upload.event_data)
        return upload.create_row(agreement, now)


def is_within_quota(agreement: Agreement) -> bool:
    """Whether the volume's uploads are below `UPLOADS_PER_VOLUME` bytes (S15), counted from the rows."""
    files = SignedForm.objects.filter(agreement__paper__volume=agreement.paper.volume_id).values_list(
        "files", flat=True
    )
    stored_bytes: int = sum(file["size"] for upload in files for file in upload)
    return stored_bytes < settings.UPLOADS_PER_VOLUME


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
                "name": store(file.body, file.kind),
                "sha256": file.sha256,
                "size": len(file.body),
                "kind": file.kind.value,
                "pages": file.pages,
                "picture": store(file.picture, "jpg") if file.picture else "",
            }
            for file in pages.files
        ]
        return cls(files, pages.count, store(pages.body, "pdf"), sha256(pages.body))

    @property
    def event_data(self) -> dict[str, Any]:
        """The data of the event."""
        return {
            "files": [file_digests(one) for one in self.files],
            "pages": self.pages,
            "pages_sha256": self.pages_sha256,
        }

    def create_row(self, agreement: Agreement, now: datetime) -> SignedForm:
        """Create the row and notify the editors. Call it in the transaction that receives the form."""
        form = SignedForm.objects.create(
            agreement=agreement,
            received_at=now,
            files=self.files,
            pages=self.pages,
            pages_file=self.pages_file,
            pages_sha256=self.pages_sha256,
        )
        notify.notify_editors(agreement, Kind.EDITOR_RECEIVED, now, about=str(form.pk))
        return form


def file_digests(file: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a file's data that the event records: no storage name, no preview."""
    return {key: file[key] for key in ("sha256", "size", "kind", "pages")}


def newest_form(agreement: Agreement) -> SignedForm | None:
    """Return the form to review."""
    return agreement.signed_forms.order_by("-pk").first()


# --- for the editor


def earliest_date(agreement: Agreement) -> date:
    """Return the earliest possible date of the signature, in the time zone furthest behind."""
    if agreement.issued_at is None:
        raise ValueError(f"{agreement} is not issued.")
    return (agreement.issued_at - timedelta(hours=12)).date()


def latest_date(now: datetime) -> date:
    """Return today's date in the time zone furthest ahead."""
    return (now + timedelta(hours=14)).date()


def accept(agreement: Agreement, form: SignedForm, reading: FormReading, *, by: str, now: datetime) -> None:
    """Accept the form as signed. A scheduled job then seals it, like every signature.

    Raises TransitionError if the status has changed, SignedFormError if the date is impossible, the author has sent a
    newer form, or no sealed PDF can be made of it.
    """
    shown = rendering.render_form(agreement)
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
                "checked": list(CONFIRMED_LABELS),
                "files": [file_digests(file) for file in form.files],
                "pages_sha256": form.pages_sha256,
                "shown_sha256": sha256(shown),
                "text_sha256": agreement.text.digest,
            },
            signed_at=now,
            typed_name=reading.name,
            signed_form=form,
            date_written=reading.date_written,
            dated=reading.dated,
            shown_sha256=sha256(shown),
            next_check_at=None,
        )
        check_newest(agreement, form)
        if not earliest_date(agreement) <= reading.dated <= latest_date(now):
            raise SignedFormError("The date is not possible. Type a date between the day of issue and today.")
        lifecycle.store_shown_form(agreement, shown)
        try:
            rendering.complete_form(agreement, shown)
        except (seal.SealError, pdf.UnprintableError, pdf.DoesNotFitError, OSError) as error:
            raise SignedFormError(
                f"We cannot make a sealed PDF from this form: {error} Send it back, and ask for photos of its pages."
            ) from error
        outbox.cancel_open(agreement.pk)
        notify.notify_coauthors(agreement, now)


def send_back(
    agreement: Agreement, form: SignedForm, missing: Sequence[str], note: str, *, by: str, now: datetime
) -> None:
    """Send the form back: the author gets a link and a list of what is missing, and reminders continue.

    `missing` are keys of the checklist. Raises TransitionError if the status has changed, SignedFormError if the author
    has sent a newer form.
    """
    data = {"missing": list(missing), "note": note, "pages_sha256": form.pages_sha256}
    with transaction.atomic():
        lifecycle.transition(agreement, "send-back", by=by, now=now, data=data, received_at=None, next_check_at=now)
        check_newest(agreement, form)
        idempotency_key = f"{Kind.SENT_BACK.value}:{agreement.event_count}"
        outbox.queue(
            agreement, idempotency_key=idempotency_key, kind=Kind.SENT_BACK, recipient=agreement.signer_email, now=now
        )


def check_newest(agreement: Agreement, form: SignedForm) -> None:
    """Raise SignedFormError if the author has sent a newer form. The agreement's row is locked, so
    none can be added.
    """
    newest = newest_form(agreement)
    if newest is None or newest.pk != form.pk:
        raise SignedFormError("The author sent a newer form. Review that one.")
