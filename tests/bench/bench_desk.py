"""``python -m tests.bench.bench_desk [SIZE…]``: queries and milliseconds of the board and the lists.

A desk of so many agreements, in volumes of 3,500 at most; the rows are written in bulk, since a hundred thousand real
moves would take an hour. CPU is the web process's own, the clock's time has the database in it.
"""

import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.test import Client

from tests.bench.database import measured, volume_of

from agreements.dashboard import chart, overview  # isort: skip
from agreements.lifecycle import snapshot
from agreements.models import Agreement, Event, Message  # isort: skip
from proceedings.models import User, Volume  # isort: skip

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ISSUED = NOW - timedelta(days=16)
SIZES = (139, 3500, 100_000)
LARGEST = 3500


def fill(model: Any, source: str, where: str, **expressions: str) -> None:
    """Rows of `model`, one for each of `source`; columns without an expression get the field's default."""
    columns, values, params = [], [], []
    for field in model._meta.concrete_fields:
        if field.primary_key:
            continue
        columns.append(f'"{field.column}"')
        value = field.get_db_prep_save(field.get_default(), connection)
        if field.attname in expressions:
            values.append(expressions[field.attname])
        elif value is None:
            values.append("NULL")
        else:
            typed = f"CAST(%s AS {field.db_type(connection)})"
            values.append(typed if connection.vendor == "postgresql" else "%s")
            params.append(value)
    with connection.cursor() as cursor:
        table = model._meta.db_table
        statement = f"INSERT INTO {table} ({','.join(columns)}) SELECT {','.join(values)} FROM {source} WHERE {where}"  # noqa: S608 - our own names
        cursor.execute(statement.replace(" % 20", " %% 20") if params else statement, params)


def moment(at: datetime) -> str:
    return f"'{at:%Y-%m-%d %H:%M:%S}{'+00' if connection.vendor == 'postgresql' else ''}'"


def as_json(items: Iterable[str]) -> str:
    """SQL for a list of what `items` are in JSON, with whatever SQL they hold between quotes."""
    text = f"('[{', '.join(items)}]')"
    return f"CAST({text} AS jsonb)" if connection.vendor == "postgresql" else text


def agreements_of(volume: Volume) -> None:
    """Of twenty papers one has no agreement, one was declined, six wait and twelve are signed; two mails each."""
    text = snapshot.current_text()
    first_author = f"a.paper_id = p.id AND a.position = 1 AND p.volume_id = {volume.pk}"
    papers = f"proceedings_paper p JOIN proceedings_author a ON {first_author}"
    facts = {
        "paper_id": "p.id",
        "text_id": str(text.pk),
        "reference": "p.key || '-' || p.id",
        "volume_number": str(volume.number),
        "volume_name": "'Bench'",
        "paper_key": "p.key",
        "title": "p.title",
        "authors": as_json(f"\"Given{n} Family' || p.position || '\"" for n in range(1, 5)),
        "signer": "a.given || ' ' || a.family",
        "signer_email": "a.email",
        "created_at": moment(ISSUED),
        "issued_at": moment(ISSUED),
        "event_count": "3",
    }
    evidence = dict.fromkeys(("typed_name", "consent", "authority", "shown_sha256"), "'x'")
    fill(Agreement, papers, "p.position % 20 = 1", **facts, status="'declined'", closed_at=moment(NOW))
    fill(Agreement, papers, "p.position % 20 BETWEEN 2 AND 7", **facts, status="'issued'", next_check_at=moment(NOW))
    signed = {"status": "'signed'", "signed_at": moment(NOW - timedelta(days=3))}
    fill(Agreement, papers, "p.position % 20 > 7", **facts, **evidence, **signed)
    ours, of_volume = "agreements_agreement g", f"g.volume_number = {volume.number}"
    for idempotency_key, kind in (("invitation", "invitation"), ("r1:T-14", "reminder")):
        mail = {
            "idempotency_key": f"'{idempotency_key}'",
            "kind": f"'{kind}'",
            "state": "'sent'",
            "recipient": "g.signer_email",
        }
        mail |= {"message_id": f"'<{idempotency_key}.' || g.id || '>'", "agreement_id": "g.id"}
        times = dict.fromkeys(("due_at", "created_at", "sent_at"), moment(ISSUED))
        fill(Message, ours, of_volume, **mail, **times)
    for number, kind in enumerate(("draft", "remind", "remind"), start=1):
        event = {
            "agreement_id": "g.id",
            "number": str(number),
            "kind": f"'{kind}'",
            "at": moment(ISSUED),
            "by": "'bench'",
        }
        fill(Event, ours, of_volume, **event, digest="'x'")


def desk_of(size: int, first: int) -> Volume:
    """So many papers in volumes numbered from `first`; returns the last one."""
    volume = None
    for number, start in enumerate(range(0, size, LARGEST), start=first):
        volume = volume_of(min(LARGEST, size - start), number=number)
        agreements_of(volume)
    assert volume
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return volume


def say(size: int, what: str, run: Any) -> Any:
    start = time.perf_counter()
    cpu, queries, result = measured(run, repeats=3)
    clock = (time.perf_counter() - start) * 1000 / 4
    print(f"{connection.vendor}: {size:>8} {what:<42} {queries:>8} {cpu:>8.1f} {clock:>8.1f}", flush=True)
    return result


def main() -> None:
    print(f"{connection.vendor}: {'desk of':>8} {'what':<42} {'queries':>8} {'CPU ms':>8} {'clock ms':>8}")
    boss = User.objects.create_superuser("bench")
    first = 1
    for size in [int(given) for given in sys.argv[1:]] or SIZES:
        desk_of(size, first)
        volume = Volume.objects.get(number=first)  # the largest of this desk
        first += 100
        editor = User.objects.create_user(f"ed{size}", is_staff=True)
        editor.volumes.set(Volume.objects.filter(number__gte=volume.number))
        made = say(size, "board, without its page", lambda: overview.build_overview(volume, NOW))  # noqa: B023
        line = made.progress
        say(size, "its picture", lambda: chart.build_chart(line.days, line.signed, line.total, line.deadline))  # noqa: B023
        for who in (boss, editor):
            client = Client()
            client.force_login(who)
            of_volume = f"?volume={volume.number}"
            for what, path in (
                ("board", f"proceedings/volume/{volume.pk}/board/"),
                ("volumes", "proceedings/volume/"),
                ("papers of a volume", f"proceedings/paper/{of_volume}"),
                ("papers of a volume, waiting", f"proceedings/paper/{of_volume}&blocker=overdue"),
                ("all papers", "proceedings/paper/"),
                ("all papers, by status", "proceedings/paper/?agreement=declined"),
                ("all papers, search", "proceedings/paper/?q=Family77"),
                ("agreements of a volume", f"agreements/agreement/{of_volume}"),
                ("all agreements", "agreements/agreement/"),
                ("all agreements, search", "agreements/agreement/?q=bench26-77"),
            ):
                role = "superuser" if who is boss else "editor"
                say(size, f"{what} ({role})", lambda: client.get(f"/admin/{path}").status_code)  # noqa: B023


if __name__ == "__main__":
    main()
