"""The tables of volumes, papers, files and accounts, as they are after 0001 to 0011."""

import django.contrib.auth.models
import django.contrib.auth.validators
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import proceedings.models.accounts
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("proceedings", "0001_initial"),
        ("proceedings", "0002_paper_files"),
        ("proceedings", "0003_desk_people"),
        ("proceedings", "0004_attempts"),
        ("proceedings", "0005_two_step"),
        ("proceedings", "0006_planner_indexes"),
        ("proceedings", "0007_search"),
        ("proceedings", "0008_name_questions"),
        ("proceedings", "0009_public_id"),
        ("proceedings", "0010_plain_names"),
        ("proceedings", "0011_plain_labels"),
    ]

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email address")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                ("date_joined", models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined")),
                (
                    "zone",
                    models.CharField(
                        default="UTC",
                        help_text="IANA name, such as Europe/Paris. We show times in this zone beside UTC.",
                        max_length=60,
                        validators=[proceedings.models.accounts.validate_time_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "abstract": False,
            },
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recovery_codes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "digest"), name="recovery_code_unique")],
            },
        ),
        migrations.CreateModel(
            name="ResetRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                ("asked_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.text.Lower("email"), name="one_reset_at_a_time")
                ],
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("limit", models.CharField(max_length=20)),
                ("subject", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["limit", "subject", "at"], name="attempts_in_window"),
                    models.Index(fields=["at"], name="attempts_to_forget"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Volume",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "number",
                    models.PositiveIntegerField(
                        help_text="The publisher's number, such as 247.", unique=True, verbose_name="volume number"
                    ),
                ),
                (
                    "bib_key",
                    models.CharField(
                        help_text="Key of the @Proceedings entry, such as COLT2024.",
                        max_length=100,
                        verbose_name="BibTeX key",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="The conference, such as The 37th Annual Conference on Learning Theory.",
                        max_length=300,
                    ),
                ),
                (
                    "shortname",
                    models.CharField(
                        help_text="Acronym without year, such as COLT.", max_length=60, verbose_name="short name"
                    ),
                ),
                (
                    "booktitle",
                    models.CharField(help_text="Proceedings of …, as it appears in citations.", max_length=300),
                ),
                (
                    "year",
                    models.PositiveSmallIntegerField(
                        help_text="Year of the conference; paper keys end in its last two digits."
                    ),
                ),
                ("start", models.DateField(blank=True, help_text="First day of the conference.", null=True)),
                ("end", models.DateField(blank=True, help_text="Last day of the conference.", null=True)),
                (
                    "address",
                    models.CharField(
                        blank=True, help_text="Venue, city, country.", max_length=300, verbose_name="place"
                    ),
                ),
                ("conference_url", models.URLField(blank=True, max_length=300, verbose_name="conference URL")),
                (
                    "published",
                    models.DateField(
                        blank=True,
                        help_text="Publication date. From this day on, agreements do not lapse (clause 7).",
                        null=True,
                    ),
                ),
                (
                    "editor_names",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text='As published, each "von Last, Jr, First", in order.',
                        verbose_name="volume editors' names",
                    ),
                ),
                ("sections", models.JSONField(blank=True, default=list, help_text="Names of the sections, in order.")),
                (
                    "extra",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Other fields. We write them to the volume’s BibTeX file.",
                        verbose_name="further BibTeX fields",
                    ),
                ),
                (
                    "columns",
                    models.JSONField(
                        default=dict, editable=False, help_text="Columns of the volume’s last imported table."
                    ),
                ),
                (
                    "editors",
                    models.ManyToManyField(
                        blank=True,
                        help_text="They may see and change this volume. Only a superuser can change this list.",
                        related_name="volumes",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="volume editors",
                    ),
                ),
                (
                    "assistants",
                    models.ManyToManyField(
                        blank=True,
                        help_text="They may see this volume and send reminders. Only a superuser can change this list.",
                        related_name="assisted",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end__isnull", True),
                            ("start__isnull", True),
                            ("end__gte", models.F("start")),
                            _connector="OR",
                        ),
                        name="volume_ends_after_it_starts",
                        violation_error_message="The last day of the conference is before its first day.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NameReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "volume",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="name_questions",
                        to="proceedings.volume",
                    ),
                ),
                ("given", models.CharField(blank=True, max_length=200)),
                ("particle", models.CharField(blank=True, max_length=60)),
                ("family", models.CharField(max_length=200)),
                ("suffix", models.CharField(blank=True, max_length=30)),
                ("reason", models.CharField(help_text="Why the import is unsure.", max_length=500)),
                (
                    "proposal",
                    models.CharField(blank=True, help_text="The proposed name, as Last, First.", max_length=500),
                ),
                ("grave", models.BooleanField(default=False, help_text="The imported name is probably wrong.")),
                ("answer", models.CharField(blank=True, help_text="The correct name, as Last, First.", max_length=500)),
                ("resolved_by", models.CharField(blank=True, max_length=200)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-grave", "family", "given", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("volume", "family", "given", "particle", "suffix"), name="one_question_about_a_name"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("resolved_at__isnull", True)),
                            models.Q(
                                ("resolved_at__isnull", False),
                                models.Q(("answer", ""), _negated=True),
                                models.Q(("resolved_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="resolved_name_has_answer",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Paper",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "volume",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="papers", to="proceedings.volume"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        help_text="Last name and year, such as smith24, then a, b, c … if papers share it. Every file of the paper uses it.",
                        max_length=80,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._:-]*\\Z",
                                "Use ASCII letters, digits and hyphens, such as smith24a.",
                            )
                        ],
                    ),
                ),
                ("position", models.PositiveIntegerField(default=0, help_text="Order in the volume's file.")),
                (
                    "title",
                    models.CharField(
                        help_text="In Unicode, with mathematics as LaTeX between dollar signs.", max_length=500
                    ),
                ),
                (
                    "title_latex",
                    models.TextField(help_text="As the publisher's BibTeX file has it.", verbose_name="title in LaTeX"),
                ),
                ("abstract", models.TextField(blank=True, verbose_name="abstract in LaTeX")),
                ("pages", models.CharField(blank=True, help_text="First and last page, such as 1--21.", max_length=40)),
                ("section", models.CharField(blank=True, max_length=200)),
                (
                    "status",
                    models.CharField(
                        choices=[("accepted", "Accepted"), ("withdrawn", "Withdrawn")],
                        default="accepted",
                        max_length=20,
                    ),
                ),
                (
                    "extra",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Such as openreview, software or video. We write them to the volume’s BibTeX file.",
                        verbose_name="further BibTeX fields",
                    ),
                ),
                (
                    "submission",
                    models.CharField(
                        blank=True,
                        help_text="The paper’s number in the submission system. Later imports use it to find the paper.",
                        max_length=120,
                        verbose_name="submission number",
                    ),
                ),
                (
                    "delivered_key",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="The key in the first package. It can no longer change.",
                        max_length=80,
                    ),
                ),
                (
                    "public_id",
                    models.CharField(
                        blank=True,
                        help_text="The last part of the paper’s address at the publisher. Leave empty to use the predicted one.",
                        max_length=80,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9-]+\\Z", "Use lower-case letters, digits and hyphens, such as smith24a."
                            )
                        ],
                        verbose_name="publisher ID",
                    ),
                ),
            ],
            options={
                "ordering": ["volume", "position", "key"],
                "indexes": [
                    models.Index(condition=models.Q(("status", "withdrawn")), fields=["volume"], name="paper_withdrawn")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("volume", "key"), name="paper_key_unique_in_volume"),
                    models.UniqueConstraint(
                        condition=models.Q(("submission", ""), _negated=True),
                        fields=("volume", "submission"),
                        name="paper_submission_unique_in_volume",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("delivered_key", ""), ("delivered_key", models.F("key")), _connector="OR"),
                        name="paper_delivered_key_stays",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("public_id", ""), _negated=True),
                        fields=("volume", "public_id"),
                        name="paper_public_id_unique_in_volume",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["accepted", "withdrawn"])), name="paper_status_known"
                    ),
                    models.CheckConstraint(condition=models.Q(("title", ""), _negated=True), name="paper_has_title"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaperFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "paper",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="proceedings.paper"
                    ),
                ),
                ("kind", models.CharField(choices=[("paper", "paper"), ("supplement", "supplement")], max_length=10)),
                ("extension", models.CharField(help_text="In lower case, such as pdf or tar.gz.", max_length=10)),
                ("original_name", models.CharField(help_text="Name of the uploaded file.", max_length=255)),
                ("stored_as", models.CharField(help_text="Its name in private storage.", max_length=300)),
                ("size", models.PositiveBigIntegerField(help_text="In bytes.")),
                ("crc32", models.PositiveBigIntegerField(help_text="CRC-32 for zip archives, computed on upload.")),
                ("sha256", models.CharField(max_length=64)),
                ("pages", models.PositiveIntegerField(default=0, help_text="Of a PDF; 0 for anything else.")),
                ("first_page", models.TextField(blank=True, help_text="Beginning of the text on a PDF’s first page.")),
                ("own_title", models.CharField(blank=True, help_text="Title in the PDF’s metadata.", max_length=300)),
            ],
            options={
                "ordering": ["paper", "kind"],
                "constraints": [
                    models.UniqueConstraint(fields=("paper", "kind"), name="one_file_of_a_kind_per_paper"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["paper", "supplement"])), name="paper_file_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "paper"), _negated=True),
                            models.Q(("extension", "pdf"), ("pages__gt", 0)),
                            _connector="OR",
                        ),
                        name="paper_file_is_a_pdf",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Author",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "paper",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="authors", to="proceedings.paper"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(help_text="1 for the first author.")),
                ("given", models.CharField(blank=True, max_length=200, verbose_name="given names")),
                ("particle", models.CharField(blank=True, help_text="von, van der, de la …", max_length=60)),
                (
                    "family",
                    models.CharField(
                        help_text="For a group, or a person with one name, the whole name.",
                        max_length=200,
                        verbose_name="family name",
                    ),
                ),
                ("suffix", models.CharField(blank=True, help_text="Jr, III …", max_length=30)),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email address")),
                ("affiliation", models.CharField(blank=True, max_length=300)),
                (
                    "orcid",
                    models.CharField(
                        blank=True,
                        max_length=19,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^\\d{4}-\\d{4}-\\d{4}-\\d{3}[\\dX]\\Z", "An ORCID iD looks like 0000-0002-1825-0097."
                            )
                        ],
                        verbose_name="ORCID iD",
                    ),
                ),
                (
                    "is_corresponding",
                    models.BooleanField(
                        default=False,
                        help_text="Signs the agreement for all authors.",
                        verbose_name="corresponding author",
                    ),
                ),
            ],
            options={
                "ordering": ["paper", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("paper", "position"), name="author_position_unique"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_corresponding", True)),
                        fields=("paper",),
                        name="one_corresponding_author",
                        violation_error_message="A paper can have only one corresponding author.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_corresponding", False), models.Q(("email", ""), _negated=True), _connector="OR"
                        ),
                        name="corresponding_author_has_address",
                        violation_error_message="The corresponding author has no email address. Enter one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("family", ""), _negated=True), name="author_has_family_name"
                    ),
                ],
            },
        ),
    ]
