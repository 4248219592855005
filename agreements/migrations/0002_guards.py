"""Triggers: events, texts, certificates and forms shown refuse UPDATE and DELETE; agreements refuse DELETE, and UPDATE of
their facts once issued, of the signature once signed, of the seal once sealed.

On both databases, because evidence must not depend on which one a publisher runs, nor on the code alone.
"""

from django.db import migrations

FACTS = [
    "paper_id", "text_id", "volume_number", "volume_name", "paper_key", "title", "authors", "signer", "signer_email", "reference",
    "issued_at",
]
SIGNATURE = ["signed_at", "typed_name", "consent", "authority", "shown_sha256"]
"""Not the network address and the browser: those are erased one day."""
SEAL = ["sealed_at", "sealed_file", "sealed_sha256", "sealed_size", "seal_level", "seal_certificate_id"]

FROZEN = [
    ("agreements_agreement_frozen", "OLD.status <> 'draft'", FACTS, "the facts of an issued agreement never change"),
    ("agreements_agreement_signed", "OLD.signed_at IS NOT NULL", SIGNATURE, "a signature never changes"),
    ("agreements_agreement_sealed", "OLD.sealed_at IS NOT NULL", SEAL, "a seal never changes"),
]

NEVER = [
    ("agreements_event", "UPDATE", "events are append-only"),
    ("agreements_event", "DELETE", "events are append-only"),
    ("agreements_agreementtext", "UPDATE", "an agreement text never changes: add a version"),
    ("agreements_agreementtext", "DELETE", "an agreement text is never deleted"),
    ("agreements_sealcertificate", "UPDATE", "a certificate that has sealed never changes"),
    ("agreements_sealcertificate", "DELETE", "a certificate that has sealed is never deleted"),
    ("agreements_showncopy", "UPDATE", "what a signer was shown never changes"),
    ("agreements_showncopy", "DELETE", "what a signer was shown is never deleted"),
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
    for trigger, when, columns, why in FROZEN:
        changed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in columns)
        yield (
            f"CREATE TRIGGER {trigger} BEFORE UPDATE ON agreements_agreement WHEN {when} AND ({changed}) "
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
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
    for trigger, when, columns, why in FROZEN:
        changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)
        yield (
            f"CREATE TRIGGER {trigger} BEFORE UPDATE ON agreements_agreement FOR EACH ROW WHEN ({when} AND ({changed})) "
            f"EXECUTE FUNCTION agreements_refuse('{why}')"
        )


STATEMENTS = {"sqlite": sqlite_statements, "postgresql": postgresql_statements}


def guard(apps, schema_editor):
    for statement in STATEMENTS[schema_editor.connection.vendor]():
        schema_editor.execute(statement, params=None)


def unguard(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    triggers = [(table, name(table, operation)) for table, operation, _ in NEVER]
    triggers += [("agreements_agreement", trigger) for trigger, *_ in FROZEN]
    for table, trigger in triggers:
        schema_editor.execute(f"DROP TRIGGER {trigger}" + (f" ON {table}" if postgresql else ""), params=None)
    if postgresql:
        schema_editor.execute("DROP FUNCTION agreements_refuse()", params=None)


class Migration(migrations.Migration):
    dependencies = [("agreements", "0001_initial")]

    operations = [migrations.RunPython(guard, unguard)]
