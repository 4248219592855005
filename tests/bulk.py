"""Copies one row that was made by real transitions many times, for tests that need a large table."""

from django.db import connection
from django.db.models import Model

from agreements.models import Agreement, Message
from proceedings.models import Paper

FIRST = 10_000_000
"""First key of the copies, far above those that the database assigns."""


def multiply(row: Model, first: int, count: int, **columns: str) -> None:
    """Inserts `count` copies of `row`, with keys from `FIRST + first`. `columns` is SQL in which `n` is the key."""
    model = type(row)
    names = [field.column for field in model._meta.concrete_fields]
    values = [columns.get(name, "n" if name == "id" else f't."{name}"') for name in names]
    numbers = f"SELECT {FIRST + first} AS n UNION ALL SELECT n + 1 FROM s WHERE n < {FIRST + first + count - 1}"
    quoted = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({quoted}) WITH RECURSIVE s(n) AS ({numbers}) "
            f"SELECT {', '.join(values)} FROM {model._meta.db_table} t, s WHERE t.id = %s",
            [row.pk],
        )


def agreements(of: Agreement, first: int, count: int) -> None:
    """Copies `of` `count` times: paper, agreement and invitation, each with its own address."""
    address = "n || '@copy.example'"
    invitation = of.messages.get(idempotency_key="invitation")
    multiply(of.paper, first, count, key="'copy' || n", position="n", delivered_key="''", submission="''")
    multiply(of, first, count, reference="'copy-' || n", paper_id="n", signer_email=address)
    multiply(invitation, first, count, agreement_id="n", message_id=f"'<' || {address} || '>'", recipient=address)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def copies_of(sealed: Agreement, count: int) -> None:
    """Copies a sealed agreement `count` times, with paper, authors and evidence."""
    multiply(sealed.paper, 0, count, key="'copy' || n", position="n", submission="''")
    multiply(sealed, 0, count, reference="'copy-' || n", paper_id="n", paper_key="'copy' || n")
    multiply(sealed.shown, 0, count, agreement_id="n")
    for place, event in enumerate(sealed.events.all()):
        multiply(event, place * count, count, agreement_id=f"n - {place * count}")
    for place, author in enumerate(sealed.paper.authors.all()):
        multiply(author, place * count, count, paper_id=f"n - {place * count}")


def plan(sql: str, parameters: object) -> list[str]:
    """Returns the query plan of a statement with bound parameters, one step per line."""
    explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
    with connection.cursor() as cursor:
        cursor.execute(explain + sql, parameters)  # type: ignore[arg-type]
        return [str(row[-1]) for row in cursor.fetchall()]


BIG = {model._meta.db_table for model in (Agreement, Message, Paper)}
PARTIAL = {index.name for model in (Agreement, Message, Paper) for index in model._meta.indexes if index.condition}


def whole_tables(steps: list[str]) -> list[str]:
    """Returns the steps that read a large table, or a whole index of it, from beginning to end."""
    return [step for step in steps if reads_all(step)]


def reads_all(step: str) -> bool:
    words = step.split()
    if connection.vendor == "postgresql":
        return "Seq Scan on" in step and bool(BIG & set(words))
    return words[0] == "SCAN" and words[1] in BIG and not PARTIAL & set(words)
