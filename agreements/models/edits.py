"""Changes to a paper after its agreement is signed: edits before publication, corrections after it."""

from django.db import models
from django.db.models import Q

from agreements.models.agreement import Agreement
from proceedings.models.address_field import AddressField


class Edit(models.Model):
    """A change that the editors made to a signed paper. The author confirms a substantive one (clause 5).

    Written by `requests/edits.py`.
    """

    class State(models.TextChoices):
        NOTED = "noted", "not substantive"
        OPEN = "open", "awaiting the author’s confirmation"
        CONFIRMED = "confirmed", "confirmed"
        DECLINED = "declined", "declined by the author"
        UNDONE = "undone", "undone"

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="edits")
    what = models.TextField("change", help_text="What you changed, and where in the paper.")
    before = models.TextField("text before", blank=True)
    after = models.TextField("text after", blank=True)
    reason = models.TextField(blank=True, help_text="Why you changed it.")
    substantive = models.BooleanField(help_text="Whether it changes what the paper says.")
    state = models.CharField(max_length=10, choices=State)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)
    asked = models.PositiveSmallIntegerField("times asked", default=0)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=200, blank=True)
    answer = models.TextField(blank=True, help_text="The author’s comment, or the editor’s reason.")

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(substantive=False, state__in=["noted", "undone"])
                | Q(substantive=True, state__in=["open", "confirmed", "declined", "undone"]),
                name="substantive_edit_is_verified",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["noted", "open"], resolved_at__isnull=True)
                | (Q(state__in=["confirmed", "declined", "undone"], resolved_at__isnull=False) & ~Q(resolved_by="")),
                name="resolved_edit_is_stamped",
            ),
        ]

    def __str__(self) -> str:
        return f"edit of {self.agreement.paper_key}"

    @property
    def blocks(self) -> bool:
        """Whether the edit keeps the paper from delivery."""
        return self.state in (self.State.OPEN, self.State.DECLINED)


class Correction(models.Model):
    """A change requested after publication, with the fields of the publisher's form. Written by
    `requests/corrections.py`.
    """

    class Role(models.TextChoices):
        AUTHOR = "author", "an author of this paper"
        FOR_AUTHOR = "for-author", "acting for an author"
        EDITOR = "editor", "an editor of this volume"
        FOR_EDITOR = "for-editor", "acting for an editor"
        OTHER = "other", "another person"

    class Nature(models.TextChoices):
        META = "meta", "small metadata change, such as a typing error"
        PDF = "pdf", "new PDF"
        CONTENT = "content", "new content"

    class State(models.TextChoices):
        OPEN = "open", "awaiting an editor’s decision"
        APPROVED = "approved", "approved"
        REFUSED = "refused", "rejected"
        APPLIED = "applied", "published"

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="corrections")
    role = models.CharField("requested by", max_length=10, choices=Role)
    name = models.CharField("name", max_length=300, help_text="Name of the person who asks.")
    email = AddressField("email address", blank=True, help_text="We send the answer to this address.")
    on_behalf_of = models.CharField(
        "on behalf of",
        max_length=300,
        blank=True,
        help_text="Name, affiliation and GitHub name of the person you act for.",
    )
    nature = models.CharField("kind of change", max_length=10, choices=Nature)
    description = models.TextField("change", help_text="State exactly where, the current text and the new text.")
    notes = models.TextField("further notes", blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)

    permitted_by = models.CharField("permission given by", max_length=300, blank=True)
    permitted_how = models.CharField("how it was given", max_length=100, blank=True)
    permitted_on = models.DateField("given on", null=True, blank=True)
    correspondence = models.TextField(blank=True)
    github = models.CharField("editor’s GitHub name", max_length=60, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=200, blank=True)
    answer = models.TextField(blank=True, help_text="Why it was rejected.")
    applied_at = models.DateTimeField(null=True, blank=True)
    applied_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", resolved_at__isnull=True)
                | (Q(state__in=["approved", "refused", "applied"], resolved_at__isnull=False) & ~Q(resolved_by="")),
                name="resolved_correction_is_stamped",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "applied"])
                | Q(nature="meta")
                | (~Q(permitted_by="") & ~Q(permitted_how="") & Q(permitted_on__isnull=False)),
                name="approved_correction_has_permission",
            ),
            models.CheckConstraint(
                condition=(Q(state="applied", applied_at__isnull=False) & ~Q(applied_by=""))
                | (~Q(state="applied") & Q(applied_at__isnull=True)),
                name="applied_correction_is_stamped",
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(answer=""), name="refused_correction_says_why"),
        ]

    def __str__(self) -> str:
        return f"correction of {self.agreement.paper_key}"

    @property
    def needs_permission(self) -> bool:
        """Whether the publisher requires an editor's permission for it."""
        return self.nature != self.Nature.META
