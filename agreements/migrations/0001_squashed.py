"""The tables of agreements, emails, requests and jobs, as they are after 0001 to 0021.

The triggers that protect them are in `0002_squashed_guards`.
"""

import agreements.domain.states
import agreements.models.signing_settings
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("agreements", "0001_initial"),
        ("agreements", "0002_guards"),
        ("agreements", "0003_requests_and_proposals"),
        ("agreements", "0004_coauthors"),
        ("agreements", "0005_mail"),
        ("agreements", "0006_attempts"),
        ("agreements", "0007_waive"),
        ("agreements", "0008_packages"),
        ("agreements", "0009_languages"),
        ("agreements", "0010_stand_ins"),
        ("agreements", "0011_notes_and_jobs"),
        ("agreements", "0012_planner_indexes"),
        ("agreements", "0013_policy"),
        ("agreements", "0014_search"),
        ("agreements", "0015_edits_and_corrections"),
        ("agreements", "0016_paper_forms"),
        ("agreements", "0017_flaws"),
        ("agreements", "0018_signer_index"),
        ("agreements", "0019_plain_names"),
        ("agreements", "0020_guards"),
        ("agreements", "0021_plain_labels"),
    ]

    initial = True

    dependencies = [
        ("proceedings", "0001_squashed"),
    ]

    operations = [
        migrations.CreateModel(
            name="AgreementText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.SlugField(max_length=40, unique=True)),
                ("body", models.TextField()),
                ("digest", models.CharField(help_text="SHA-256 of the body in UTF-8.", max_length=64)),
            ],
            options={
                "ordering": ["version"],
            },
        ),
        migrations.CreateModel(
            name="SealCertificate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("fingerprint", models.CharField(help_text="SHA-256 of the certificate.", max_length=64, unique=True)),
                ("pem", models.TextField()),
                ("first_used_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="EmailAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.EmailField(max_length=254, unique=True)),
                (
                    "undeliverable_at",
                    models.DateTimeField(blank=True, help_text="When a mail server rejected it for good.", null=True),
                ),
                ("reason", models.TextField(blank=True, help_text="The mail server’s answer.")),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        help_text="Language of the page that its owner last used; emails use it.",
                        max_length=10,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), ("undeliverable_at__isnull", True)),
                            models.Q(("undeliverable_at__isnull", False), models.Q(("reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="undeliverable_address_has_reason",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="JobRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=20, unique=True)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="LinkRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "digest",
                    models.CharField(blank=True, help_text="SHA-256 of the token of the old link.", max_length=64),
                ),
                (
                    "reference",
                    models.CharField(
                        blank=True, help_text="The agreement’s reference, if no link was given.", max_length=140
                    ),
                ),
                ("asked_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("digest", "reference"), name="one_request_at_a_time")],
            },
        ),
        migrations.CreateModel(
            name="Package",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "volume",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="packages", to="proceedings.volume"
                    ),
                ),
                (
                    "which",
                    models.CharField(
                        choices=[("public", "public package"), ("permissions", "permissions package")], max_length=12
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "queued"),
                            ("running", "in progress"),
                            ("done", "ready to download"),
                            ("failed", "failed"),
                            ("pruned", "deleted: a newer one exists"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                (
                    "partial",
                    models.BooleanField(
                        default=False, help_text="Made of the ready papers only, and labelled as partial."
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=200)),
                ("claim", models.UUIDField(blank=True, help_text="Token of the worker that holds it.", null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "fingerprint",
                    models.CharField(blank=True, help_text="Digest of the data it is made from.", max_length=64),
                ),
                ("total", models.PositiveIntegerField(default=0, help_text="Number of files it will contain.")),
                ("done", models.PositiveIntegerField(default=0, help_text="Number of files written to disk.")),
                ("size", models.PositiveBigIntegerField(default=0, help_text="Bytes written to disk.")),
                ("complete", models.BooleanField(default=False, help_text="The volume was ready when it was made.")),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["-asked_at", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=["asked_at"],
                        name="package_to_make",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=("volume", "which"),
                        name="one_package_under_way",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "running"), _negated=True),
                            models.Q(("claim__isnull", False), ("lease_until__isnull", False)),
                            _connector="OR",
                        ),
                        name="running_package_has_holder",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["done", "pruned"]), _negated=True),
                            models.Q(models.Q(("sha256", ""), _negated=True), ("finished_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="finished_package_has_digest",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("error", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="failed_package_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NonAuthorSigner",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "author",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="non_author_signer",
                        to="proceedings.author",
                    ),
                ),
                ("name", models.CharField(help_text="As printed on the form.", max_length=200)),
                ("email", models.EmailField(max_length=254)),
                ("named_at", models.DateTimeField()),
                ("named_by", models.CharField(help_text="The editor who accepted this signer.", max_length=200)),
            ],
            options={
                "verbose_name": "non-author signer",
                "ordering": ["-named_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="SigningSettings",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "volume",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="signing_settings",
                        to="proceedings.volume",
                    ),
                ),
                ("deadline", models.DateField(help_text="Last day to sign.")),
                (
                    "zone",
                    models.CharField(
                        default="Etc/GMT+12",
                        help_text="IANA name, such as Europe/Paris. Etc/GMT+12 is “anywhere on Earth”.",
                        max_length=60,
                        validators=[agreements.models.signing_settings.known_zone],
                        verbose_name="time zone of the deadline",
                    ),
                ),
                (
                    "offsets",
                    models.JSONField(
                        default=agreements.models.signing_settings.default_offsets,
                        help_text="Days before (-) and after (+) the deadline, such as [-7, -1, 3].",
                        validators=[agreements.models.signing_settings.whole_days],
                        verbose_name="reminder days",
                    ),
                ),
                (
                    "most_reminders",
                    models.PositiveSmallIntegerField(
                        default=8,
                        help_text="For each agreement.",
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(30),
                        ],
                        verbose_name="maximum number of reminders",
                    ),
                ),
                (
                    "preset",
                    models.CharField(
                        choices=[
                            ("gentle", "few reminders"),
                            ("standard", "standard"),
                            ("urgent", "many reminders"),
                            ("own", "custom"),
                        ],
                        default="standard",
                        help_text="Sets the four values below. If you change one, the schedule becomes custom.",
                        max_length=10,
                        verbose_name="reminder schedule",
                    ),
                ),
                (
                    "coauthors_after",
                    models.PositiveSmallIntegerField(
                        default=4,
                        help_text="Number of reminders without an answer.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(30),
                        ],
                        verbose_name="ask co-authors after",
                    ),
                ),
                (
                    "editors_after",
                    models.PositiveSmallIntegerField(
                        default=5,
                        help_text="Number of reminders without an answer. The overview and the daily digest then list the paper.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(30),
                        ],
                        verbose_name="tell editors after",
                    ),
                ),
                (
                    "office_zone",
                    models.CharField(
                        default="UTC",
                        help_text="We send reminders in the working hours of this zone, or of the author’s own zone if known.",
                        max_length=60,
                        validators=[agreements.models.signing_settings.known_zone],
                        verbose_name="time zone of emails",
                    ),
                ),
                (
                    "from_hour",
                    models.PositiveSmallIntegerField(
                        default=9,
                        help_text="Hour, 0 to 24.",
                        validators=[django.core.validators.MaxValueValidator(23)],
                        verbose_name="send reminders from",
                    ),
                ),
                (
                    "to_hour",
                    models.PositiveSmallIntegerField(
                        default=17,
                        help_text="Hour, 0 to 24.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(24),
                        ],
                        verbose_name="send reminders until",
                    ),
                ),
                (
                    "weekend",
                    models.JSONField(
                        blank=True,
                        default=agreements.models.signing_settings.default_weekend,
                        help_text="Such as [6, 7] for the weekend: 1 is Monday, 7 is Sunday.",
                        validators=[agreements.models.signing_settings.week_days],
                        verbose_name="days without reminders",
                    ),
                ),
                (
                    "paused_until",
                    models.DateTimeField(
                        blank=True, editable=False, help_text="No reminders before this time.", null=True
                    ),
                ),
                (
                    "daily_at",
                    models.DateTimeField(
                        blank=True,
                        db_index=True,
                        editable=False,
                        help_text="When a scheduled job next checks the daily digest.",
                        null=True,
                    ),
                ),
                (
                    "tell_authors",
                    models.BooleanField(
                        default=True,
                        help_text="After the signature, we email the co-authors. They have 14 days to object.",
                        verbose_name="tell the co-authors",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        default="en",
                        help_text="Used until an author chooses another language. Emails to editors are in English.",
                        max_length=10,
                        validators=[agreements.models.signing_settings.known_language],
                        verbose_name="language of emails",
                    ),
                ),
                (
                    "reply_to",
                    models.EmailField(
                        blank=True,
                        help_text="Authors’ replies go to this address, such as the publication chair’s.",
                        max_length=254,
                    ),
                ),
                (
                    "revision",
                    models.PositiveSmallIntegerField(
                        default=1,
                        editable=False,
                        help_text="Number of the deadline: each new deadline has its own reminders.",
                    ),
                ),
                (
                    "digest_opt_outs",
                    models.ManyToManyField(
                        blank=True,
                        editable=False,
                        help_text="Editors who do not get the daily digest.",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "signing settings",
                "verbose_name_plural": "signing settings",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("from_hour__lt", models.F("to_hour"))),
                        name="reminder_hours_in_order",
                        violation_error_message="The reminder hours end before they begin. Correct one of them.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RecipientSettings",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "volume",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="people", to="proceedings.volume"
                    ),
                ),
                ("address", models.EmailField(help_text="In lower case.", max_length=254)),
                (
                    "zone",
                    models.CharField(
                        blank=True,
                        max_length=60,
                        validators=[agreements.models.signing_settings.known_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "paused_until",
                    models.DateTimeField(
                        blank=True, help_text="No reminders to this person before this time.", null=True
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("volume", "address"), name="one_person_per_address")],
            },
        ),
        migrations.CreateModel(
            name="EmailTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "volume",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="own_words", to="proceedings.volume"
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                (
                    "body",
                    models.TextField(
                        blank=True,
                        help_text="Replaces the standard text between greeting and signature.",
                        verbose_name="text",
                    ),
                ),
                (
                    "extra",
                    models.TextField(
                        blank=True, help_text="Added before the signature.", verbose_name="extra paragraph"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("volume", "kind"), name="one_wording_per_kind")],
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "paper",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="proceedings.paper"
                    ),
                ),
                ("at", models.DateTimeField(help_text="UTC.")),
                ("by", models.CharField(help_text="Who wrote it: an editor or an assistant.", max_length=200)),
                ("text", models.TextField()),
            ],
            options={
                "ordering": ["at", "pk"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("text", ""), _negated=True), name="note_says_something")
                ],
            },
        ),
        migrations.CreateModel(
            name="CheckResult",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "paper",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="check_result", to="proceedings.paper"
                    ),
                ),
                ("errors", models.PositiveSmallIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="BulkJob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "volume",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="jobs", to="proceedings.volume"
                    ),
                ),
                ("verb", models.CharField(max_length=20)),
                ("reason", models.TextField(blank=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "by",
                    models.CharField(
                        help_text="Who requested it, as the agreements’ history names them.", max_length=200
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "bulk job",
                "verbose_name_plural": "bulk jobs",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(condition=models.Q(("ended_at__isnull", True)), fields=["id"], name="job_under_way")
                ],
            },
        ),
        migrations.CreateModel(
            name="Agreement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reference",
                    models.CharField(help_text="Printed in the footer of every page.", max_length=140, unique=True),
                ),
                (
                    "paper",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="agreements", to="proceedings.paper"
                    ),
                ),
                (
                    "predecessor",
                    models.OneToOneField(
                        blank=True,
                        help_text="The agreement this one replaced.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="successor",
                        to="agreements.agreement",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft, not issued"),
                            ("issued", "awaiting signature"),
                            ("received", "signed form received, needs review"),
                            ("signed", "signed, seal pending"),
                            ("sealed", "signed and sealed"),
                            ("declined", "declined by the author"),
                            ("lapsed", "lapsed (clause 7)"),
                            ("superseded", "replaced by a newer agreement"),
                            ("voided", "voided by an editor"),
                            ("waived", "waived, no signature needed"),
                        ],
                        default=agreements.domain.states.Status["DRAFT"],
                        max_length=20,
                    ),
                ),
                ("text", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="agreements.agreementtext")),
                ("volume_number", models.PositiveIntegerField()),
                ("volume_name", models.CharField(max_length=300)),
                ("paper_key", models.CharField(max_length=80)),
                ("title", models.CharField(max_length=500)),
                ("authors", models.JSONField(default=list)),
                ("signer", models.CharField(max_length=500)),
                ("signer_email", models.EmailField(max_length=254)),
                ("created_at", models.DateTimeField()),
                ("issued_at", models.DateTimeField(blank=True, null=True)),
                (
                    "received_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When the signed form arrived that is under review or was accepted.",
                        null=True,
                    ),
                ),
                (
                    "signed_at",
                    models.DateTimeField(
                        blank=True, help_text="For a signed form: when an editor accepted it.", null=True
                    ),
                ),
                ("sealed_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.TextField(blank=True, help_text="Why it was declined, waived, replaced or voided.")),
                (
                    "date_written",
                    models.CharField(blank=True, help_text="The date as written on the signed form.", max_length=100),
                ),
                ("dated", models.DateField(blank=True, help_text="The written date as an editor read it.", null=True)),
                ("typed_name", models.CharField(blank=True, max_length=500)),
                ("consent", models.TextField(blank=True)),
                ("authority", models.TextField(blank=True)),
                ("shown_sha256", models.CharField(blank=True, max_length=64, verbose_name="digest of the form shown")),
                (
                    "signer_address",
                    models.GenericIPAddressField(blank=True, null=True, verbose_name="IP address at signing"),
                ),
                ("signer_agent", models.CharField(blank=True, max_length=500, verbose_name="browser at signing")),
                ("sealed_file", models.CharField(blank=True, max_length=300)),
                ("sealed_sha256", models.CharField(blank=True, max_length=64, verbose_name="digest of the sealed PDF")),
                (
                    "sealed_size",
                    models.PositiveIntegerField(
                        blank=True, help_text="In bytes.", null=True, verbose_name="size of the sealed PDF"
                    ),
                ),
                (
                    "seal_level",
                    models.CharField(
                        blank=True,
                        help_text="PAdES level: B-B, B-T (with a time-stamp) or B-LT.",
                        max_length=4,
                        verbose_name="seal level",
                    ),
                ),
                (
                    "seal_certificate",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="agreements.sealcertificate",
                    ),
                ),
                ("seal_attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "seal_after",
                    models.DateTimeField(
                        blank=True, help_text="After a failure, sealing is retried after this time.", null=True
                    ),
                ),
                ("seal_error", models.TextField(blank=True)),
                (
                    "next_check_at",
                    models.DateTimeField(
                        blank=True, help_text="When a scheduled job next checks whether a reminder is due.", null=True
                    ),
                ),
                (
                    "reminders_stopped_at",
                    models.DateTimeField(
                        blank=True, help_text="When the author opted out of reminders. They can still sign.", null=True
                    ),
                ),
                (
                    "paused_until",
                    models.DateTimeField(
                        blank=True, help_text="No reminders before this time. See `schedule.FOREVER`.", null=True
                    ),
                ),
                ("event_count", models.PositiveIntegerField(default=0)),
                ("event_head", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "ordering": ["volume_number", "paper__position", "-created_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_check_at__isnull", False)),
                        fields=["next_check_at"],
                        name="agreement_next_check",
                    ),
                    models.Index(
                        condition=models.Q(("status", "signed")), fields=["signed_at"], name="agreement_to_seal"
                    ),
                    models.Index(
                        condition=models.Q(("closed_at__isnull", True), ("signed_at__isnull", False)),
                        fields=["volume_number", "signed_at"],
                        name="agreement_to_lapse",
                    ),
                    models.Index(
                        condition=models.Q(("closed_at__isnull", True), ("dated__isnull", False)),
                        fields=["dated"],
                        name="agreement_on_paper",
                    ),
                    models.Index(fields=["volume_number", "status"], name="agreement_by_status"),
                    models.Index(django.db.models.functions.text.Lower("signer_email"), name="agreement_by_signer"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    agreements.domain.states.Status["DRAFT"],
                                    agreements.domain.states.Status["ISSUED"],
                                    agreements.domain.states.Status["RECEIVED"],
                                    agreements.domain.states.Status["SEALED"],
                                    agreements.domain.states.Status["SIGNED"],
                                    agreements.domain.states.Status["WAIVED"],
                                ],
                            )
                        ),
                        fields=("paper",),
                        name="one_live_agreement_per_paper",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    agreements.domain.states.Status["DECLINED"],
                                    agreements.domain.states.Status["DRAFT"],
                                    agreements.domain.states.Status["ISSUED"],
                                    agreements.domain.states.Status["LAPSED"],
                                    agreements.domain.states.Status["RECEIVED"],
                                    agreements.domain.states.Status["SEALED"],
                                    agreements.domain.states.Status["SIGNED"],
                                    agreements.domain.states.Status["SUPERSEDED"],
                                    agreements.domain.states.Status["VOIDED"],
                                    agreements.domain.states.Status["WAIVED"],
                                ],
                            )
                        ),
                        name="agreement_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", agreements.domain.states.Status["DRAFT"]), _negated=True),
                            models.Q(("issued_at__isnull", True), ("signed_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="draft_has_no_stamps",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["issued", "received", "declined"]), _negated=True),
                            models.Q(("issued_at__isnull", False), ("signed_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="issued_is_stamped",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "received"), _negated=True),
                            ("received_at__isnull", False),
                            _connector="OR",
                        ),
                        name="received_is_stamped",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["signed", "sealed", "lapsed"]), _negated=True),
                            models.Q(("issued_at__isnull", False), ("signed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="signed_is_stamped",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sealed_at__isnull", True),
                            models.Q(
                                models.Q(("sealed_file", ""), _negated=True),
                                models.Q(("sealed_sha256", ""), _negated=True),
                                ("seal_level__in", ["B-B", "B-T", "B-LT"]),
                                ("seal_certificate__isnull", False),
                                ("sealed_size__gt", 0),
                                ("sealed_size__isnull", False),
                                ("signed_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="seal_has_file",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "sealed"), _negated=True), ("sealed_at__isnull", False), _connector="OR"
                        ),
                        name="sealed_is_stamped",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("status__in", ["draft", "issued", "received", "signed", "declined", "waived"]),
                                _negated=True,
                            ),
                            ("sealed_at__isnull", True),
                            _connector="OR",
                        ),
                        name="unsealed_has_no_seal",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("closed_at__isnull", False),
                                (
                                    "status__in",
                                    [
                                        agreements.domain.states.Status["DECLINED"],
                                        agreements.domain.states.Status["LAPSED"],
                                        agreements.domain.states.Status["SUPERSEDED"],
                                        agreements.domain.states.Status["VOIDED"],
                                    ],
                                ),
                            ),
                            models.Q(
                                models.Q(
                                    (
                                        "status__in",
                                        [
                                            agreements.domain.states.Status["DECLINED"],
                                            agreements.domain.states.Status["LAPSED"],
                                            agreements.domain.states.Status["SUPERSEDED"],
                                            agreements.domain.states.Status["VOIDED"],
                                        ],
                                    ),
                                    _negated=True,
                                ),
                                ("closed_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="closed_is_stamped",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["voided", "superseded", "waived"]), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="closing_by_editor_has_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShownForm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shown", to="agreements.agreement"
                    ),
                ),
                ("body", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="agreements.agreement"
                    ),
                ),
                ("number", models.PositiveIntegerField(help_text="1 for the first event of the agreement.")),
                ("kind", models.CharField(max_length=40)),
                ("at", models.DateTimeField(help_text="UTC.")),
                (
                    "by",
                    models.CharField(
                        help_text="Who did it: an editor, the signer, or a scheduled job.", max_length=200
                    ),
                ),
                ("data", models.JSONField(default=dict)),
                ("previous", models.CharField(blank=True, max_length=64)),
                ("digest", models.CharField(max_length=64)),
            ],
            options={
                "ordering": ["agreement", "number"],
                "constraints": [models.UniqueConstraint(fields=("agreement", "number"), name="event_number_unique")],
            },
        ),
        migrations.CreateModel(
            name="Edit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="edits", to="agreements.agreement"
                    ),
                ),
                (
                    "what",
                    models.TextField(help_text="What you changed, and where in the paper.", verbose_name="change"),
                ),
                ("before", models.TextField(blank=True, verbose_name="text before")),
                ("after", models.TextField(blank=True, verbose_name="text after")),
                ("reason", models.TextField(blank=True, help_text="Why you changed it.")),
                ("substantive", models.BooleanField(help_text="Whether it changes what the paper says.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("noted", "not substantive"),
                            ("open", "awaiting the author’s confirmation"),
                            ("confirmed", "confirmed"),
                            ("declined", "declined by the author"),
                            ("undone", "undone"),
                        ],
                        max_length=10,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=200)),
                ("asked", models.PositiveSmallIntegerField(default=0, verbose_name="times asked")),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                ("resolved_by", models.CharField(blank=True, max_length=200)),
                ("answer", models.TextField(blank=True, help_text="The author’s comment, or the editor’s reason.")),
            ],
            options={
                "ordering": ["-made_at", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["noted", "undone"]), ("substantive", False)),
                            models.Q(("state__in", ["open", "confirmed", "declined", "undone"]), ("substantive", True)),
                            _connector="OR",
                        ),
                        name="substantive_edit_is_verified",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("resolved_at__isnull", True), ("state__in", ["noted", "open"])),
                            models.Q(
                                ("resolved_at__isnull", False),
                                ("state__in", ["confirmed", "declined", "undone"]),
                                models.Q(("resolved_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="resolved_edit_is_stamped",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="agreements.agreement",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("author", "an author of this paper"),
                            ("for-author", "acting for an author"),
                            ("editor", "an editor of this volume"),
                            ("for-editor", "acting for an editor"),
                            ("other", "another person"),
                        ],
                        max_length=10,
                        verbose_name="requested by",
                    ),
                ),
                (
                    "name",
                    models.CharField(help_text="Name of the person who asks.", max_length=300, verbose_name="name"),
                ),
                (
                    "email",
                    models.EmailField(
                        blank=True,
                        help_text="We send the answer to this address.",
                        max_length=254,
                        verbose_name="email address",
                    ),
                ),
                (
                    "on_behalf_of",
                    models.CharField(
                        blank=True,
                        help_text="Name, affiliation and GitHub name of the person you act for.",
                        max_length=300,
                        verbose_name="on behalf of",
                    ),
                ),
                (
                    "nature",
                    models.CharField(
                        choices=[
                            ("meta", "small metadata change, such as a typing error"),
                            ("pdf", "new PDF"),
                            ("content", "new content"),
                        ],
                        max_length=10,
                        verbose_name="kind of change",
                    ),
                ),
                (
                    "description",
                    models.TextField(
                        help_text="State exactly where, the current text and the new text.", verbose_name="change"
                    ),
                ),
                ("notes", models.TextField(blank=True, verbose_name="further notes")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "awaiting an editor’s decision"),
                            ("approved", "approved"),
                            ("refused", "rejected"),
                            ("applied", "published"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=200)),
                ("permitted_by", models.CharField(blank=True, max_length=300, verbose_name="permission given by")),
                ("permitted_how", models.CharField(blank=True, max_length=100, verbose_name="how it was given")),
                ("permitted_on", models.DateField(blank=True, null=True, verbose_name="given on")),
                ("correspondence", models.TextField(blank=True)),
                ("github", models.CharField(blank=True, max_length=60, verbose_name="editor’s GitHub name")),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                ("resolved_by", models.CharField(blank=True, max_length=200)),
                ("answer", models.TextField(blank=True, help_text="Why it was rejected.")),
                ("applied_at", models.DateTimeField(blank=True, null=True)),
                ("applied_by", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "ordering": ["-made_at", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("resolved_at__isnull", True), ("state", "open")),
                            models.Q(
                                ("resolved_at__isnull", False),
                                ("state__in", ["approved", "refused", "applied"]),
                                models.Q(("resolved_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="resolved_correction_is_stamped",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["approved", "applied"]), _negated=True),
                            ("nature", "meta"),
                            models.Q(
                                models.Q(("permitted_by", ""), _negated=True),
                                models.Q(("permitted_how", ""), _negated=True),
                                ("permitted_on__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="approved_correction_has_permission",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("applied_at__isnull", False),
                                ("state", "applied"),
                                models.Q(("applied_by", ""), _negated=True),
                            ),
                            models.Q(models.Q(("state", "applied"), _negated=True), ("applied_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="applied_correction_is_stamped",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), _negated=True),
                            models.Q(("answer", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="refused_correction_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="agreements.agreement",
                    ),
                ),
                (
                    "volume",
                    models.ForeignKey(
                        blank=True,
                        help_text="For an email about several papers or the whole volume.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="proceedings.volume",
                    ),
                ),
                (
                    "carrier",
                    models.ForeignKey(
                        blank=True,
                        help_text="The combined email that contains this one.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="carried",
                        to="agreements.message",
                    ),
                ),
                (
                    "details",
                    models.JSONField(
                        blank=True, default=dict, help_text="Content of the email beyond the agreement’s own data."
                    ),
                ),
                (
                    "idempotency_key",
                    models.CharField(help_text="Prevents a second copy, such as invitation or r1:T-7.", max_length=80),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invitation", "Invitation"),
                            ("reminder", "Reminder"),
                            ("last-call", "final reminder"),
                            ("unsigned", "request to a co-author"),
                            ("together", "combined email"),
                            ("receipt", "Receipt"),
                            ("declined", "confirmation of decline"),
                            ("editor-declined", "notice to editors: declined"),
                            ("fresh", "new link"),
                            ("copy", "sealed PDF, sent again"),
                            ("handed-over", "confirmation of delegation"),
                            ("editor-handed-over", "notice to editors: delegated"),
                            ("editor-proposal", "notice to editors: change request"),
                            ("proposal-refused", "answer to a change request"),
                            ("coauthor", "notice to a co-author"),
                            ("editor-objected", "notice to editors: objection"),
                            ("editor-refused", "notice to editors: undeliverable address"),
                            ("editor-stopped", "notice to editors: opted out of reminders"),
                            ("editor-daily", "daily digest"),
                            ("edit", "question about an edit"),
                            ("editor-edit", "notice to editors: answer about an edit"),
                            ("published", "address and citation"),
                            ("editor-correction", "notice to editors: correction requested"),
                            ("correction", "answer about a correction"),
                            ("editor-received", "notice to editors: signed form received"),
                            ("sent-back", "signed form sent back"),
                        ],
                        max_length=20,
                    ),
                ),
                ("recipient", models.EmailField(max_length=254)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "queued"),
                            ("claimed", "queued, with a worker"),
                            ("handing", "sending"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("unknown", "delivery unknown"),
                            ("cancelled", "Cancelled"),
                            ("skipped", "Skipped"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                (
                    "closed",
                    models.BooleanField(
                        default=False, help_text="The agreement no longer needs this email: do not send it."
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("claim", models.UUIDField(blank=True, help_text="Token of the worker that holds it.", null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("message_id", models.CharField(max_length=200, unique=True, verbose_name="Message-ID")),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(condition=models.Q(("state", "pending")), fields=["due_at"], name="message_due"),
                    models.Index(
                        condition=models.Q(("lease_until__isnull", False)),
                        fields=["lease_until"],
                        name="message_leased",
                    ),
                    models.Index(django.db.models.functions.text.Lower("recipient"), name="message_by_address"),
                    models.Index(condition=models.Q(("state", "sent")), fields=["sent_at"], name="message_sent"),
                    models.Index(condition=models.Q(("state", "failed")), fields=["due_at"], name="message_failed"),
                    models.Index(condition=models.Q(("state", "unknown")), fields=["due_at"], name="message_unknown"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("agreement", "idempotency_key"), name="one_message_per_key"),
                    models.UniqueConstraint(fields=("volume", "idempotency_key"), name="one_message_per_volume_key"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("agreement__isnull", False), ("volume__isnull", True)),
                            models.Q(("agreement__isnull", True), ("carrier__isnull", True), ("volume__isnull", False)),
                            _connector="OR",
                        ),
                        name="message_is_about_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["pending", "claimed", "handing", "sent", "failed", "unknown", "cancelled", "skipped"],
                            )
                        ),
                        name="message_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sent_at__isnull", False), ("state", "sent")),
                            models.Q(models.Q(("state", "sent"), _negated=True), ("sent_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="sent_is_stamped",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["claimed", "handing"]), _negated=True),
                            models.Q(("claim__isnull", False), ("lease_until__isnull", False)),
                            _connector="OR",
                        ),
                        name="claim_has_holder",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links", to="agreements.agreement"
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links", to="agreements.message"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("sign", "Sign"),
                            ("copy", "download the sealed PDF"),
                            ("object", "object to a co-author’s signature"),
                            ("stop", "opt out of reminders"),
                            ("edit", "confirm or decline an edit"),
                            ("correct", "request a correction"),
                        ],
                        max_length=10,
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ChangeRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="change_requests",
                        to="agreements.agreement",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("signer", "another signer"), ("facts", "another title or authors")], max_length=10
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "awaiting an editor’s decision"),
                            ("accepted", "Accepted"),
                            ("refused", "rejected"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "data",
                    models.JSONField(
                        help_text="The requested signer (name, address, author if one), or the requested title and authors."
                    ),
                ),
                ("note", models.TextField(blank=True, help_text="The author’s note.")),
                ("made_at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                ("resolved_by", models.CharField(blank=True, max_length=200)),
                ("answer", models.TextField(blank=True, help_text="Why it was rejected.")),
            ],
            options={
                "ordering": ["-made_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("agreement", "kind"),
                        name="one_open_change_request_of_a_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("resolved_at__isnull", True), ("state", "open")),
                            models.Q(
                                ("resolved_at__isnull", False),
                                ("state__in", ["accepted", "refused"]),
                                models.Q(("resolved_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="resolved_change_request_is_stamped",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SignedForm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signed_forms",
                        to="agreements.agreement",
                    ),
                ),
                ("received_at", models.DateTimeField()),
                (
                    "files",
                    models.JSONField(
                        help_text="As received: storage name, SHA-256, size, kind, pages; for photos also the picture to show."
                    ),
                ),
                ("pages", models.PositiveSmallIntegerField()),
                (
                    "pages_file",
                    models.CharField(help_text="All pages as one PDF without scripts or attachments.", max_length=300),
                ),
                ("pages_sha256", models.CharField(max_length=64, verbose_name="digest of the pages")),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="BulkJobItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="items", to="agreements.bulkjob"
                    ),
                ),
                (
                    "paper",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="proceedings.paper"
                    ),
                ),
                (
                    "agreement",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agreements.agreement",
                    ),
                ),
                (
                    "data",
                    models.JSONField(
                        default=dict,
                        help_text="What the action needs for this paper, such as its new corresponding author.",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("done", "Done"), ("refused", "skipped")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("why", models.TextField(blank=True, help_text="Why it was skipped.")),
            ],
            options={
                "ordering": ["job", "pk"],
                "indexes": [
                    models.Index(condition=models.Q(("state", "waiting")), fields=["job"], name="job_item_waiting")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("job", "paper"), name="one_item_per_paper"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), models.Q(("why", ""), _negated=True)),
                            models.Q(("state__in", ["waiting", "done"]), ("why", "")),
                            _connector="OR",
                        ),
                        name="job_item_refused_with_reason",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="Agreement",
            name="signed_form",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="agreements.signedform",
            ),
        ),
        migrations.AddConstraint(
            model_name="Agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("signed_at__isnull", True),
                    models.Q(
                        models.Q(("typed_name", ""), _negated=True),
                        models.Q(("shown_sha256", ""), _negated=True),
                        ("issued_at__isnull", False),
                        models.Q(
                            models.Q(
                                models.Q(("consent", ""), _negated=True),
                                models.Q(("authority", ""), _negated=True),
                                ("signed_form__isnull", True),
                            ),
                            models.Q(
                                ("dated__isnull", False),
                                ("received_at__isnull", False),
                                ("signed_form__isnull", False),
                                models.Q(("date_written", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="signature_has_evidence",
            ),
        ),
    ]
