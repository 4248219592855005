"""Addresses that take no mail, authors who want no reminders; messages refuse DELETE."""

import django.db.models.functions.text
from django.db import migrations, models


TRIGGER = "agreements_message_no_delete"
WHY = "a mail in the outbox is never deleted: its row is what keeps it from being sent again"
"""The row's slot is taken for ever. Without it the planner would write the same mail anew."""


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        do = f"FOR EACH ROW EXECUTE FUNCTION agreements_refuse('{WHY}')"
    else:
        do = f"BEGIN SELECT RAISE(ABORT, '{WHY}'); END"
    schema_editor.execute(f"CREATE TRIGGER {TRIGGER} BEFORE DELETE ON agreements_message {do}", params=None)


def unguard(apps, schema_editor):
    table = " ON agreements_message" if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP TRIGGER {TRIGGER}{table}", params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('agreements', '0004_coauthors'),
    ]

    operations = [
        migrations.CreateModel(
            name='Addressee',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(max_length=254, unique=True)),
                ('stopped_at', models.DateTimeField(blank=True, help_text='A server refused it for good.', null=True)),
                ('reason', models.TextField(blank=True, help_text="The server's words.")),
            ],
        ),
        migrations.AddField(
            model_name='agreement',
            name='reminders_stopped_at',
            field=models.DateTimeField(blank=True, help_text='The author asked for no more reminders. That is no declining.', null=True),
        ),
        migrations.AlterField(
            model_name='link',
            name='purpose',
            field=models.CharField(choices=[('sign', 'Sign'), ('copy', 'fetch the sealed copy'), ('object', 'object to what a co-author signed'), ('stop', 'end the reminders')], max_length=10),
        ),
        migrations.AlterField(
            model_name='message',
            name='kind',
            field=models.CharField(choices=[('invitation', 'Invitation'), ('reminder', 'Reminder'), ('receipt', 'Receipt'), ('declined', 'confirmation of declining'), ('editor-declined', 'notice to editors: declined'), ('fresh', 'fresh link'), ('copy', 'sealed copy, again'), ('handed-over', 'confirmation of handing over'), ('editor-handed-over', 'notice to editors: handed over'), ('editor-proposal', 'notice to editors: proposal'), ('proposal-refused', 'answer to a proposal'), ('coauthor', 'notice to a co-author'), ('editor-objected', 'notice to editors: objection'), ('editor-refused', 'notice to editors: address refused'), ('editor-stopped', 'notice to editors: reminders stopped')], max_length=20),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(django.db.models.functions.text.Lower('recipient'), name='message_by_address'),
        ),
        migrations.AddConstraint(
            model_name='addressee',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), ('stopped_at__isnull', True)), models.Q(('stopped_at__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='stopped_address_has_reason'),
        ),
        migrations.CreateModel(
            name='Round',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=20, unique=True)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state', 'sent')), fields=['sent_at'], name='message_sent'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state__in', ['failed', 'unknown'])), fields=['due_at'], name='message_in_trouble'),
        ),
        migrations.RunPython(guard, unguard),
    ]
