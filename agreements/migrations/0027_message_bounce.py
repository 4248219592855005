"""Each email gets a column that says why it did not arrive. SQLite rebuilds the table, so the triggers are made again."""

import importlib

from django.db import migrations, models

guards = importlib.import_module("agreements.migrations.0025_guard_printed_title")


class Migration(migrations.Migration):
    dependencies = [("agreements", "0026_volume_check_results")]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, guards.guard),
        migrations.AddField(
            model_name="message",
            name="bounce",
            field=models.CharField(
                blank=True,
                choices=[
                    ("address", "address undeliverable"),
                    ("email", "email rejected"),
                    ("soft", "bounced for now"),
                    ("not-arriving", "not arriving"),
                    ("unreadable", "returned, unreadable"),
                ],
                default="",
                help_text="Why it did not arrive, if a mail server says so.",
                max_length=12,
            ),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(condition=models.Q(("bounce", "email")), fields=["due_at"], name="message_rejected"),
        ),
        migrations.RunPython(guards.guard, migrations.RunPython.noop),
    ]
