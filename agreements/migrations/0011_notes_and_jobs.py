"""Notes, which refuse UPDATE and DELETE; moves for many as rows that the clock works off."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


TABLE = "agreements_note"
WHY = "notes are append-only"


def name(operation):
    return f"{TABLE}_no_{operation.lower()}"


def guard(apps, schema_editor):
    for operation in ("UPDATE", "DELETE"):
        if schema_editor.connection.vendor == "postgresql":
            do = f"FOR EACH ROW EXECUTE FUNCTION agreements_refuse('{WHY}')"
        else:
            do = f"BEGIN SELECT RAISE(ABORT, '{WHY}'); END"
        schema_editor.execute(f"CREATE TRIGGER {name(operation)} BEFORE {operation} ON {TABLE} {do}", params=None)


def unguard(apps, schema_editor):
    table = f" ON {TABLE}" if schema_editor.connection.vendor == "postgresql" else ""
    for operation in ("UPDATE", "DELETE"):
        schema_editor.execute(f"DROP TRIGGER {name(operation)}{table}", params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('agreements', '0010_stand_ins'),
        ('proceedings', '0004_attempts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(max_length=20)),
                ('reason', models.TextField(blank=True)),
                ('by', models.CharField(help_text='Who asked for it, as the events of its agreements name them.', max_length=200)),
                ('asked_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('volume', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to='proceedings.volume')),
            ],
            options={
                'verbose_name': 'move for many',
                'verbose_name_plural': 'moves for many',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='JobItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('data', models.JSONField(default=dict, help_text="What this paper's own move needs, such as its new contact.")),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Done'), ('refused', 'Refused')], default='waiting', max_length=10)),
                ('why', models.TextField(blank=True, help_text='Why it was refused.')),
                ('agreement', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agreements.agreement')),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='agreements.job')),
                ('paper', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='proceedings.paper')),
            ],
            options={
                'ordering': ['job', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(help_text='UTC.')),
                ('by', models.CharField(help_text='Who wrote it, as an editor or an assistant.', max_length=200)),
                ('text', models.TextField()),
                ('paper', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='proceedings.paper')),
            ],
            options={
                'ordering': ['at', 'pk'],
            },
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['id'], name='job_under_way'),
        ),
        migrations.AddIndex(
            model_name='jobitem',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['job'], name='job_item_waiting'),
        ),
        migrations.AddConstraint(
            model_name='jobitem',
            constraint=models.UniqueConstraint(fields=('job', 'paper'), name='one_item_per_paper'),
        ),
        migrations.AddConstraint(
            model_name='jobitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'refused'), models.Q(('why', ''), _negated=True)), models.Q(('state__in', ['waiting', 'done']), ('why', '')), _connector='OR'), name='job_item_refused_with_reason'),
        ),
        migrations.AddConstraint(
            model_name='note',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='note_says_something'),
        ),
        migrations.RunPython(guard, unguard),
    ]
