"""The policy of reminders: pauses with an end, working hours, presets; mails about several papers or about a volume."""

import datetime
from importlib import import_module

import agreements.models.signing_settings
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


FOREVER = datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC)


def pause_until(apps, schema_editor):
    apps.get_model("agreements", "Terms").objects.filter(paused=True).update(paused_until=FOREVER)
    # Numbers that were set before there were presets are the volume's own.
    terms = apps.get_model("agreements", "Terms").objects
    terms.exclude(offsets=[-14, -7, -3, -1, 1, 3, 7], most_reminders=8).update(preset="own")


def paused(apps, schema_editor):
    apps.get_model("agreements", "Terms").objects.filter(paused_until__isnull=False).update(paused=True)


def guard_again(apps, schema_editor):
    """SQLite makes the table anew to alter it, and its trigger goes with the old one."""
    if schema_editor.connection.vendor == "sqlite":
        guard = import_module("agreements.migrations.0005_mail")
        guard.guard(apps, schema_editor)


class Migration(migrations.Migration):

    dependencies = [
        ('agreements', '0012_planner_indexes'),
        ('proceedings', '0003_desk_people'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OwnWords',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20)),
                ('body', models.TextField(blank=True, help_text='In place of ours, between greeting and signature.', verbose_name="the mail's words")),
                ('extra', models.TextField(blank=True, help_text='Before the signature.', verbose_name='a further paragraph')),
            ],
        ),
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(help_text='In small letters.', max_length=254)),
                ('zone', models.CharField(blank=True, max_length=60, validators=[agreements.models.signing_settings.known_zone], verbose_name='time zone')),
                ('paused_until', models.DateTimeField(blank=True, help_text='Gets no reminder before this.', null=True)),
            ],
        ),
        migrations.AddField(
            model_name='agreement',
            name='paused_until',
            field=models.DateTimeField(blank=True, help_text='Nobody is reminded of it before this. See `reminders.FOREVER`.', null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='carrier',
            field=models.ForeignKey(blank=True, help_text='The mail that this is part of.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='carried', to='agreements.message'),
        ),
        migrations.AddField(
            model_name='message',
            name='details',
            field=models.JSONField(blank=True, default=dict, help_text="What the mail says beside its agreement's facts."),
        ),
        migrations.AddField(
            model_name='message',
            name='volume',
            field=models.ForeignKey(blank=True, help_text='Of a mail about no one paper.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='proceedings.volume'),
        ),
        migrations.AddField(
            model_name='terms',
            name='coauthors_after',
            field=models.PositiveSmallIntegerField(default=4, help_text='So many reminders without an answer.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(30)], verbose_name='ask the co-authors after'),
        ),
        migrations.AddField(
            model_name='terms',
            name='daily_at',
            field=models.DateTimeField(blank=True, db_index=True, editable=False, help_text='When the clock next asks whether the editors get a mail.', null=True),
        ),
        migrations.AddField(
            model_name='terms',
            name='editors_after',
            field=models.PositiveSmallIntegerField(default=5, help_text='So many reminders without an answer: then it is on the board, and in the morning mail.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(30)], verbose_name='tell the editors after'),
        ),
        migrations.AddField(
            model_name='terms',
            name='from_hour',
            field=models.PositiveSmallIntegerField(default=9, help_text='O’clock.', validators=[django.core.validators.MaxValueValidator(23)], verbose_name='reminders from'),
        ),
        migrations.AddField(
            model_name='terms',
            name='no_daily',
            field=models.ManyToManyField(blank=True, editable=False, help_text='Editors who want no morning mail.', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='terms',
            name='office_zone',
            field=models.CharField(default='UTC', help_text='Authors get reminders in the working hours of this zone, unless their own is known.', max_length=60, validators=[agreements.models.signing_settings.known_zone], verbose_name='time zone of the mails'),
        ),
        migrations.AddField(
            model_name='terms',
            name='paused_until',
            field=models.DateTimeField(blank=True, editable=False, help_text='Nobody is reminded before.', null=True),
        ),
        migrations.AddField(
            model_name='terms',
            name='preset',
            field=models.CharField(choices=[('gentle', 'gentle'), ('standard', 'standard'), ('urgent', 'urgent'), ('own', 'numbers of our own')], default='standard', help_text='Sets the four numbers below; changed by hand they are your own.', max_length=10, verbose_name='how insistent'),
        ),
        migrations.AddField(
            model_name='terms',
            name='to_hour',
            field=models.PositiveSmallIntegerField(default=17, help_text='O’clock.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(24)], verbose_name='reminders until'),
        ),
        migrations.AddField(
            model_name='terms',
            name='weekend',
            field=models.JSONField(blank=True, default=agreements.models.signing_settings.default_weekend, help_text='On which nobody is reminded: 1 is Monday, 7 is Sunday.', validators=[agreements.models.signing_settings.week_days], verbose_name='days of rest'),
        ),
        migrations.AlterField(
            model_name='message',
            name='agreement',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='agreements.agreement'),
        ),
        migrations.AlterField(
            model_name='message',
            name='kind',
            field=models.CharField(choices=[('invitation', 'Invitation'), ('reminder', 'Reminder'), ('last-call', 'last call'), ('unsigned', 'request to a co-author'), ('together', 'one mail about several papers'), ('receipt', 'Receipt'), ('declined', 'confirmation of declining'), ('editor-declined', 'notice to editors: declined'), ('fresh', 'fresh link'), ('copy', 'sealed copy, again'), ('handed-over', 'confirmation of handing over'), ('editor-handed-over', 'notice to editors: handed over'), ('editor-proposal', 'notice to editors: proposal'), ('proposal-refused', 'answer to a proposal'), ('coauthor', 'notice to a co-author'), ('editor-objected', 'notice to editors: objection'), ('editor-refused', 'notice to editors: address refused'), ('editor-stopped', 'notice to editors: reminders stopped'), ('editor-daily', 'editors’ morning mail')], max_length=20),
        ),
        migrations.AddIndex(
            model_name='agreement',
            index=models.Index(django.db.models.functions.text.Lower('signer_email'), condition=models.Q(('status', 'issued')), name='agreement_by_signer'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('volume', 'slot'), name='one_message_per_volume_slot'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('agreement__isnull', False), ('volume__isnull', True)), models.Q(('agreement__isnull', True), ('carrier__isnull', True), ('volume__isnull', False)), _connector='OR'), name='message_is_about_something'),
        ),
        migrations.AddConstraint(
            model_name='terms',
            constraint=models.CheckConstraint(condition=models.Q(('from_hour__lt', models.F('to_hour'))), name='terms_hours_in_order', violation_error_message='The hours of reminders end before they begin.'),
        ),
        migrations.AddField(
            model_name='ownwords',
            name='volume',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='own_words', to='proceedings.volume'),
        ),
        migrations.AddField(
            model_name='person',
            name='volume',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='people', to='proceedings.volume'),
        ),
        migrations.AddConstraint(
            model_name='ownwords',
            constraint=models.UniqueConstraint(fields=('volume', 'kind'), name='one_wording_per_kind'),
        ),
        migrations.AddConstraint(
            model_name='person',
            constraint=models.UniqueConstraint(fields=('volume', 'address'), name='one_person_per_address'),
        ),
        migrations.RunPython(pause_until, paused),
        migrations.RemoveField(
            model_name='terms',
            name='paused',
        ),
        migrations.RunPython(guard_again, migrations.RunPython.noop),
    ]
