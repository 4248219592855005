"""Change requests of signers, and non-author signers."""

from django.db import models
from django.db.models import Q

from agreements.models.agreement import Agreement
from proceedings.models import Author
from proceedings.models.address_field import AddressField


class ChangeRequest(models.Model):
    """A signer's request before signing: another signer, or another title or names. Written by
    `requests/change_requests.py`.
    """

    class Kind(models.TextChoices):
        SIGNER = "signer", "another signer"
        FACTS = "facts", "another title or authors"

    class State(models.TextChoices):
        OPEN = "open", "awaiting an editor’s decision"
        ACCEPTED = "accepted"
        REFUSED = "refused", "rejected"

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="change_requests")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    data = models.JSONField(
        help_text="The requested signer (name, address, author if one), or the requested title and authors."
    )
    note = models.TextField(blank=True, help_text="The author’s note.")
    made_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=200, blank=True)
    answer = models.TextField(blank=True, help_text="Why it was rejected.")

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "kind"], condition=Q(state="open"), name="one_open_change_request_of_a_kind"
            ),
            models.CheckConstraint(
                condition=Q(state="open", resolved_at__isnull=True)
                | (Q(state__in=["accepted", "refused"], resolved_at__isnull=False) & ~Q(resolved_by="")),
                name="resolved_change_request_is_stamped",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} requested for {self.agreement}"


class NonAuthorSigner(models.Model):
    """A person who is not an author and signs in the place of `author`, with an editor's permission.

    Clause 1 of the form lets the signer act as the authors' agent. It applies while `author` is the corresponding
    author. Written by `requests/change_requests.py`; an editor may remove it.
    """

    author = models.OneToOneField(Author, models.CASCADE, related_name="non_author_signer")
    name = models.CharField(max_length=200, help_text="As printed on the form.")
    email = AddressField()
    named_at = models.DateTimeField()
    named_by = models.CharField(max_length=200, help_text="The editor who accepted this signer.")

    class Meta:
        verbose_name = "non-author signer"
        ordering = ["-named_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} for {self.author}"
