"""The form signed by hand: what came in, and an agreement that stands on it. Neither ever changes.

The signature has more columns now, and SQLite makes the table of agreements anew, so its triggers are made anew too.
"""

import importlib

import django.db.models.deletion
from django.db import migrations, models

guards = importlib.import_module("agreements.migrations.0002_guards")

SIGNATURE = [*guards.SIGNATURE, "scan_id", "date_written", "dated"]
FROZEN = [(*trigger[:2], SIGNATURE if "signed" in trigger[0] else trigger[2], trigger[3]) for trigger in guards.FROZEN]
NEVER = [
    ("agreements_scan", "UPDATE", "a form that came in never changes"),
    ("agreements_scan", "DELETE", "a form that came in is never deleted"),
]
ENDING = ("agreements_agreement", "DELETE", "an agreement is never deleted: void it")


def never(table, operation, why, postgresql):
    do = f"FOR EACH ROW EXECUTE FUNCTION agreements_refuse('{why}')" if postgresql else f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
    return f"CREATE TRIGGER {guards.name(table, operation)} BEFORE {operation} ON {table} {do}"


def frozen(trigger, when, columns, why, postgresql):
    differs = "IS DISTINCT FROM" if postgresql else "IS NOT"
    changed = " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns)
    if postgresql:
        do = f"FOR EACH ROW WHEN ({when} AND ({changed})) EXECUTE FUNCTION agreements_refuse('{why}')"
    else:
        do = f"WHEN {when} AND ({changed}) BEGIN SELECT RAISE(ABORT, '{why}'); END"
    return f"CREATE TRIGGER {trigger} BEFORE UPDATE ON agreements_agreement {do}"


def remove(schema_editor, table, names):
    on = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
    for name in names:
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}", params=None)


def guard(apps, schema_editor, triggers=FROZEN):
    postgresql = schema_editor.connection.vendor == "postgresql"
    remove(schema_editor, "agreements_agreement", [trigger[0] for trigger in triggers] + [guards.name(*ENDING[:2])])
    for statement in [never(*ENDING, postgresql), *(frozen(*trigger, postgresql) for trigger in triggers)]:
        schema_editor.execute(statement, params=None)
    for rule in NEVER if triggers is FROZEN else []:
        schema_editor.execute(never(*rule, postgresql), params=None)


def unguard(apps, schema_editor):
    """Back to the triggers of 0002."""
    remove(schema_editor, "agreements_scan", [guards.name(table, operation) for table, operation, _ in NEVER])
    guard(apps, schema_editor, guards.FROZEN)


class Migration(migrations.Migration):

    dependencies = [
        ('agreements', '0015_edits_and_corrections'),
        ('proceedings', '0009_public_id'),
    ]

    operations = [
        migrations.CreateModel(
            name='Scan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='scans', to='agreements.agreement')),
                ('received_at', models.DateTimeField()),
                ('files', models.JSONField(help_text='As they came: name in storage, SHA-256, size, kind, pages; for photos also the picture to show.')),
                ('pages', models.PositiveSmallIntegerField()),
                ('pages_file', models.CharField(help_text='All pages as one PDF that holds nothing but pages.', max_length=300)),
                ('pages_sha256', models.CharField(max_length=64, verbose_name='digest of the pages')),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='agreement',
            name='issued_is_stamped',
        ),
        migrations.RemoveConstraint(
            model_name='agreement',
            name='signature_has_evidence',
        ),
        migrations.RemoveConstraint(
            model_name='agreement',
            name='one_live_agreement_per_paper',
        ),
        migrations.RemoveConstraint(
            model_name='agreement',
            name='agreement_status_known',
        ),
        migrations.RemoveConstraint(
            model_name='agreement',
            name='unsealed_has_no_seal',
        ),
        migrations.RemoveIndex(
            model_name='agreement',
            name='agreement_to_chase',
        ),
        migrations.RemoveIndex(
            model_name='agreement',
            name='agreement_by_signer',
        ),
        migrations.AddField(
            model_name='agreement',
            name='date_written',
            field=models.CharField(blank=True, help_text='The date on the form, as it stands there.', max_length=100),
        ),
        migrations.AddField(
            model_name='agreement',
            name='dated',
            field=models.DateField(blank=True, help_text='The same date, as an editor read it.', null=True),
        ),
        migrations.AddField(
            model_name='agreement',
            name='received_at',
            field=models.DateTimeField(blank=True, help_text='When the form signed by hand came in that is looked at, or was accepted.', null=True),
        ),
        migrations.AlterField(
            model_name='agreement',
            name='signed_at',
            field=models.DateTimeField(blank=True, help_text='On paper: when an editor accepted the form.', null=True),
        ),
        migrations.AlterField(
            model_name='agreement',
            name='status',
            field=models.CharField(choices=[('draft', 'prepared, not sent'), ('issued', 'waiting for signature'), ('received', 'signed on paper, to be looked at'), ('signed', 'signed, seal pending'), ('sealed', 'signed and sealed'), ('declined', 'declined by the author'), ('lapsed', 'lapsed (clause 7)'), ('superseded', 'replaced by a newer agreement'), ('voided', 'voided by an editor'), ('waived', 'waived: goes without a signature')], default='draft', max_length=20),
        ),
        migrations.AlterField(
            model_name='message',
            name='kind',
            field=models.CharField(choices=[('invitation', 'Invitation'), ('reminder', 'Reminder'), ('last-call', 'last call'), ('unsigned', 'request to a co-author'), ('together', 'one mail about several papers'), ('receipt', 'Receipt'), ('declined', 'confirmation of declining'), ('editor-declined', 'notice to editors: declined'), ('fresh', 'fresh link'), ('copy', 'sealed copy, again'), ('handed-over', 'confirmation of handing over'), ('editor-handed-over', 'notice to editors: handed over'), ('editor-proposal', 'notice to editors: proposal'), ('proposal-refused', 'answer to a proposal'), ('coauthor', 'notice to a co-author'), ('editor-objected', 'notice to editors: objection'), ('editor-refused', 'notice to editors: address refused'), ('editor-stopped', 'notice to editors: reminders stopped'), ('editor-daily', 'editors’ morning mail'), ('edit', 'question about an edit'), ('editor-edit', 'notice to editors: word on an edit'), ('published', 'address and citation'), ('editor-correction', 'notice to editors: correction wanted'), ('correction', 'answer about a correction'), ('editor-received', 'notice to editors: form signed on paper'), ('sent-back', 'paper form sent back')], max_length=20),
        ),
        migrations.AddField(
            model_name='agreement',
            name='scan',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agreements.scan'),
        ),
        migrations.AddIndex(
            model_name='agreement',
            index=models.Index(condition=models.Q(('look_at__isnull', False)), fields=['look_at'], name='agreement_to_chase'),
        ),
        migrations.AddIndex(
            model_name='agreement',
            index=models.Index(condition=models.Q(('closed_at__isnull', True), ('dated__isnull', False)), fields=['dated'], name='agreement_on_paper'),
        ),
        migrations.AddIndex(
            model_name='agreement',
            index=models.Index(django.db.models.functions.text.Lower('signer_email'), condition=models.Q(('closed_at__isnull', True), ('signed_at__isnull', True)), name='agreement_by_signer'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['draft', 'issued', 'received', 'sealed', 'signed', 'waived'])), fields=('paper',), name='one_live_agreement_per_paper'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['declined', 'draft', 'issued', 'lapsed', 'received', 'sealed', 'signed', 'superseded', 'voided', 'waived'])), name='agreement_status_known'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['issued', 'received', 'declined']), _negated=True), models.Q(('issued_at__isnull', False), ('signed_at__isnull', True)), _connector='OR'), name='issued_is_stamped'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'received'), _negated=True), ('received_at__isnull', False), _connector='OR'), name='received_is_stamped'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(('signed_at__isnull', True), models.Q(models.Q(('typed_name', ''), _negated=True), models.Q(('shown_sha256', ''), _negated=True), ('issued_at__isnull', False), models.Q(models.Q(models.Q(('consent', ''), _negated=True), models.Q(('authority', ''), _negated=True), ('scan__isnull', True)), models.Q(('dated__isnull', False), ('received_at__isnull', False), ('scan__isnull', False), models.Q(('date_written', ''), _negated=True)), _connector='OR')), _connector='OR'), name='signature_has_evidence'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['draft', 'issued', 'received', 'signed', 'declined', 'waived']), _negated=True), ('sealed_at__isnull', True), _connector='OR'), name='unsealed_has_no_seal'),
        ),
        migrations.RunPython(guard, unguard),
    ]
