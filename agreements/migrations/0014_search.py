"""Trigram indexes, on PostgreSQL. Where the server does not let us, searching stays slow and nothing else is lost.

An index holds nothing of its own: what it is about may change, and then `manage.py index_search` makes it anew.
"""

import logging

from django.db import migrations

from agreements.models.search import INDEXES
from proceedings.models.search import make_indexes


def make(apps, schema_editor):
    if why := make_indexes(INDEXES):
        logging.getLogger(__name__).warning(
            "Searching stays slow: PostgreSQL says %s. As a superuser of the database: CREATE EXTENSION pg_trgm; "
            "then: manage.py index_search", why,
        )


def drop(apps, schema_editor):
    for name, *_ in INDEXES:
        schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):

    dependencies = [
        ("agreements", "0013_policy"),
    ]

    operations = [migrations.RunPython(make, drop)]
