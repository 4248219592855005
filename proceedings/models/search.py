"""Searches papers and related rows: each word must occur, whatever its case and, on PostgreSQL, its accents.

On PostgreSQL, each table has a trigram index, made by `make_indexes` if the server permits it. Without it, and on
SQLite, the same words find the same rows, only slower.
"""

import unicodedata
from typing import Any

from django.core.checks import CheckMessage, Warning  # noqa: A004 - Django's name
from django.db import DatabaseError, connection, transaction
from django.db.models import CharField, Func, Model, Q, QuerySet
from django.db.models.functions import Upper
from django.db.models.sql import Query
from django.utils.text import smart_split, unescape_string_literal

from proceedings.email_address import searched_forms
from proceedings.models import Author, Paper

WITHOUT_ACCENTS = r"REGEXP_REPLACE(NORMALIZE(%(expressions)s, NFD), '[\u0300-\u036f]+', '', 'g')"
"""Uses only immutable functions, as an index requires; those of the extension unaccent are not."""


class SearchText(Func):
    """Columns joined into the text that is searched."""

    arg_joiner = " || ' ' || "
    template = "(%(expressions)s)"
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=WITHOUT_ACCENTS, **context)


PAPER = SearchText("key", "title", "submission")
AUTHOR = SearchText("given", "particle", "family", "suffix", "email")
INDEXES = [("paper_search", Paper, PAPER), ("author_search", Author, AUTHOR)]


def search_words(text: str) -> list[str]:
    """Splits a query into words, and phrases in quotation marks."""
    bits = [bit for bit in smart_split(text.replace("\x00", "")) if bit]
    return [unescape_string_literal(bit) if bit[0] == bit[-1] and bit[0] in "'\"" and bit[1:] else bit for bit in bits]


def matching(rows: QuerySet[Any], haystack: SearchText, word: str) -> QuerySet[Any]:
    """Returns those `rows` whose `haystack` contains `word`, or the same domain in its other spelling."""
    wanted = Q()
    for form in sorted(searched_forms(word)):
        wanted |= Q(haystack__icontains=without_accents(form) if connection.vendor == "postgresql" else form)
    found: QuerySet[Any] = rows.alias(haystack=haystack).filter(wanted)
    return found


def without_accents(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word)
    return "".join(sign for sign in decomposed if not "\u0300" <= sign <= "\u036f")


def find_papers(papers: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Returns those `papers` that have each word of `text` in key, title, submission number or an author."""
    for word in search_words(text):
        by_author = matching(Author.objects.order_by(), AUTHOR, word).values("paper")
        # A union instead of OR: with OR across two tables PostgreSQL uses no index.
        papers = papers.filter(pk__in=matching(Paper.objects.order_by(), PAPER, word).values("pk").union(by_author))
    return papers


Index = tuple[str, type[Model], SearchText]
"""Name, table and expression. It must be the very expression that is searched, or the index is not used."""


def make_indexes(indexes: list[Index]) -> str:
    """Creates trigram indexes on PostgreSQL. Returns why it failed; empty on success and on other databases."""
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


def missing_indexes(indexes: list[Index]) -> list[str]:
    """Returns the names of the indexes that this PostgreSQL lacks; empty on other databases."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        cursor.execute("SELECT indexname FROM pg_indexes WHERE schemaname = ANY (current_schemas(false))")
        there = {name for (name,) in cursor.fetchall()}
    return [name for name, model, _ in indexes if table_of(model) in tables and name not in there]


def table_of(model: type[Model]) -> str:
    return str(Query(model).get_meta().db_table)


def index_warnings(indexes: list[Index], number: str) -> list[CheckMessage]:
    """Returns a system check warning for missing indexes."""
    lacking = missing_indexes(indexes)
    hint = "As a superuser of this database, run CREATE EXTENSION pg_trgm. Then run manage.py create_search_indexes."
    message = f"Search is slow: PostgreSQL lacks {' and '.join(lacking)}."
    return [Warning(message, hint=hint, id=number)] if lacking else []
