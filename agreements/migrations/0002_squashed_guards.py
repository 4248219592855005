"""Triggers: evidence refuses UPDATE and DELETE. An agreement refuses DELETE, and UPDATE of what is frozen: its snapshot
once issued, its signature once signed, its seal once sealed. And trigram indexes, on PostgreSQL.

The triggers hold on both databases: evidence must depend neither on which one a publisher runs nor on the code alone.
It replaces no migration: it drops the triggers before it makes them, and makes only the indexes that are missing.
SQLite drops the triggers of a table that a migration rebuilds. A later migration that does so calls `guard` again.
"""

import logging

from django.db import migrations

from agreements.models.search import INDEXES
from proceedings.models.search import make_indexes

SNAPSHOT = [
    "paper_id",
    "text_id",
    "volume_number",
    "volume_name",
    "paper_key",
    "title",
    "authors",
    "signer",
    "signer_email",
    "reference",
    "issued_at",
]
SIGNATURE = [
    "signed_at",
    "typed_name",
    "consent",
    "authority",
    "shown_sha256",
    "signed_form_id",
    "date_written",
    "dated",
]
"""Not the network address and the browser: they are erased one day."""
SEAL = ["sealed_at", "sealed_file", "sealed_sha256", "sealed_size", "seal_level", "seal_certificate_id"]

FROZEN = [
    ("agreements_agreement_frozen", "OLD.status <> 'draft'", SNAPSHOT, "the facts of an issued agreement never change"),
    ("agreements_agreement_signed", "OLD.signed_at IS NOT NULL", SIGNATURE, "a signature never changes"),
    ("agreements_agreement_sealed", "OLD.sealed_at IS NOT NULL", SEAL, "a seal never changes"),
]
"""Trigger, from when on, columns, what the database answers."""

NEVER = [
    ("agreements_event", "UPDATE", "events are append-only"),
    ("agreements_event", "DELETE", "events are append-only"),
    ("agreements_agreementtext", "UPDATE", "an agreement text never changes: add a version"),
    ("agreements_agreementtext", "DELETE", "an agreement text is never deleted"),
    ("agreements_sealcertificate", "UPDATE", "a certificate that has sealed never changes"),
    ("agreements_sealcertificate", "DELETE", "a certificate that has sealed is never deleted"),
    ("agreements_shownform", "UPDATE", "what a signer was shown never changes"),
    ("agreements_shownform", "DELETE", "what a signer was shown is never deleted"),
    ("agreements_signedform", "UPDATE", "a form that came in never changes"),
    ("agreements_signedform", "DELETE", "a form that came in is never deleted"),
    ("agreements_agreement", "DELETE", "an agreement is never deleted: void it"),
    ("agreements_note", "UPDATE", "notes are append-only"),
    ("agreements_note", "DELETE", "notes are append-only"),
    ("agreements_message", "DELETE", "an email in the outbox is never deleted: its row stops a second copy"),
]
"""Table, operation, what the database answers."""

FUNCTION = (
    "CREATE OR REPLACE FUNCTION agreements_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$"
)


def trigger_name(table, operation):
    return f"{table}_no_{operation.lower()}"


def triggers():
    """Each trigger: its table and its name."""
    yield from ((table, trigger_name(table, operation)) for table, operation, _ in NEVER)
    yield from (("agreements_agreement", name) for name, *_ in FROZEN)


def sqlite_statements():
    for table, operation, why in NEVER:
        yield (
            f"CREATE TRIGGER {trigger_name(table, operation)} BEFORE {operation} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
        )
    for name, when, columns, why in FROZEN:
        changed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in columns)
        yield (
            f"CREATE TRIGGER {name} BEFORE UPDATE ON agreements_agreement WHEN {when} AND ({changed}) "
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
        )


def postgresql_statements():
    yield FUNCTION
    for table, operation, why in NEVER:
        yield (
            f"CREATE TRIGGER {trigger_name(table, operation)} BEFORE {operation} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION agreements_refuse('{why}')"
        )
    for name, when, columns, why in FROZEN:
        changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)
        yield (
            f"CREATE TRIGGER {name} BEFORE UPDATE ON agreements_agreement FOR EACH ROW WHEN ({when} AND ({changed})) "
            f"EXECUTE FUNCTION agreements_refuse('{why}')"
        )


STATEMENTS = {"sqlite": sqlite_statements, "postgresql": postgresql_statements}


def guard(apps, schema_editor):
    unguard(apps, schema_editor)
    for statement in STATEMENTS[schema_editor.connection.vendor]():
        schema_editor.execute(statement, params=None)


def unguard(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table, name in triggers():
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}" + (f" ON {table}" if postgresql else ""), params=None)


def make_search(apps, schema_editor):
    if why := make_indexes(INDEXES):
        logging.getLogger(__name__).warning(
            "Searching is slow: PostgreSQL says %s. As a superuser of the database: CREATE EXTENSION pg_trgm; "
            "then: manage.py create_search_indexes",
            why,
        )


def drop_search(apps, schema_editor):
    for name, *_ in INDEXES:
        schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [("agreements", "0001_squashed")]

    operations = [
        migrations.RunPython(guard, unguard),
        migrations.RunPython(make_search, drop_search),
    ]
