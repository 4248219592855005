"""A waiver stands in the place of a signature."""

import importlib

import agreements.domain.states
from django.db import migrations, models

guards = importlib.import_module("agreements.migrations.0002_guards")
TABLE = " ON agreements_agreement "


def guard_again(apps, schema_editor):
    """SQLite writes the table anew for other constraints, and its triggers go with the old one."""
    if schema_editor.connection.vendor == "sqlite":
        for statement in guards.sqlite_statements():
            if TABLE in statement:
                schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('agreements', '0006_attempts'),
        ('proceedings', '0003_desk_people'),
    ]

    operations = [
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
        migrations.RemoveConstraint(
            model_name='agreement',
            name='closing_by_editor_has_reason',
        ),
        migrations.AlterField(
            model_name='agreement',
            name='reason',
            field=models.TextField(blank=True, help_text='Why it was declined, waived, replaced or voided.'),
        ),
        migrations.AlterField(
            model_name='agreement',
            name='status',
            field=models.CharField(choices=[('draft', 'prepared, not sent'), ('issued', 'waiting for signature'), ('signed', 'signed, seal pending'), ('sealed', 'signed and sealed'), ('declined', 'declined by the author'), ('lapsed', 'lapsed (clause 7)'), ('superseded', 'replaced by a newer agreement'), ('voided', 'voided by an editor'), ('waived', 'waived: goes without a signature')], default=agreements.domain.states.Status['DRAFT'], max_length=20),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', [agreements.domain.states.Status['DRAFT'], agreements.domain.states.Status['ISSUED'], agreements.domain.states.Status['SEALED'], agreements.domain.states.Status['SIGNED'], agreements.domain.states.Status['WAIVED']])), fields=('paper',), name='one_live_agreement_per_paper'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', [agreements.domain.states.Status['DECLINED'], agreements.domain.states.Status['DRAFT'], agreements.domain.states.Status['ISSUED'], agreements.domain.states.Status['LAPSED'], agreements.domain.states.Status['SEALED'], agreements.domain.states.Status['SIGNED'], agreements.domain.states.Status['SUPERSEDED'], agreements.domain.states.Status['VOIDED'], agreements.domain.states.Status['WAIVED']])), name='agreement_status_known'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['draft', 'issued', 'signed', 'declined', 'waived']), _negated=True), ('sealed_at__isnull', True), _connector='OR'), name='unsealed_has_no_seal'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['voided', 'superseded', 'waived']), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='closing_by_editor_has_reason'),
        ),
        migrations.RunPython(guard_again, migrations.RunPython.noop),
    ]
