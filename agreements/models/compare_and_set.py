"""Read, compare-and-set and insert single rows with one SQL statement each, using only the table's own columns.

Every email goes through here. Building Django's `filter(…).update(…)` takes longer than running it, so each statement
is built once and cached. Columns of other tables cannot be named: on PostgreSQL a filter through a join would let two
concurrent updates both succeed.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import CharField, Field, Model, TextField

Columns = dict[str, Any]
TEXT_FIELDS = (CharField, TextField)


class Statement(NamedTuple):
    sql: str
    fields: tuple["Field[Any, Any]", ...]
    """The fields of the placeholders, in order."""

    def parameters(self, values: list[Any]) -> list[Any]:
        """Convert the values for the database. Texts for text columns need no conversion."""
        return [
            value
            if isinstance(value, str) and isinstance(field, TEXT_FIELDS)
            else field.get_db_prep_save(value, connection)
            for field, value in zip(self.fields, values, strict=True)
        ]


def update_row(model: type[Model], pk: int, *, expected: Columns, values: Columns) -> bool:
    """Set the columns `values` of a row if its columns `expected` have these values. Returns False if they do not.

    A value in `expected` may be a tuple of allowed values; None never matches. Raises FieldDoesNotExist for a column
    that is not the table's own.
    """
    old = {name: value if isinstance(value, tuple) else (value,) for name, value in expected.items()}
    statement = build_update(model, tuple(values), tuple((name, len(parameters)) for name, parameters in old.items()))
    parameters = [*values.values(), pk, *(value for parameters in old.values() for value in parameters)]
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.parameters(parameters))
        return bool(cursor.rowcount)


def insert_row(model: type[Model], columns: Columns) -> None:
    """Insert a row."""
    statement = build_insert(model, tuple(columns))
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.parameters(list(columns.values())))


def lock_rows(model: type[Model], pks: Iterable[int], *columns: str) -> list[tuple[Any, ...]]:
    """Lock some rows until the transaction ends and return the given columns, ordered by primary key.

    Numbers and texts only. SQLite cannot lock a row and does not need to: it has one writer at a time.
    """
    keys = sorted(pks)
    if not keys:  # PostgreSQL refuses an empty list
        return []
    statement = build_select_for_update(model, columns, len(keys), connection.features.has_select_for_update)
    with connection.cursor() as cursor:
        cursor.execute(statement, keys)
        return list(cursor.fetchall())


@lru_cache
def build_update(model: type[Model], names: tuple[str, ...], expected: tuple[tuple[str, int], ...]) -> Statement:
    sets = ", ".join(f"{column_name(model, name)} = %s" for name in names)
    old = "".join(f" AND {column_name(model, name)} IN ({', '.join(['%s'] * count)})" for name, count in expected)
    placeholders = [*names, "id", *(name for name, count in expected for _ in range(count))]
    return Statement(
        f"UPDATE {table_name(model)} SET {sets} WHERE {column_name(model, 'id')} = %s{old}",
        get_fields(model, placeholders),
    )


@lru_cache
def build_insert(model: type[Model], names: tuple[str, ...]) -> Statement:
    columns, places = ", ".join(column_name(model, name) for name in names), ", ".join(["%s"] * len(names))
    return Statement(f"INSERT INTO {table_name(model)} ({columns}) VALUES ({places})", get_fields(model, names))


@lru_cache
def build_select_for_update(model: type[Model], names: tuple[str, ...], count: int, lock: bool) -> str:
    columns, keys = ", ".join(column_name(model, name) for name in names), ", ".join(["%s"] * count)
    found = f"SELECT {columns} FROM {table_name(model)} WHERE id IN ({keys}) ORDER BY id"
    return f"{found} FOR NO KEY UPDATE" if lock else found


def table_name(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def column_name(model: type[Model], name: str) -> str:
    return connection.ops.quote_name(str(get_field(model, name).column))


def get_fields(model: type[Model], names: Iterable[str]) -> tuple["Field[Any, Any]", ...]:
    return tuple(get_field(model, name) for name in names)


def get_field(model: type[Model], name: str) -> "Field[Any, Any]":
    found = model._meta.get_field(name)
    if not isinstance(found, Field):
        raise FieldDoesNotExist(f"{name} is not a column of {model._meta.db_table}.")
    return found
