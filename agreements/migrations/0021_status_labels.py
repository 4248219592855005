"""The statuses keep their values and get the labels that people read now. No SQL is run."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agreements", "0020_guards")]

    operations = [
        migrations.AlterField(
            model_name="agreement",
            name="status",
            field=models.CharField(
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
                default="draft",
                max_length=20,
            ),
        ),
    ]
