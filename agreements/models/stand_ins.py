"""Who signs in the place of a corresponding author."""

from django.db import models

from proceedings.models import Author


class StandIn(models.Model):
    """Somebody who is no author of the paper signs in the place of this one, by an editor's leave.

    The form's clause 1 lets the signer act as the authors' agent. It counts while the author is the corresponding one:
    whoever chooses another has chosen another signer. Written by `proposals`; an editor may take it back.
    """

    author = models.OneToOneField(Author, models.CASCADE, related_name="stand_in")
    name = models.CharField(max_length=200, help_text="As the form shall have it.")
    email = models.EmailField()
    named_at = models.DateTimeField()
    named_by = models.CharField(max_length=200, help_text="Which editor agreed to it.")

    class Meta:
        verbose_name = "stand-in"
        ordering = ["-named_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} for {self.author}"
