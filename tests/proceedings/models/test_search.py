"""Searching the lists: each word must occur; on PostgreSQL an index is used for any number of rows."""

import importlib
import logging

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Model
from hypothesis import given
from hypothesis import strategies as st

from agreements import checks as agreements_checks
from agreements.models import Agreement
from agreements.models.search import INDEXES as OF_AGREEMENTS
from agreements.models.search import STATED, find_agreements
from proceedings import checks
from proceedings.models import Author, Paper, search
from proceedings.models.search import AUTHOR, INDEXES, PAPER, find_papers, matching, search_words
from tests import make

pytestmark = pytest.mark.django_db
only_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="what an index of PostgreSQL does")


def keys(text: str) -> list[str]:
    return sorted(find_papers(Paper.objects.all(), text).values_list("key", flat=True))


@pytest.fixture
def papers() -> None:
    make.paper(key="erdos26", title="On 100% of $x_1$ and Fish\\Chips", contact="pal@math.example")
    Author.objects.filter(is_corresponding=True).update(given="Pál", family="Erdős")
    make.paper(key="nguyen26", title="Deep Fishing", contact="huong@uni.example", submission="4711")
    Author.objects.filter(email="huong@uni.example").update(given="Nguyễn Thị", family="Hương")


@pytest.mark.usefixtures("papers")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fish", ["erdos26", "nguyen26"]),
        ("FISH deep", ["nguyen26"]),
        ("deep pal@math", []),
        ("math.example", ["erdos26"]),
        ("Erdős fish", ["erdos26"]),
        ("bhosale", ["erdos26", "nguyen26"]),
        ("4711", ["nguyen26"]),
        ("nguyen26", ["nguyen26"]),
        ('"deep fishing"', ["nguyen26"]),
        ('"fishing deep"', []),
        ("100%", ["erdos26"]),
        ("0%o", []),
        ("x_1", ["erdos26"]),
        ("x.1", []),
        ("fish\\chips", ["erdos26"]),
        ("", ["erdos26", "nguyen26"]),
        ("   ", ["erdos26", "nguyen26"]),
        ("'", []),
        ("fish\x00", ["erdos26", "nguyen26"]),
    ],
)
def test_papers_are_found_by_every_word(text: str, found: list[str]) -> None:
    assert keys(text) == found


@only_postgresql
@pytest.mark.usefixtures("papers")
@pytest.mark.parametrize(
    ("text", "found"),
    [("erdos", ["erdos26"]), ("ERDÖS", ["erdos26"]), ("huong", ["nguyen26"]), ("nguyen thi", ["nguyen26"])],
)
def test_on_postgresql_accents_do_not_matter(text: str, found: list[str]) -> None:
    assert keys(text) == found


@pytest.mark.parametrize("kept", ["ann@xn--bcher-kva.example", "ann@bücher.example"])
@pytest.mark.parametrize("typed", ["ann@bücher.example", "Bücher.example", "xn--bcher-kva.example", "XN--BCHER-kva.ex"])
def test_a_domain_is_found_in_either_spelling(kept: str, typed: str) -> None:
    paper = make.paper(key="ann26")
    paper.authors.filter(is_corresponding=True).update(email=kept)
    assert keys(typed) == ["ann26"] or (typed.endswith(".ex") and "ü" in kept)
    assert keys("bücher.org") == []


def test_agreements_are_found_by_what_they_state_and_not_by_what_the_paper_says_now() -> None:
    agreement = make.agreement(of=make.paper(key="lewis26x", title="Then"))
    Paper.objects.update(title="Now")
    for text in ("then", "LEWIS26X", "mike@example.org", "Dettmers", agreement.reference, "mike shruti then"):
        assert find_agreements(Agreement.objects.all(), text).get() == agreement, text
    assert not find_agreements(Agreement.objects.all(), "now")


@given(st.text(max_size=30))
def test_no_text_breaks_a_search(text: str) -> None:
    assert all(search_words(text))
    list(find_papers(Paper.objects.all(), text))
    list(find_agreements(Agreement.objects.all(), text))


def multiply(row: Model, count: int, **columns: str) -> None:
    """Inserts `count` copies of `row`, except for `columns`, which are SQL with the number g."""
    fields = [field.column for field in row._meta.concrete_fields if not field.primary_key]
    values = ", ".join(columns.get(field, f't."{field}"') for field in fields)
    names, table = ", ".join(f'"{field}"' for field in fields), row._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} t, generate_series(1, {count}) g "  # noqa: S608 - our own names
            f"WHERE t.id = {row.pk}"
        )
        cursor.execute(f"ANALYZE {table}")


def fill(count: int) -> None:
    """Creates `count` papers, each with one author and an agreement."""
    first = make.agreement(of=make.paper(key="first"))
    multiply(first.paper, count, key="'paper' || g", title="'About ' || g", position="g")
    volume = first.paper.volume_id
    paper = f"(SELECT p.id FROM proceedings_paper p WHERE p.volume_id = {volume} AND p.key = 'paper' || g)"  # noqa: S608
    author = first.paper.authors.get(is_corresponding=True)
    multiply(author, count, paper_id=paper, family="'Family' || g", email="'a' || g || '@x.example'")
    stated = {"reference": "'1-paper' || g", "title": "'About ' || g", "signer_email": "'a' || g || '@x.example'"}
    multiply(first, count, paper_id=paper, **stated)
    with connection.cursor() as cursor:
        for name, *_ in (*INDEXES, *OF_AGREEMENTS):
            cursor.execute("SELECT gin_clean_pending_list(%s)", [name])  # the server does so itself later


@only_postgresql
def test_with_many_rows_each_search_goes_by_its_index() -> None:
    fill(20_000)
    plans = {
        "paper_search": matching(Paper.objects.all(), PAPER, "out 4711"),
        "author_search": matching(Author.objects.all(), AUTHOR, "family4711"),
        "agreement_search": matching(Agreement.objects.all(), STATED, "paper4711"),
    }
    for index, query in plans.items():
        assert index in query.order_by().explain(), query.explain()
    both = find_papers(Paper.objects.order_by(), "family4711 bout").explain()
    assert "author_search" in both
    assert "paper_search" in both
    assert "Seq Scan on proceedings_author" not in both
    assert keys("family4711 about") == ["paper4711"]


@only_postgresql
def test_where_the_extension_cannot_be_made_it_is_said_and_nothing_else_is_lost(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    migration = importlib.import_module("proceedings.migrations.0002_squashed_login_and_search")
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pg_trgm CASCADE")
        cursor.execute("CREATE ROLE plain NOLOGIN")
        cursor.execute("GRANT ALL ON SCHEMA public TO plain")
        cursor.execute("SET ROLE plain")
        try:
            with caplog.at_level(logging.WARNING):
                migration.make(None, None)
            with pytest.raises(CommandError, match="permission denied"):
                call_command("create_search_indexes")
        finally:
            cursor.execute("RESET ROLE")
    assert "CREATE EXTENSION pg_trgm" in caplog.text
    (warning,) = checks.check_search_indexes(databases=["default"])
    assert warning.id == "proceedings.W001"
    assert "author_search" in warning.msg
    assert [one.id for one in agreements_checks.check_search_indexes(databases=["default"])] == ["agreements.W002"]
    make.paper(key="erdos26")
    assert keys("erdos") == ["erdos26"]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or the rows above would be in the way
    call_command("create_search_indexes")
    assert not checks.check_search_indexes(databases=["default"])


def test_the_indexes_are_there_or_not_wanted() -> None:
    assert search.missing_indexes([*INDEXES, *OF_AGREEMENTS]) == []
    assert checks.check_search_indexes() == checks.check_search_indexes(databases=["default"]) == []
