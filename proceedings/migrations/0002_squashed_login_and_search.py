"""The authenticator, a proxy without a table; and trigram indexes, on PostgreSQL.

The authenticator is apart from `0001_squashed` because django-otp's tables refer to our users: they come between.
Without the permission to make the indexes, searching is slow and nothing else is lost. It replaces no migration: it
makes only the indexes that are missing. `manage.py create_search_indexes` does the same.
"""

import logging

from django.db import migrations

from proceedings.models.search import INDEXES, make_indexes


def make(apps, schema_editor):
    if why := make_indexes(INDEXES):
        logging.getLogger(__name__).warning(
            "Searching is slow: PostgreSQL says %s. As a superuser of the database: CREATE EXTENSION pg_trgm; "
            "then: manage.py create_search_indexes",
            why,
        )


def drop(apps, schema_editor):
    for name, *_ in INDEXES:
        schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [
        ("proceedings", "0001_squashed"),
        ("otp_totp", "0003_add_timestamps"),
    ]

    operations = [
        migrations.CreateModel(
            name="Authenticator",
            fields=[],
            options={"proxy": True, "indexes": [], "constraints": []},
            bases=("otp_totp.totpdevice",),
        ),
        migrations.RunPython(make, drop),
    ]
