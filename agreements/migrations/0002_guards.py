"""Triggers: events, texts and certificates refuse UPDATE and DELETE, agreements refuse DELETE and keep their facts once issued.

On both databases, because evidence must not depend on which one a publisher runs, nor on the code alone.
"""

from django.db import migrations

FACTS = ["paper_id", "text_id", "volume_number", "volume_name", "paper_key", "title", "authors", "signer", "signer_email", "reference"]

NEVER = [
    ("agreements_event", "UPDATE", "events are append-only"),
    ("agreements_event", "DELETE", "events are append-only"),
    ("agreements_agreementtext", "UPDATE", "an agreement text never changes: add a version"),
    ("agreements_agreementtext", "DELETE", "an agreement text is never deleted"),
    ("agreements_sealcertificate", "UPDATE", "a certificate that has sealed never changes"),
    ("agreements_sealcertificate", "DELETE", "a certificate that has sealed is never deleted"),
    ("agreements_agreement", "DELETE", "an agreement is never deleted: void it"),
]


def name(table, operation):
    return f"{table}_no_{operation.lower()}"


def sqlite_statements():
    for table, operation, why in NEVER:
        yield (
            f"CREATE TRIGGER {name(table, operation)} BEFORE {operation} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
        )
    changed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in FACTS)
    yield (
        "CREATE TRIGGER agreements_agreement_frozen BEFORE UPDATE ON agreements_agreement "
        f"WHEN OLD.status <> 'draft' AND ({changed}) "
        "BEGIN SELECT RAISE(ABORT, 'the facts of an issued agreement never change'); END"
    )


def postgresql_statements():
    yield (
        "CREATE FUNCTION agreements_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table, operation, why in NEVER:
        yield (
            f"CREATE TRIGGER {name(table, operation)} BEFORE {operation} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION agreements_refuse('{why}')"
        )
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in FACTS)
    yield (
        "CREATE TRIGGER agreements_agreement_frozen BEFORE UPDATE ON agreements_agreement FOR EACH ROW "
        f"WHEN (OLD.status <> 'draft' AND ({changed})) "
        "EXECUTE FUNCTION agreements_refuse('the facts of an issued agreement never change')"
    )


STATEMENTS = {"sqlite": sqlite_statements, "postgresql": postgresql_statements}


def guard(apps, schema_editor):
    for statement in STATEMENTS[schema_editor.connection.vendor]():
        schema_editor.execute(statement, params=None)


def unguard(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    triggers = [(table, name(table, operation)) for table, operation, _ in NEVER]
    triggers.append(("agreements_agreement", "agreements_agreement_frozen"))
    for table, trigger in triggers:
        schema_editor.execute(f"DROP TRIGGER {trigger}" + (f" ON {table}" if postgresql else ""), params=None)
    if postgresql:
        schema_editor.execute("DROP FUNCTION agreements_refuse()", params=None)


class Migration(migrations.Migration):
    dependencies = [("agreements", "0001_initial")]

    operations = [migrations.RunPython(guard, unguard)]
