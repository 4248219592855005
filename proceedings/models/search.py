"""Searching papers and what hangs on them: every word somewhere, whatever its case and, on PostgreSQL, its accents.

On PostgreSQL a trigram index per table answers; it is made by `make_index`, where the server lets us. Without it, and
on SQLite, the same words find the same rows, only slower.
"""

import unicodedata
from typing import Any

from django.core.checks import CheckMessage, Warning  # noqa: A004 - Django calls it so
from django.db import DatabaseError, connection, transaction
from django.db.models import CharField, Func, Model, QuerySet
from django.db.models.functions import Upper
from django.db.models.sql import Query
from django.utils.text import smart_split, unescape_string_literal

from proceedings.models import Author, Paper

WITHOUT_ACCENTS = r"REGEXP_REPLACE(NORMALIZE(%(expressions)s, NFD), '[\u0300-\u036f]+', '', 'g')"
"""Of built-in functions that never change their answer, as an index needs them; the extension unaccent's may."""


class Haystack(Func):
    """Columns run together into the text that is searched."""

    arg_joiner = " || ' ' || "
    template = "(%(expressions)s)"
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=WITHOUT_ACCENTS, **context)


PAPER = Haystack("key", "title", "submission")
AUTHOR = Haystack("given", "particle", "family", "suffix", "email")
INDEXES = [("paper_search", Paper, PAPER), ("author_search", Author, AUTHOR)]


def words_of(text: str) -> list[str]:
    """What is looked for: words, or "several of them" in quotation marks."""
    bits = [bit for bit in smart_split(text.replace("\x00", "")) if bit]
    return [unescape_string_literal(bit) if bit[0] == bit[-1] and bit[0] in "'\"" and bit[1:] else bit for bit in bits]


def matching(rows: QuerySet[Any], haystack: Haystack, word: str) -> QuerySet[Any]:
    """Those of `rows` in whose `haystack` the `word` stands."""
    if connection.vendor == "postgresql":
        word = without_accents(word)
    found: QuerySet[Any] = rows.alias(haystack=haystack).filter(haystack__icontains=word)
    return found


def without_accents(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word)
    return "".join(sign for sign in decomposed if not "\u0300" <= sign <= "\u036f")


def find_papers(papers: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Those of `papers` that have each word of `text` in key, title or submission number, or in an author."""
    for word in words_of(text):
        by_author = matching(Author.objects.order_by(), AUTHOR, word).values("paper")
        # A union, not "or": of two tables no index could be used together.
        papers = papers.filter(pk__in=matching(Paper.objects.order_by(), PAPER, word).values("pk").union(by_author))
    return papers


Index = tuple[str, type[Model], Haystack]
"""Its name, its table, and what it is about: the very expression that is searched, or it would not be used."""


def make_indexes(indexes: list[Index]) -> str:
    """Makes trigram indexes on PostgreSQL. Returns why it could not; empty when they are there, or of no use."""
    if connection.vendor != "postgresql":
        return ""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            for name, model, haystack in indexes:
                compiler = Query(model, alias_cols=False).get_compiler(connection=connection)
                expression, _ = compiler.compile(Upper(haystack).resolve_expression(compiler.query))
                table = connection.ops.quote_name(table_of(model))
                cursor.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {table} USING gin (({expression}) gin_trgm_ops)")
    except DatabaseError as error:
        return str(error).partition("\n")[0]
    return ""


def missing(indexes: list[Index]) -> list[str]:
    """The names of those that this PostgreSQL lacks; none are missing elsewhere."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        cursor.execute("SELECT indexname FROM pg_indexes WHERE schemaname = ANY (current_schemas(false))")
        there = {name for (name,) in cursor.fetchall()}
    return [name for name, model, _ in indexes if table_of(model) in tables and name not in there]


def table_of(model: type[Model]) -> str:
    return str(Query(model).get_meta().db_table)


def slow(indexes: list[Index], number: str) -> list[CheckMessage]:
    """What a system check says about them."""
    lacking = missing(indexes)
    hint = "As a superuser of this database, run CREATE EXTENSION pg_trgm. Then run manage.py create_search_indexes."
    message = f"Search is slow: PostgreSQL lacks {' and '.join(lacking)}."
    return [Warning(message, hint=hint, id=number)] if lacking else []
