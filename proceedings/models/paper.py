"""Papers, their files and their authors."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from proceedings.bibtex.names import Name
from proceedings.bibtex.plain_title import plain_title
from proceedings.email_address import address_key
from proceedings.models.address_field import AddressField
from proceedings.models.volume import Volume
from proceedings.people.orcid import OrcidError, read_orcid
from proceedings.publisher.filenames import Kind


def validate_orcid(value: str) -> None:
    """Raises ValidationError unless `value` is an ORCID iD, written with hyphens."""
    try:
        if read_orcid(value) == value:
            return
    except OrcidError as error:
        raise ValidationError(f"{error}.") from error
    raise ValidationError("An ORCID iD looks like 0000-0002-1825-0097.")


class Paper(models.Model):
    """A paper of a volume. It has at most one live agreement, in the app `agreements`."""

    class Status(models.TextChoices):
        ACCEPTED = "accepted"
        WITHDRAWN = "withdrawn"

    volume = models.ForeignKey(Volume, models.PROTECT, related_name="papers")
    key = models.CharField(
        max_length=80,
        validators=[
            RegexValidator(
                r"^[A-Za-z0-9][A-Za-z0-9._:-]*\Z", "Use ASCII letters, digits and hyphens, such as smith24a."
            )
        ],
        help_text=(
            "Last name and year, such as smith24, then a, b, c … if papers share it. Every file of the paper uses it."
        ),
    )
    position = models.PositiveIntegerField(default=0, help_text="Order in the volume's file.")
    title = models.CharField(max_length=500, help_text="In Unicode, with mathematics as LaTeX between dollar signs.")
    title_latex = models.TextField("title in LaTeX", help_text="As the publisher's BibTeX file has it.")
    abstract = models.TextField("abstract in LaTeX", blank=True)
    pages = models.CharField(max_length=40, blank=True, help_text="First and last page, such as 1--21.")
    section = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.ACCEPTED)
    extra = models.JSONField(
        "further BibTeX fields",
        default=dict,
        blank=True,
        help_text="Such as openreview, software or video. We write them to the volume’s BibTeX file.",
    )
    submission = models.CharField(
        "submission number",
        max_length=120,
        blank=True,
        help_text="The paper’s number in the submission system. Later imports use it to find the paper.",
    )
    delivered_key = models.CharField(
        max_length=80,
        blank=True,
        editable=False,
        help_text="The key in the first package. It can no longer change.",
    )

    public_id = models.CharField(
        "publisher ID",
        max_length=80,
        blank=True,
        validators=[RegexValidator(r"^[a-z0-9-]+\Z", "Use lower-case letters, digits and hyphens, such as smith24a.")],
        help_text="The last part of the paper’s address at the publisher. Leave empty to use the predicted one.",
    )

    licence = models.CharField(
        max_length=200,
        blank=True,
        help_text=(
            "As the submission system states it. The agreement grants CC BY 4.0. If this is another licence, ask the "
            "authors before they sign, then clear this field."
        ),
    )

    class Meta:
        ordering = ["volume", "position", "key"]
        constraints = [
            models.UniqueConstraint(fields=["volume", "key"], name="paper_key_unique_in_volume"),
            models.UniqueConstraint(
                fields=["volume", "submission"], condition=~Q(submission=""), name="paper_submission_unique_in_volume"
            ),
            models.CheckConstraint(
                condition=Q(delivered_key="") | Q(delivered_key=models.F("key")), name="paper_delivered_key_stays"
            ),
            models.UniqueConstraint(
                fields=["volume", "public_id"], condition=~Q(public_id=""), name="paper_public_id_unique_in_volume"
            ),
            models.CheckConstraint(condition=Q(status__in=["accepted", "withdrawn"]), name="paper_status_known"),
            models.CheckConstraint(condition=~Q(title=""), name="paper_has_title"),
        ]
        indexes = [models.Index(fields=["volume"], condition=Q(status="withdrawn"), name="paper_withdrawn")]

    def __str__(self) -> str:
        return f"{self.key}: {self.plain_title}"

    @property
    def plain_title(self) -> str:
        """The title as people read it, with formulas in Unicode."""
        return plain_title(self.title)

    def author_with(self, address: str) -> "Author | None":
        """Return the first author with the email address, whatever its spelling."""
        key = address_key(address)
        authors = self.authors.exclude(email="").order_by("position")
        return next((author for author in authors if address_key(author.email) == key), None)

    def clean(self) -> None:
        super().clean()
        if self.delivered_key and self.key != self.delivered_key:
            raise ValidationError(
                {"key": f"The publisher has the paper as {self.delivered_key}. The key can no longer change."}
            )


class PaperFile(models.Model):
    """A paper's PDF or supplement. The bytes are in private storage, under a name whose content never changes."""

    paper = models.ForeignKey(Paper, models.PROTECT, related_name="files")
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in Kind])
    extension = models.CharField(max_length=10, help_text="In lower case, such as pdf or tar.gz.")
    original_name = models.CharField(max_length=255, help_text="Name of the uploaded file.")
    stored_as = models.CharField(max_length=300, help_text="Its name in private storage.")
    size = models.PositiveBigIntegerField(help_text="In bytes.")
    crc32 = models.PositiveBigIntegerField(help_text="CRC-32 for zip archives, computed on upload.")
    sha256 = models.CharField(max_length=64)
    pages = models.PositiveIntegerField(default=0, help_text="Of a PDF; 0 for anything else.")
    first_page = models.TextField(blank=True, help_text="Beginning of the text on a PDF’s first page.")
    own_title = models.CharField(max_length=300, blank=True, help_text="Title in the PDF’s metadata.")

    class Meta:
        ordering = ["paper", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["paper", "kind"], name="one_file_of_a_kind_per_paper"),
            models.CheckConstraint(condition=Q(kind__in=["paper", "supplement"]), name="paper_file_kind_known"),
            models.CheckConstraint(
                condition=~Q(kind="paper") | Q(extension="pdf", pages__gt=0), name="paper_file_is_a_pdf"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """File name at the publisher: ``smith24.pdf`` or ``smith24-supp.zip``. Needs the paper loaded."""
        return f"{self.paper.key}{'-supp' if self.kind == Kind.SUPPLEMENT else ''}.{self.extension}"


class Author(models.Model):
    """One author of one paper, in the order of the title page. The parts of the name are BibTeX's."""

    paper = models.ForeignKey(Paper, models.CASCADE, related_name="authors")
    position = models.PositiveSmallIntegerField(help_text="1 for the first author.")
    given = models.CharField("given names", max_length=200, blank=True)
    particle = models.CharField(max_length=60, blank=True, help_text="von, van der, de la …")
    family = models.CharField(
        "family name", max_length=200, help_text="For a group, or a person with one name, the whole name."
    )
    suffix = models.CharField(max_length=30, blank=True, help_text="Jr, III …")
    email = AddressField("email address", blank=True)
    affiliation = models.CharField(max_length=300, blank=True)
    orcid = models.CharField(
        "ORCID iD",
        max_length=19,
        blank=True,
        validators=[validate_orcid],
    )
    profile = models.CharField(
        "OpenReview profile", max_length=120, blank=True, help_text="The ID of the profile, such as ~Ana_Cruz1."
    )
    is_corresponding = models.BooleanField(
        "corresponding author", default=False, help_text="Signs the agreement for all authors."
    )

    class Meta:
        ordering = ["paper", "position"]
        constraints = [
            models.UniqueConstraint(fields=["paper", "position"], name="author_position_unique"),
            models.UniqueConstraint(
                fields=["paper"],
                condition=Q(is_corresponding=True),
                name="one_corresponding_author",
                violation_error_message="A paper can have only one corresponding author.",
            ),
            models.CheckConstraint(
                condition=Q(is_corresponding=False) | ~Q(email=""),
                name="corresponding_author_has_address",
                violation_error_message="The corresponding author has no email address. Enter one.",
            ),
            models.CheckConstraint(condition=~Q(family=""), name="author_has_family_name"),
        ]

    def __str__(self) -> str:
        return self.display

    @property
    def name(self) -> Name:
        return Name(given=self.given, particle=self.particle, family=self.family, suffix=self.suffix)

    @property
    def display(self) -> str:
        """The name in the usual order: ``First von Last, Jr``."""
        return str(self.name)
