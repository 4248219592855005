"""Triggers: made again, because SQLite drops those of a table that a migration rebuilds; the printed title of an issued
agreement refuses UPDATE as well.

They are those of `0002_squashed_guards` with one more column in the snapshot.
"""

from importlib import import_module

from django.db import migrations

before = import_module("agreements.migrations.0002_squashed_guards")

SNAPSHOT, SIGNATURE, SEAL, NEVER = [*before.SNAPSHOT, "printed_title"], before.SIGNATURE, before.SEAL, before.NEVER
ADDED = ("agreements_agreement_printed", "printed_title", "the facts of an issued agreement never change")


def triggers():
    """Each trigger: its table and its name."""
    yield from before.triggers()
    yield "agreements_agreement", ADDED[0]


def guard(apps, schema_editor):
    unguard(apps, schema_editor)
    before.guard(apps, schema_editor)
    name, column, why = ADDED
    if schema_editor.connection.vendor == "postgresql":
        statement = (
            f"CREATE TRIGGER {name} BEFORE UPDATE ON agreements_agreement FOR EACH ROW WHEN (OLD.status <> 'draft' AND "
            f"NEW.{column} IS DISTINCT FROM OLD.{column}) EXECUTE FUNCTION agreements_refuse('{why}')"
        )
    else:
        statement = (
            f"CREATE TRIGGER {name} BEFORE UPDATE ON agreements_agreement WHEN OLD.status <> 'draft' AND "
            f"NEW.{column} IS NOT OLD.{column} BEGIN SELECT RAISE(ABORT, '{why}'); END"
        )
    schema_editor.execute(statement, params=None)


def unguard(apps, schema_editor):
    on = " ON agreements_agreement" if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP TRIGGER IF EXISTS {ADDED[0]}{on}", params=None)
    before.unguard(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [("agreements", "0024_printed_title")]
    # Backwards the triggers are dropped: 0024 rebuilds the table and makes those of before.
    operations = [migrations.RunPython(guard, unguard)]
