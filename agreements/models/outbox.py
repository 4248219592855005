"""The outbox, the addresses it writes to, and the last run of each scheduled job."""

from collections.abc import Sequence

from django.db import models
from django.db.models import Q

from agreements.models.agreement import Agreement
from agreements.models.plain_address import PlainAddress
from proceedings.models import Volume


class Message(models.Model):
    """One email: queued, sending or done. There is at most one per (agreement, idempotency key), ever.

    A combined email about several papers is a row of its own, with a volume and without an agreement. It carries the
    messages of these papers: they are claimed, sent and finished with it in the same transaction.
    """

    class State(models.TextChoices):
        PENDING = "pending", "queued"
        CLAIMED = "claimed", "queued, with a worker"
        HANDING = "handing", "sending"
        SENT = "sent"
        FAILED = "failed"
        UNKNOWN = "unknown", "delivery unknown"
        CANCELLED = "cancelled"
        SKIPPED = "skipped"

    class Kind(models.TextChoices):
        INVITATION = "invitation"
        REMINDER = "reminder"
        LAST_CALL = "last-call", "final reminder"
        UNSIGNED = "unsigned", "request to a co-author"
        TOGETHER = "together", "combined email"
        RECEIPT = "receipt"
        DECLINED = "declined", "confirmation of decline"
        EDITOR_DECLINED = "editor-declined", "notice to editors: declined"
        FRESH = "fresh", "new link"
        COPY = "copy", "sealed PDF, sent again"
        HANDED_OVER = "handed-over", "confirmation of delegation"
        EDITOR_HANDED_OVER = "editor-handed-over", "notice to editors: delegated"
        EDITOR_PROPOSAL = "editor-proposal", "notice to editors: change request"
        PROPOSAL_REFUSED = "proposal-refused", "answer to a change request"
        COAUTHOR = "coauthor", "notice to a co-author"
        EDITOR_OBJECTED = "editor-objected", "notice to editors: objection"
        EDITOR_REFUSED = "editor-refused", "notice to editors: undeliverable address"
        EDITOR_STOPPED = "editor-stopped", "notice to editors: opted out of reminders"
        EDITOR_DAILY = "editor-daily", "daily digest"
        EDIT = "edit", "question about an edit"
        EDITOR_EDIT = "editor-edit", "notice to editors: answer about an edit"
        PUBLISHED = "published", "address and citation"
        EDITOR_CORRECTION = "editor-correction", "notice to editors: correction requested"
        CORRECTION = "correction", "answer about a correction"
        EDITOR_RECEIVED = "editor-received", "notice to editors: signed form received"
        SENT_BACK = "sent-back", "signed form sent back"

    class Bounce(models.TextChoices):
        """Why it did not arrive, as `mail.judgement` has judged the answer or the report."""

        ADDRESS = "address", "address undeliverable"
        EMAIL = "email", "email rejected"
        SOFT = "soft", "bounced for now"
        NOT_ARRIVING = "not-arriving", "not arriving"
        UNREADABLE = "unreadable", "returned, unreadable"

    parts: "Sequence[Message]" = ()
    """The messages it carries, loaded when `mail.outbox` claims it."""

    # Typed as always present: only emails about a volume have none, and `volume_id` identifies them.
    agreement: "models.ForeignKey[Agreement, Agreement]" = models.ForeignKey(  # type: ignore[misc]
        Agreement, models.PROTECT, null=True, blank=True, related_name="messages"
    )
    volume = models.ForeignKey(
        Volume,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
        help_text="For an email about several papers or the whole volume.",
    )
    carrier = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="carried",
        help_text="The combined email that contains this one.",
    )
    details = models.JSONField(
        default=dict, blank=True, help_text="Content of the email beyond the agreement’s own data."
    )
    idempotency_key = models.CharField(max_length=80, help_text="Prevents a second copy, such as invitation or r1:T-7.")
    kind = models.CharField(max_length=20, choices=Kind)
    recipient = models.EmailField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    closed = models.BooleanField(default=False, help_text="The agreement no longer needs this email: do not send it.")
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, blank=True, help_text="Token of the worker that holds it.")
    lease_until = models.DateTimeField(null=True, blank=True)
    message_id = models.CharField("Message-ID", max_length=200, unique=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    bounce = models.CharField(
        max_length=12, blank=True, choices=Bounce, help_text="Why it did not arrive, if a mail server says so."
    )

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "idempotency_key"], name="one_message_per_key"),
            models.UniqueConstraint(fields=["volume", "idempotency_key"], name="one_message_per_volume_key"),
            models.CheckConstraint(
                condition=Q(agreement__isnull=False, volume__isnull=True)
                | Q(agreement__isnull=True, volume__isnull=False, carrier__isnull=True),
                name="message_is_about_something",
            ),
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
            # SQLite recognizes a partial index by `=` and by `IS NULL`, but not by `IN` with parameters.
            models.Index(fields=["lease_until"], condition=Q(lease_until__isnull=False), name="message_leased"),
            models.Index(PlainAddress("recipient"), name="message_by_address"),
            models.Index(fields=["sent_at"], condition=Q(state="sent"), name="message_sent"),
            models.Index(fields=["due_at"], condition=Q(state="failed"), name="message_failed"),
            models.Index(fields=["due_at"], condition=Q(state="unknown"), name="message_unknown"),
            models.Index(fields=["due_at"], condition=Q(bounce="email"), name="message_rejected"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"


class EmailAddress(models.Model):
    """An email address, by its key (`proceedings.email_address`): the lock for queuing emails to it, whether it is
    deliverable, and its language. Old rows may have another spelling.
    """

    address = models.EmailField(unique=True)
    undeliverable_at = models.DateTimeField(null=True, blank=True, help_text="When a mail server rejected it for good.")
    reason = models.TextField(blank=True, help_text="The mail server’s answer.")
    language = models.CharField(
        max_length=10, blank=True, help_text="Language of the page that its owner last used; emails use it."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(undeliverable_at__isnull=True, reason="")
                | (Q(undeliverable_at__isnull=False) & ~Q(reason="")),
                name="undeliverable_address_has_reason",
            )
        ]

    def __str__(self) -> str:
        return self.address


class JobRun(models.Model):
    """When a scheduled job last finished."""

    name = models.CharField(max_length=20, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"
