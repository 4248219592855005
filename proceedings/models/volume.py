"""What is published: volumes, their papers, the papers' authors. Who allowed it is the other app's business."""

from typing import Self
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_totp.models import TOTPDevice

from proceedings.bibtex.names import Name
from proceedings.publisher.filenames import Kind


def a_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(f"{value!r} is not a time zone. Give an IANA name such as Europe/Paris.")


class User(AbstractUser):
    """Somebody who works at the desk."""

    zone = models.CharField(
        "time zone",
        max_length=60,
        default="UTC",
        validators=[a_zone],
        help_text="IANA name, such as Europe/Paris. Times are shown in it beside UTC.",
    )


class Authenticator(TOTPDevice):
    """Somebody's app for time-based codes. The row holds a seed: without `SECRET_KEY` a stolen table makes no code."""

    class Meta:
        proxy = True

    @property
    def bin_key(self) -> bytes:
        """The secret that the app shares, 20 bytes as RFC 4226 recommends (section 4, R6)."""
        return salted_hmac("desk.authenticator", self.key, algorithm="sha256").digest()[:20]


class RecoveryCode(models.Model):
    """Stands in for one code of a lost app, once. Only its SHA-256 is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_unique")]

    def __str__(self) -> str:
        return f"recovery code of {self.user}"


class ResetRequest(models.Model):
    """Somebody asked for a new password. Whether there is such an account is found out when nobody can time it."""

    email = models.EmailField()
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_reset_at_a_time")]

    def __str__(self) -> str:
        return f"new password asked for at {self.asked_at}"


class VolumeQuerySet(models.QuerySet["Volume"]):
    def editable_by(self, user: User) -> Self:
        """The volumes on `user`'s desk: all for a superuser, else those they edit."""
        if user.is_superuser:
            return self
        return self.filter(editors=user)

    def visible_to(self, user: User) -> Self:
        """Those, and the ones that `user` assists with."""
        if user.is_superuser:
            return self
        return self.filter(Q(pk__in=user.volumes.values("pk")) | Q(pk__in=user.assisted.values("pk")))


class Volume(models.Model):
    """One volume of proceedings, with the fields of the publisher's ``@Proceedings`` entry (PMLR spec, section 1)."""

    number = models.PositiveIntegerField("volume number", unique=True, help_text="The publisher's number, such as 247.")
    bib_key = models.CharField(
        "BibTeX key", max_length=100, help_text="Key of the @Proceedings entry, such as COLT2024."
    )
    name = models.CharField(
        max_length=300, help_text="The conference, such as The 37th Annual Conference on Learning Theory."
    )
    shortname = models.CharField("short name", max_length=60, help_text="Acronym without year, such as COLT.")
    booktitle = models.CharField(max_length=300, help_text="Proceedings of …, as it appears in citations.")
    year = models.PositiveSmallIntegerField(help_text="Year of the conference; paper keys end in its last two digits.")
    start = models.DateField(null=True, blank=True, help_text="First day of the conference.")
    end = models.DateField(null=True, blank=True, help_text="Last day of the conference.")
    address = models.CharField("place", max_length=300, blank=True, help_text="Venue, city, country.")
    conference_url = models.URLField("conference URL", max_length=300, blank=True)
    published = models.DateField(
        null=True, blank=True, help_text="Date of publication; clause 7 is met from this day on."
    )
    editor_names = models.JSONField(
        "volume editors' names",
        default=list,
        blank=True,
        help_text='As published, each "von Last, Jr, First", in order.',
    )
    sections = models.JSONField(default=list, blank=True, help_text="Names of the sections, in order.")
    extra = models.JSONField(
        "further BibTeX fields",
        default=dict,
        blank=True,
        help_text="Fields that the desk does not use, kept and written back.",
    )
    columns = models.JSONField(
        default=dict, editable=False, help_text="What its last table called the columns that the desk asks for."
    )
    editors = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="volumes",
        verbose_name="editors at the desk",
        help_text="Who may see and run this volume. Only a superuser changes this.",
    )
    assistants = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="assisted",
        help_text="Who may see this volume and remind its authors, and change nothing. Only a superuser changes this.",
    )

    objects = VolumeQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end__isnull=True) | Q(start__isnull=True) | Q(end__gte=models.F("start")),
                name="volume_ends_after_it_starts",
                violation_error_message="The last day of the conference is before its first day.",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.number} {self.shortname} {self.year}"


class Paper(models.Model):
    """One article of a volume. It has at most one live agreement, in the other app."""

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
        help_text="lastnameYY, with a, b, c … where several papers share it. It names every file of the paper.",
    )
    position = models.PositiveIntegerField(default=0, help_text="Order in the volume's file.")
    title = models.CharField(max_length=500, help_text="In Unicode; mathematics stays as LaTeX between dollar signs.")
    title_latex = models.TextField("title in LaTeX", help_text="As the publisher's BibTeX file has it.")
    abstract = models.TextField("abstract in LaTeX", blank=True)
    pages = models.CharField(max_length=40, blank=True, help_text="First and last page, such as 1--21.")
    section = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.ACCEPTED)
    extra = models.JSONField(
        "further BibTeX fields",
        default=dict,
        blank=True,
        help_text="Fields such as openreview, software or video, kept and written back.",
    )
    submission = models.CharField(
        "submission number",
        max_length=120,
        blank=True,
        help_text="What the submission system calls the paper; by it a second import finds the paper again.",
    )
    delivered_key = models.CharField(
        max_length=80,
        blank=True,
        editable=False,
        help_text="The key that the publisher has been given; from then on it stays.",
    )

    public_id = models.CharField(
        "publisher’s id",
        max_length=80,
        blank=True,
        validators=[RegexValidator(r"^[a-z0-9-]+\Z", "Small letters, digits and hyphens, such as smith24a.")],
        help_text="What the published paper is called in its address. Empty: as predicted.",
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
        return f"{self.key}: {self.title}"

    def clean(self) -> None:
        super().clean()
        if self.delivered_key and self.key != self.delivered_key:
            raise ValidationError({"key": f"The publisher has the paper as {self.delivered_key}: the key stays."})


class PaperFile(models.Model):
    """A paper's PDF or supplement. The bytes lie in private storage; the name there never changes its content."""

    paper = models.ForeignKey(Paper, models.PROTECT, related_name="files")
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in Kind])
    extension = models.CharField(max_length=10, help_text="In small letters, such as pdf or tar.gz.")
    original_name = models.CharField(max_length=255, help_text="What the file was called when it came in.")
    stored_as = models.CharField(max_length=300, help_text="Its name in private storage.")
    size = models.PositiveBigIntegerField(help_text="In bytes.")
    crc32 = models.PositiveBigIntegerField(help_text="As zip archives have it: computed once, when the file came in.")
    sha256 = models.CharField(max_length=64)
    pages = models.PositiveIntegerField(default=0, help_text="Of a PDF; 0 for anything else.")
    first_page = models.TextField(blank=True, help_text="The beginning of the text of a PDF's first page.")
    own_title = models.CharField(max_length=300, blank=True, help_text="What a PDF calls its title.")

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
        """What the publisher gets it as: ``smith24.pdf`` or ``smith24-supp.zip``. Needs the paper loaded."""
        return f"{self.paper.key}{'-supp' if self.kind == Kind.SUPPLEMENT else ''}.{self.extension}"


class Author(models.Model):
    """One author of one paper, in the order of the title page. Name parts are those of BibTeX."""

    paper = models.ForeignKey(Paper, models.CASCADE, related_name="authors")
    position = models.PositiveSmallIntegerField(help_text="1 for the first author.")
    given = models.CharField("given names", max_length=200, blank=True)
    particle = models.CharField(max_length=60, blank=True, help_text="von, van der, de la …")
    family = models.CharField(
        "family name", max_length=200, help_text="The whole name for people with one name and for groups."
    )
    suffix = models.CharField(max_length=30, blank=True, help_text="Jr, III …")
    email = models.EmailField(blank=True)
    affiliation = models.CharField(max_length=300, blank=True)
    orcid = models.CharField(
        "ORCID iD",
        max_length=19,
        blank=True,
        validators=[RegexValidator(r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]\Z", "An ORCID iD looks like 0000-0002-1825-0097.")],
    )
    is_contact = models.BooleanField(
        "corresponding author", default=False, help_text="Signs the agreement for all authors."
    )

    class Meta:
        ordering = ["paper", "position"]
        constraints = [
            models.UniqueConstraint(fields=["paper", "position"], name="author_position_unique"),
            models.UniqueConstraint(
                fields=["paper"],
                condition=Q(is_contact=True),
                name="one_contact_per_paper",
                violation_error_message="A paper has one corresponding author.",
            ),
            models.CheckConstraint(
                condition=Q(is_contact=False) | ~Q(email=""),
                name="contact_has_address",
                violation_error_message="The corresponding author needs an e-mail address.",
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
        """The name as people write it: ``First von Last, Jr``."""
        return str(self.name)


class Attempt(models.Model):
    """One use of something that may be done only so often. Whose it was is kept as a keyed digest."""

    limit = models.CharField(max_length=20)
    subject = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["limit", "subject", "at"], name="attempts_in_window"),
            models.Index(fields=["at"], name="attempts_to_forget"),
        ]

    def __str__(self) -> str:
        return f"{self.limit} at {self.at}"


class NameQuestion(models.Model):
    """A name that an import was not sure of, and what a person made of it; asked once for a volume, ever.

    The parts are the name as it was read. An answer holds for the authors of that name, and for later imports.
    """

    volume = models.ForeignKey(Volume, models.PROTECT, related_name="name_questions")
    given = models.CharField(max_length=200, blank=True)
    particle = models.CharField(max_length=60, blank=True)
    family = models.CharField(max_length=200)
    suffix = models.CharField(max_length=30, blank=True)
    reason = models.CharField(max_length=500, help_text="What is odd about it.")
    proposal = models.CharField(max_length=500, blank=True, help_text="What may have been meant, as Last, First.")
    grave = models.BooleanField(default=False, help_text="The proposal is likely, so the name is likely wrong.")
    answer = models.CharField(max_length=500, blank=True, help_text="What it is, as Last, First.")
    settled_by = models.CharField(max_length=200, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-grave", "family", "given", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["volume", "family", "given", "particle", "suffix"], name="one_question_about_a_name"
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, answer="")
                | (Q(settled_at__isnull=False) & ~Q(answer="") & ~Q(settled_by="")),
                name="settled_name_has_answer",
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def name(self) -> Name:
        return Name(given=self.given, particle=self.particle, family=self.family, suffix=self.suffix)
