"""Models and columns get the names of the glossary; every row stays.

The triggers come off first, for they name the old tables and columns; 0020 puts them on again under the new names.
"""

import importlib

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

OLD_TRIGGERS = [
    ("agreements_event", "agreements_event_no_update"),
    ("agreements_event", "agreements_event_no_delete"),
    ("agreements_agreementtext", "agreements_agreementtext_no_update"),
    ("agreements_agreementtext", "agreements_agreementtext_no_delete"),
    ("agreements_sealcertificate", "agreements_sealcertificate_no_update"),
    ("agreements_sealcertificate", "agreements_sealcertificate_no_delete"),
    ("agreements_showncopy", "agreements_showncopy_no_update"),
    ("agreements_showncopy", "agreements_showncopy_no_delete"),
    ("agreements_scan", "agreements_scan_no_update"),
    ("agreements_scan", "agreements_scan_no_delete"),
    ("agreements_agreement", "agreements_agreement_no_delete"),
    ("agreements_agreement", "agreements_agreement_frozen"),
    ("agreements_agreement", "agreements_agreement_signed"),
    ("agreements_agreement", "agreements_agreement_sealed"),
    ("agreements_note", "agreements_note_no_update"),
    ("agreements_note", "agreements_note_no_delete"),
    ("agreements_message", "agreements_message_no_delete"),
]


def remove_triggers(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table, name in OLD_TRIGGERS:
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}" + (f" ON {table}" if postgresql else ""), params=None)


def restore_triggers(apps, schema_editor):
    """Back to the triggers of 0002 to 0016: code of that time relies on them, and so do the ways back beyond it."""
    first, *later = (
        importlib.import_module(f"agreements.migrations.{name}")
        for name in ("0002_guards", "0005_mail", "0011_notes_and_jobs", "0016_paper_forms")
    )
    for statement in first.STATEMENTS[schema_editor.connection.vendor]():
        if statement.startswith("CREATE TRIGGER"):  # the function of PostgreSQL is still there
            schema_editor.execute(statement, params=None)
    for migration in later:
        migration.guard(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0018_signer_index"),
        ("proceedings", "0010_plain_names"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(remove_triggers, restore_triggers),
        migrations.RenameModel("Job", "BulkJob"),
        migrations.RenameModel("JobItem", "BulkJobItem"),
        migrations.RenameModel("Addressee", "EmailAddress"),
        migrations.RenameModel("OwnWords", "EmailTemplate"),
        migrations.RenameModel("Round", "JobRun"),
        migrations.RenameModel("Person", "RecipientSettings"),
        migrations.RenameModel("ShownCopy", "ShownForm"),
        migrations.RenameModel("Proposal", "ChangeRequest"),
        migrations.RenameModel("Flaw", "CheckResult"),
        migrations.RenameModel("StandIn", "NonAuthorSigner"),
        migrations.RenameModel("Scan", "SignedForm"),
        migrations.RenameModel("Terms", "SigningSettings"),
        migrations.RemoveConstraint("agreement", "signature_has_evidence"),
        migrations.RemoveConstraint("correction", "settled_correction_is_stamped"),
        migrations.RemoveConstraint("edit", "settled_edit_is_stamped"),
        migrations.RemoveConstraint("emailaddress", "stopped_address_has_reason"),
        migrations.RemoveConstraint("message", "one_message_per_slot"),
        migrations.RemoveConstraint("message", "one_message_per_volume_slot"),
        migrations.RemoveConstraint("changerequest", "settled_proposal_is_stamped"),
        migrations.RemoveConstraint("changerequest", "one_open_proposal_of_a_kind"),
        migrations.RemoveConstraint("signingsettings", "terms_hours_in_order"),
        migrations.RemoveIndex("agreement", "agreement_to_chase"),
        migrations.RenameField("agreement", "look_at", "next_check_at"),
        migrations.RenameField("agreement", "scan", "signed_form"),
        migrations.RenameField("correction", "settled_at", "resolved_at"),
        migrations.RenameField("correction", "settled_by", "resolved_by"),
        migrations.RenameField("edit", "settled_at", "resolved_at"),
        migrations.RenameField("edit", "settled_by", "resolved_by"),
        migrations.RenameField("changerequest", "settled_at", "resolved_at"),
        migrations.RenameField("changerequest", "settled_by", "resolved_by"),
        migrations.RenameField("emailaddress", "stopped_at", "undeliverable_at"),
        migrations.RenameField("message", "slot", "idempotency_key"),
        migrations.RenameField("signingsettings", "no_daily", "digest_opt_outs"),
        migrations.AlterModelOptions(
            name='signingsettings',
            options={'verbose_name': 'signing settings', 'verbose_name_plural': 'signing settings'},
        ),
        migrations.AlterField(
            model_name='changerequest',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='change_requests', to='agreements.agreement'),
        ),
        migrations.AlterField(
            model_name='checkresult',
            name='paper',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='check_result', to='proceedings.paper'),
        ),
        migrations.AlterField(
            model_name='nonauthorsigner',
            name='author',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='non_author_signer', to='proceedings.author'),
        ),
        migrations.AlterField(
            model_name='signedform',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signed_forms', to='agreements.agreement'),
        ),
        migrations.AlterField(
            model_name='signingsettings',
            name='volume',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='signing_settings', to='proceedings.volume'),
        ),
        migrations.AddIndex(
            model_name='agreement',
            index=models.Index(condition=models.Q(('next_check_at__isnull', False)), fields=['next_check_at'], name='agreement_next_check'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(('signed_at__isnull', True), models.Q(models.Q(('typed_name', ''), _negated=True), models.Q(('shown_sha256', ''), _negated=True), ('issued_at__isnull', False), models.Q(models.Q(models.Q(('consent', ''), _negated=True), models.Q(('authority', ''), _negated=True), ('signed_form__isnull', True)), models.Q(('dated__isnull', False), ('received_at__isnull', False), ('signed_form__isnull', False), models.Q(('date_written', ''), _negated=True)), _connector='OR')), _connector='OR'), name='signature_has_evidence'),
        ),
        migrations.AddConstraint(
            model_name='changerequest',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('agreement', 'kind'), name='one_open_change_request_of_a_kind'),
        ),
        migrations.AddConstraint(
            model_name='changerequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('resolved_at__isnull', True), ('state', 'open')), models.Q(('resolved_at__isnull', False), ('state__in', ['accepted', 'refused']), models.Q(('resolved_by', ''), _negated=True)), _connector='OR'), name='resolved_change_request_is_stamped'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('resolved_at__isnull', True), ('state', 'open')), models.Q(('resolved_at__isnull', False), ('state__in', ['approved', 'refused', 'applied']), models.Q(('resolved_by', ''), _negated=True)), _connector='OR'), name='resolved_correction_is_stamped'),
        ),
        migrations.AddConstraint(
            model_name='edit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('resolved_at__isnull', True), ('state__in', ['noted', 'open'])), models.Q(('resolved_at__isnull', False), ('state__in', ['confirmed', 'declined', 'undone']), models.Q(('resolved_by', ''), _negated=True)), _connector='OR'), name='resolved_edit_is_stamped'),
        ),
        migrations.AddConstraint(
            model_name='emailaddress',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), ('undeliverable_at__isnull', True)), models.Q(('undeliverable_at__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='undeliverable_address_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('agreement', 'idempotency_key'), name='one_message_per_key'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('volume', 'idempotency_key'), name='one_message_per_volume_key'),
        ),
        migrations.AddConstraint(
            model_name='signingsettings',
            constraint=models.CheckConstraint(condition=models.Q(('from_hour__lt', models.F('to_hour'))), name='reminder_hours_in_order', violation_error_message='The hours of reminders end before they begin.'),
        ),
    ]
