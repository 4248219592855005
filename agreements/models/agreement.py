"""An agreement: its snapshot, its status, the evidence of its signature, and its chain of events."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q

from agreements.domain.facts import Snapshot, effective_from
from agreements.domain.states import FINAL, LIVE, STATUS_LABELS, Status
from agreements.models.plain_address import PlainAddress
from agreements.models.texts import AgreementText, SealCertificate
from proceedings.bibtex.plain_title import plain_title
from proceedings.models import Paper, User


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def live(self) -> Self:
        return self.filter(status__in=LIVE)

    def editable_by(self, user: User) -> Self:
        """Agreements of the volumes that `user` may edit."""
        return self if user.is_superuser else self.filter(paper__volume__editors=user)


class Agreement(models.Model):
    """One Publication Agreement for one paper: its snapshot, its status, and the evidence of its signature."""

    reference = models.CharField(max_length=140, unique=True, help_text="Printed in the footer of every page.")
    paper = models.ForeignKey(Paper, models.PROTECT, related_name="agreements")
    predecessor = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="successor",
        help_text="The agreement this one replaced.",
    )
    status = models.CharField(
        max_length=20, choices=[(s.value, STATUS_LABELS[s]) for s in Status], default=Status.DRAFT
    )

    # The snapshot. A trigger rejects changes to it after the issue.
    text = models.ForeignKey(AgreementText, models.PROTECT)
    volume_number = models.PositiveIntegerField()
    volume_name = models.CharField(max_length=300)
    paper_key = models.CharField(max_length=80)
    title = models.CharField(max_length=500)
    printed_title = models.CharField(
        max_length=500, blank=True, default="", help_text="With formulas in Unicode, if the form prints it so."
    )
    authors = models.JSONField(default=list)
    signer = models.CharField(max_length=500)
    signer_email = models.EmailField()

    # Times, UTC.
    created_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the signed form arrived that is under review or was accepted.",
    )
    signed_at = models.DateTimeField(null=True, blank=True, help_text="For a signed form: when an editor accepted it.")
    sealed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, help_text="Why it was declined, waived, replaced or voided.")

    # The signed form that an editor accepted.
    signed_form = models.ForeignKey("agreements.SignedForm", models.PROTECT, null=True, blank=True, related_name="+")
    date_written = models.CharField(max_length=100, blank=True, help_text="The date as written on the signed form.")
    dated = models.DateField(null=True, blank=True, help_text="The written date as an editor read it.")

    # Evidence from the one POST that signed.
    typed_name = models.CharField(max_length=500, blank=True)
    consent = models.TextField(blank=True)
    authority = models.TextField(blank=True)
    shown_sha256 = models.CharField("digest of the form shown", max_length=64, blank=True)
    signer_address = models.GenericIPAddressField("IP address at signing", null=True, blank=True)
    signer_agent = models.CharField("browser at signing", max_length=500, blank=True)

    # The sealed PDF, and the state of sealing.
    sealed_file = models.CharField(max_length=300, blank=True)
    sealed_sha256 = models.CharField("digest of the sealed PDF", max_length=64, blank=True)
    sealed_size = models.PositiveIntegerField("size of the sealed PDF", null=True, blank=True, help_text="In bytes.")
    seal_level = models.CharField(
        "seal level", max_length=4, blank=True, help_text="PAdES level: B-B, B-T (with a time-stamp) or B-LT."
    )
    seal_certificate = models.ForeignKey(SealCertificate, models.PROTECT, null=True, blank=True)
    seal_attempts = models.PositiveSmallIntegerField(default=0)
    seal_after = models.DateTimeField(
        null=True, blank=True, help_text="After a failure, sealing is retried after this time."
    )
    seal_error = models.TextField(blank=True)

    next_check_at = models.DateTimeField(
        null=True, blank=True, help_text="When a scheduled job next checks whether a reminder is due."
    )

    reminders_stopped_at = models.DateTimeField(
        null=True, blank=True, help_text="When the author opted out of reminders. They can still sign."
    )

    paused_until = models.DateTimeField(
        null=True, blank=True, help_text="No reminders before this time. See `schedule.FOREVER`."
    )

    # Head of the event chain. Every writer of events updates this row first, so its lock puts the events in order.
    event_count = models.PositiveIntegerField(default=0)
    event_head = models.CharField(max_length=64, blank=True)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ["volume_number", "paper__position", "-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["paper"], condition=Q(status__in=sorted(LIVE)), name="one_live_agreement_per_paper"
            ),
            models.CheckConstraint(condition=Q(status__in=sorted(Status)), name="agreement_status_known"),
            models.CheckConstraint(
                condition=~Q(status=Status.DRAFT) | Q(issued_at__isnull=True, signed_at__isnull=True),
                name="draft_has_no_stamps",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["issued", "received", "declined"])
                | Q(issued_at__isnull=False, signed_at__isnull=True),
                name="issued_is_stamped",
            ),
            models.CheckConstraint(
                condition=~Q(status="received") | Q(received_at__isnull=False), name="received_is_stamped"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["signed", "sealed", "lapsed"])
                | Q(issued_at__isnull=False, signed_at__isnull=False),
                name="signed_is_stamped",
            ),
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True)
                | (
                    ~Q(typed_name="")
                    & ~Q(shown_sha256="")
                    & Q(issued_at__isnull=False)
                    & (
                        (~Q(consent="") & ~Q(authority="") & Q(signed_form__isnull=True))
                        | (
                            Q(signed_form__isnull=False, dated__isnull=False, received_at__isnull=False)
                            & ~Q(date_written="")
                        )
                    )
                ),
                name="signature_has_evidence",
            ),
            models.CheckConstraint(
                condition=Q(sealed_at__isnull=True)
                | (
                    ~Q(sealed_file="")
                    & ~Q(sealed_sha256="")
                    & Q(seal_level__in=["B-B", "B-T", "B-LT"])
                    & Q(seal_certificate__isnull=False, sealed_size__gt=0, sealed_size__isnull=False)
                    & Q(signed_at__isnull=False)
                ),
                name="seal_has_file",
            ),
            models.CheckConstraint(
                condition=~Q(status="sealed") | Q(sealed_at__isnull=False), name="sealed_is_stamped"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["draft", "issued", "received", "signed", "declined", "waived"])
                | Q(sealed_at__isnull=True),
                name="unsealed_has_no_seal",
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(FINAL), closed_at__isnull=False)
                | (~Q(status__in=sorted(FINAL)) & Q(closed_at__isnull=True)),
                name="closed_is_stamped",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["voided", "superseded", "waived"]) | ~Q(reason=""),
                name="closing_by_editor_has_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_check_at"], condition=Q(next_check_at__isnull=False), name="agreement_next_check"
            ),
            models.Index(fields=["signed_at"], condition=Q(status="signed"), name="agreement_to_seal"),
            models.Index(
                fields=["volume_number", "signed_at"],
                condition=Q(closed_at__isnull=True, signed_at__isnull=False),
                name="agreement_to_lapse",
            ),
            models.Index(
                fields=["dated"], condition=Q(closed_at__isnull=True, dated__isnull=False), name="agreement_on_paper"
            ),
            models.Index(fields=["volume_number", "status"], name="agreement_by_status"),
            # Not partial: PostgreSQL would not use the statistics of a partial index.
            models.Index(PlainAddress("signer_email"), name="agreement_by_signer"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def plain_title(self) -> str:
        """The title as people read it, with formulas in Unicode."""
        return plain_title(self.title)

    @property
    def signed_from(self) -> datetime | None:
        """When the signature takes effect."""
        return effective_from(self.signed_at, self.dated)

    @property
    def facts(self) -> Snapshot:
        """What the form states. The digest of the text comes from its immutable row."""
        return Snapshot(
            reference=self.reference,
            volume=self.volume_number,
            volume_name=self.volume_name,
            paper_key=self.paper_key,
            title=self.title,
            printed_title=self.printed_title,
            authors=tuple(self.authors),
            signer=self.signer,
            signer_email=self.signer_email,
            text_version=self.text.version,
            text_digest=self.text.digest,
        )


class ShownForm(models.Model):
    """The exact bytes of the form that the signer was shown, stored in the signing transaction.

    They are in the database, not in file storage: the evidence must be complete even while storage is unavailable. The
    sealed PDF begins with these bytes.
    """

    agreement = models.OneToOneField(Agreement, models.PROTECT, related_name="shown")
    body = models.BinaryField()

    def __str__(self) -> str:
        return f"form shown for {self.agreement}"


class Event(models.Model):
    """An event of an agreement's history. Append-only; each digest covers the digest before it."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="events")
    number = models.PositiveIntegerField(help_text="1 for the first event of the agreement.")
    kind = models.CharField(max_length=40)
    at = models.DateTimeField(help_text="UTC.")
    by = models.CharField(max_length=200, help_text="Who did it: an editor, the signer, or a scheduled job.")
    data = models.JSONField(default=dict)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["agreement", "number"]
        constraints = [models.UniqueConstraint(fields=["agreement", "number"], name="event_number_unique")]

    def __str__(self) -> str:
        return f"{self.agreement_id}.{self.number} {self.kind}"

    def content(self, reference: str) -> dict[str, Any]:
        """Return what the digest covers: all values of the event, the agreement's `reference` and
        the previous digest.
        """
        return {
            "agreement": reference,
            "number": self.number,
            "kind": self.kind,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "by": self.by,
            "data": self.data,
            "previous": self.previous,
        }

    def compute_digest(self, reference: str) -> str:
        """Return the SHA-256 of the canonical JSON of `content`: sorted keys, no spaces, UTF-8."""
        canonical = json.dumps(self.content(reference), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()
