"""How the database compares addresses: in lower case, without characters that nobody sees.

Rows written before addresses were cleaned keep what they say, because it is evidence. `proceedings.email_address`
knows the other spellings of an address; this removes what cannot be listed.
"""

from typing import Any

from django.db.models import CharField, Func, QuerySet

from proceedings.email_address import all_spellings

UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u2060\ufeff"
"""The invisible characters that are copied with an address. They are in an index: a change needs a migration."""


class PlainAddress(Func):
    """A column's address in lower case without `UNSEEN`. Literals and no parameters, or SQLite would use no index."""

    template = "LOWER(" + "REPLACE(" * len(UNSEEN) + "%(expressions)s" + "".join(f", '{x}', '')" for x in UNSEEN) + ")"
    output_field = CharField()


def rows_with_address(rows: QuerySet[Any], column: str, *addresses: str) -> QuerySet[Any]:
    """Return those `rows` that have one of `addresses` in `column`, in any spelling. Adds the annotation `small`."""
    found: QuerySet[Any] = rows.annotate(small=PlainAddress(column)).filter(small__in=all_spellings(addresses))
    return found
