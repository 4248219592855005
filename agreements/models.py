"""Who allowed it: texts, terms, agreements, their events, the mailed links and the outbox.

Rows only. Agreement and Event are written by `lifecycle`, Message by `mail`, Link by `links`; nothing here has a side
effect. What must hold whatever the code does is a constraint here or a trigger in migration 0002.
"""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from agreements.facts import Facts
from agreements.states import FINAL, LIVE, WORDS, Status
from proceedings.models import Paper, User, Volume


class AgreementText(models.Model):
    """One version of the publisher's wording. Never changed: a changed letter is a new version."""

    version = models.SlugField(max_length=40, unique=True)
    body = models.TextField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the body in UTF-8.")

    class Meta:
        ordering = ["version"]

    def __str__(self) -> str:
        return self.version


class SealCertificate(models.Model):
    """A certificate that has sealed. Kept for ever: after a new key is taken, old seals are still known as ours."""

    fingerprint = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the certificate.")
    pem = models.TextField()
    first_used_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.fingerprint


def known_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(f"{value!r} is not a time zone. Give an IANA name such as Europe/Paris or Etc/GMT+12.")


def whole_days(value: Any) -> None:
    good = isinstance(value, list) and all(isinstance(day, int) and not isinstance(day, bool) for day in value)
    if not good or len(set(value)) != len(value) or any(abs(day) > 365 for day in value):
        raise ValidationError("Give a list of different whole days, such as [-14, -7, -3, -1, 1, 3, 7].")


def default_offsets() -> list[int]:
    return [-14, -7, -3, -1, 1, 3, 7]


ANYWHERE_ON_EARTH = "Etc/GMT+12"


class Terms(models.Model):
    """A volume's policy: until when authors sign, and how they are reminded."""

    volume = models.OneToOneField(Volume, models.CASCADE, related_name="terms")
    deadline = models.DateField(help_text="Last day to sign.")
    zone = models.CharField(
        "time zone of the deadline",
        max_length=60,
        default=ANYWHERE_ON_EARTH,
        validators=[known_zone],
        help_text="IANA name, such as Europe/Paris. Etc/GMT+12 is “anywhere on Earth”.",
    )
    offsets = models.JSONField(
        "days of reminders",
        default=default_offsets,
        validators=[whole_days],
        help_text="Days before (-) and after (+) the deadline.",
    )
    most_reminders = models.PositiveSmallIntegerField(
        "most reminders",
        default=8,
        validators=[MinValueValidator(0), MaxValueValidator(30)],
        help_text="Per agreement.",
    )
    paused = models.BooleanField("reminders paused", default=False)
    tell_authors = models.BooleanField(
        "tell the other authors",
        default=True,
        help_text="Once somebody has signed for all, the others hear of it and have 14 days to object.",
    )
    reply_to = models.EmailField(blank=True, help_text="Where authors' answers go, such as the publication chair.")
    revision = models.PositiveSmallIntegerField(
        default=1, editable=False, help_text="Counts moved deadlines: a new deadline has reminders of its own."
    )

    class Meta:
        verbose_name_plural = "terms"

    def __str__(self) -> str:
        return f"Terms of {self.volume}"

    @property
    def closes_at(self) -> datetime:
        """The first instant after the last day to sign, in UTC."""
        day = self.deadline + timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def move_deadline(self, deadline: date, zone: str) -> None:
        """Sets another last day to sign. A new deadline has reminders of its own, so its revision counts up."""
        if self.pk and (deadline, zone) != (self.deadline, self.zone):
            self.revision += 1
        self.deadline, self.zone = deadline, zone

    @property
    def deadline_in_words(self) -> str:
        """Such as ``30 November 2026, 23:59 anywhere on Earth``."""
        zone = "anywhere on Earth" if self.zone == ANYWHERE_ON_EARTH else self.zone
        return f"{self.deadline.day} {self.deadline:%B %Y}, 23:59 {zone}"


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def live(self) -> Self:
        return self.filter(status__in=LIVE)

    def editable_by(self, user: User) -> Self:
        """Those of the volumes on `user`'s desk."""
        return self if user.is_superuser else self.filter(paper__volume__editors=user)


class Agreement(models.Model):
    """One Publication Agreement about one paper: frozen facts, where it stands, and the evidence of the signature."""

    reference = models.CharField(max_length=140, unique=True, help_text="Printed in the foot of every page.")
    paper = models.ForeignKey(Paper, models.PROTECT, related_name="agreements")
    predecessor = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="successor",
        help_text="The agreement this one replaced.",
    )
    status = models.CharField(max_length=20, choices=[(s.value, WORDS[s]) for s in Status], default=Status.DRAFT)

    # The facts it states; a trigger refuses to change them once issued.
    text = models.ForeignKey(AgreementText, models.PROTECT)
    volume_number = models.PositiveIntegerField()
    volume_name = models.CharField(max_length=300)
    paper_key = models.CharField(max_length=80)
    title = models.CharField(max_length=500)
    authors = models.JSONField(default=list)
    signer = models.CharField(max_length=500)
    signer_email = models.EmailField()

    # Stamps, UTC.
    created_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    sealed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, help_text="Why it was declined, replaced or voided.")

    # Evidence of the one POST that signed.
    typed_name = models.CharField(max_length=500, blank=True)
    consent = models.TextField(blank=True)
    authority = models.TextField(blank=True)
    shown_sha256 = models.CharField("digest of the document shown", max_length=64, blank=True)
    signer_address = models.GenericIPAddressField("network address at signing", null=True, blank=True)
    signer_agent = models.CharField("browser at signing", max_length=500, blank=True)

    # The sealed file, and how sealing goes.
    sealed_file = models.CharField(max_length=300, blank=True)
    sealed_sha256 = models.CharField("digest of the sealed file", max_length=64, blank=True)
    sealed_size = models.PositiveIntegerField("size of the sealed file", null=True, blank=True, help_text="In bytes.")
    seal_level = models.CharField(
        "level of the seal", max_length=4, blank=True, help_text="PAdES: B-B, B-T with a time-stamp, B-LT."
    )
    seal_certificate = models.ForeignKey(SealCertificate, models.PROTECT, null=True, blank=True)
    seal_attempts = models.PositiveSmallIntegerField(default=0)
    seal_after = models.DateTimeField(null=True, blank=True, help_text="Sealing failed; not tried again before this.")
    seal_error = models.TextField(blank=True)

    look_at = models.DateTimeField(
        null=True, blank=True, help_text="When the clock next asks whether a reminder is due."
    )

    reminders_stopped_at = models.DateTimeField(
        null=True, blank=True, help_text="The author asked for no more reminders. That is no declining."
    )

    # The head of the event chain. Every writer of events updates this row first, so the row's lock orders them.
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
                condition=~Q(status__in=["issued", "declined"]) | Q(issued_at__isnull=False, signed_at__isnull=True),
                name="issued_is_stamped",
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
                    & ~Q(consent="")
                    & ~Q(authority="")
                    & ~Q(shown_sha256="")
                    & Q(issued_at__isnull=False)
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
                condition=~Q(status__in=["draft", "issued", "signed", "declined"]) | Q(sealed_at__isnull=True),
                name="unsealed_has_no_seal",
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(FINAL), closed_at__isnull=False)
                | (~Q(status__in=sorted(FINAL)) & Q(closed_at__isnull=True)),
                name="closed_is_stamped",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["voided", "superseded"]) | ~Q(reason=""), name="closing_by_editor_has_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["look_at"], condition=Q(status="issued"), name="agreement_to_chase"),
            models.Index(fields=["signed_at"], condition=Q(status="signed"), name="agreement_to_seal"),
            models.Index(fields=["volume_number", "status"], name="agreement_by_status"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def facts(self) -> Facts:
        """What the form says. The text's digest comes from its immutable row."""
        return Facts(
            reference=self.reference,
            volume=self.volume_number,
            volume_name=self.volume_name,
            paper_key=self.paper_key,
            title=self.title,
            authors=tuple(self.authors),
            signer=self.signer,
            signer_email=self.signer_email,
            text_version=self.text.version,
            text_digest=self.text.digest,
        )


class ShownCopy(models.Model):
    """The exact bytes of the form that the signer was shown, kept in the signing transaction.

    In the database, not in file storage: the evidence of a signature must be complete even while storage is down.
    The sealed file begins with these bytes.
    """

    agreement = models.OneToOneField(Agreement, models.PROTECT, related_name="shown")
    body = models.BinaryField()

    def __str__(self) -> str:
        return f"form shown for {self.agreement}"


class Event(models.Model):
    """Something that happened to an agreement. Append-only; each digest covers the one before it."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="events")
    number = models.PositiveIntegerField(help_text="1 for the first event of the agreement.")
    kind = models.CharField(max_length=40)
    at = models.DateTimeField(help_text="UTC.")
    by = models.CharField(max_length=200, help_text="Who did it: an editor's user name, the signer, or the clock.")
    data = models.JSONField(default=dict)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["agreement", "number"]
        constraints = [models.UniqueConstraint(fields=["agreement", "number"], name="event_number_unique")]

    def __str__(self) -> str:
        return f"{self.agreement_id}.{self.number} {self.kind}"

    def content(self, reference: str) -> dict[str, Any]:
        """Everything this event says, the agreement's `reference` and the digest before it: what its digest covers."""
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
        """SHA-256 over the canonical JSON of `content`: sorted keys, no spaces, UTF-8."""
        canonical = json.dumps(self.content(reference), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


class Message(models.Model):
    """One slot of the outbox: a mail that is due, under way or done. At most one per (agreement, slot), for ever."""

    class State(models.TextChoices):
        PENDING = "pending"
        CLAIMED = "claimed"
        HANDING = "handing", "being handed over"
        SENT = "sent"
        FAILED = "failed", "refused"
        UNKNOWN = "unknown", "may have arrived"
        CANCELLED = "cancelled"
        SKIPPED = "skipped"

    class Kind(models.TextChoices):
        INVITATION = "invitation"
        REMINDER = "reminder"
        RECEIPT = "receipt"
        DECLINED = "declined", "confirmation of declining"
        EDITOR_DECLINED = "editor-declined", "notice to editors: declined"
        FRESH = "fresh", "fresh link"
        COPY = "copy", "sealed copy, again"
        HANDED_OVER = "handed-over", "confirmation of handing over"
        EDITOR_HANDED_OVER = "editor-handed-over", "notice to editors: handed over"
        EDITOR_PROPOSAL = "editor-proposal", "notice to editors: proposal"
        PROPOSAL_REFUSED = "proposal-refused", "answer to a proposal"
        COAUTHOR = "coauthor", "notice to a co-author"
        EDITOR_OBJECTED = "editor-objected", "notice to editors: objection"
        EDITOR_REFUSED = "editor-refused", "notice to editors: address refused"
        EDITOR_STOPPED = "editor-stopped", "notice to editors: reminders stopped"

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="messages")
    slot = models.CharField(max_length=80, help_text="What it is for, such as invitation or r1:T-7.")
    kind = models.CharField(max_length=20, choices=Kind)
    recipient = models.EmailField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    closed = models.BooleanField(default=False, help_text="The agreement has ended its need: nothing more may be sent.")
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, blank=True, help_text="Token of the worker that holds it.")
    lease_until = models.DateTimeField(null=True, blank=True)
    message_id = models.CharField("Message-ID", max_length=200, unique=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "slot"], name="one_message_per_slot"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["pending", "claimed", "handing", "sent", "failed", "unknown", "cancelled", "skipped"]
                ),
                name="message_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="sent_is_stamped",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["claimed", "handing"]) | Q(claim__isnull=False, lease_until__isnull=False),
                name="claim_has_holder",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="pending"), name="message_due"),
            models.Index(fields=["lease_until"], condition=Q(state__in=["claimed", "handing"]), name="message_leased"),
            models.Index(Lower("recipient"), name="message_by_address"),
            models.Index(fields=["sent_at"], condition=Q(state="sent"), name="message_sent"),
            models.Index(fields=["due_at"], condition=Q(state__in=["failed", "unknown"]), name="message_in_trouble"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"


class Addressee(models.Model):
    """A mail address, in small letters: the lock of who queues a reminder to it, and whether it takes mail at all."""

    address = models.EmailField(unique=True)
    stopped_at = models.DateTimeField(null=True, blank=True, help_text="A server refused it for good.")
    reason = models.TextField(blank=True, help_text="The server's words.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True, reason="") | (Q(stopped_at__isnull=False) & ~Q(reason="")),
                name="stopped_address_has_reason",
            )
        ]

    def __str__(self) -> str:
        return self.address


class Round(models.Model):
    """When a round of the clock last came to its end."""

    name = models.CharField(max_length=20, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"


class Link(models.Model):
    """A mailed link. Only the SHA-256 of its token is kept, so a stolen database opens nothing."""

    class Purpose(models.TextChoices):
        SIGN = "sign"
        COPY = "copy", "fetch the sealed copy"
        OBJECT = "object", "object to what a co-author signed"
        STOP = "stop", "end the reminders"

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="links")
    message = models.ForeignKey(Message, models.PROTECT, related_name="links")
    purpose = models.CharField(max_length=10, choices=Purpose)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.purpose} link of {self.agreement_id}"


class LinkRequest(models.Model):
    """Somebody asked for a fresh link. Whether it leads anywhere is found out when nobody can time the answer."""

    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the token of the link they had.")
    reference = models.CharField(max_length=140, blank=True, help_text="The agreement they named instead.")
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest", "reference"], name="one_request_at_a_time")]

    def __str__(self) -> str:
        return f"link asked for at {self.asked_at}"


class Attempt(models.Model):
    """One use of something that may be done only so often. Whose it was is kept as a keyed digest."""

    limit = models.CharField(max_length=20)
    subject = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["limit", "subject", "at"], name="attempt_window")]

    def __str__(self) -> str:
        return f"{self.limit} at {self.at}"


class Proposal(models.Model):
    """What an author asks of the editors before signing: another signer, or other facts. Written by `proposals`."""

    class Kind(models.TextChoices):
        SIGNER = "signer", "another signer"
        FACTS = "facts", "other facts"

    class State(models.TextChoices):
        OPEN = "open", "waits for an editor"
        ACCEPTED = "accepted"
        REFUSED = "refused"

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="proposals")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    data = models.JSONField(help_text="What it should be: a signer's author, name and address; or title and authors.")
    note = models.TextField(blank=True, help_text="The author's own words.")
    made_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=200, blank=True)
    answer = models.TextField(blank=True, help_text="Why it was refused.")

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "kind"], condition=Q(state="open"), name="one_open_proposal_of_a_kind"
            ),
            models.CheckConstraint(
                condition=Q(state="open", settled_at__isnull=True)
                | (Q(state__in=["accepted", "refused"], settled_at__isnull=False) & ~Q(settled_by="")),
                name="settled_proposal_is_stamped",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, proposed for {self.agreement}"
