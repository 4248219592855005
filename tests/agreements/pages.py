"""Shared by tests of pages: an author's browser without JavaScript, and a digest of all rows."""

import hashlib
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from django.db import connection
from django.test import Client
from django.urls import URLPattern, get_resolver

from agreements.demo.authors import hidden_in
from agreements.models import Agreement, Link
from tests import make


def browser(now: datetime = make.NOW, **options: Any) -> Client:
    """Returns a browser at the time `now`."""
    return Client(**{**options, "desk.now": now})


class Author:
    """An author with a signing link: reads the page, fills in the form, submits it. CSRF checks are on."""

    def __init__(self, token: str, *, now: datetime = make.NOW) -> None:
        self.token = token
        self.url = f"/sign/{token}/"
        self.client = browser(now, enforce_csrf_checks=True, headers={"user-agent": "Mozilla/5.0"})

    def open(self, path: str = "") -> Any:
        return self.client.get(self.url + path)

    def send(self, path: str = "", **fields: str) -> Any:
        """Posts the page's hidden fields and `fields`. An empty text omits a field."""
        return self.answer(self.open(path), path, **fields)

    def answer(self, page: Any, path: str = "", **fields: str) -> Any:
        """Posts the hidden fields of `page` and `fields`."""
        filled = hidden_in(page.content.decode()) | fields
        return self.client.post(self.url + path, {name: text for name, text in filled.items() if text})

    def fill_in(self, name: str, **fields: str) -> Any:
        """Types the name and ticks both boxes. Returns the review page if nothing is wrong."""
        return self.send(typed_name=name, **({"authority": "on", "consent": "on"} | fields))

    def sign(self, name: str, **fields: str) -> Any:
        """Fills in, reviews and signs. Returns the first response that rejects something."""
        review = self.fill_in(name, **fields)
        return self.answer(review, step="sign") if review.status_code == 200 else review


def author_of(agreement: Agreement, *, now: datetime = make.NOW) -> Author:
    return Author(make.token(agreement, now=now), now=now)


def all_rows(*, but: frozenset[str] = frozenset()) -> str:
    """Returns a digest of every row of every table: if it is equal, nothing was written."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in sorted(set(connection.introspection.table_names(cursor)) - but):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - our own names
            rows = sorted(
                repr([bytes(v) if isinstance(v, memoryview) else v for v in row]) for row in cursor.fetchall()
            )
            digest.update(repr((table, rows)).encode())
    return digest.hexdigest()


class FormReader(HTMLParser):
    """Collects what a browser would submit from a page's forms if the reader changed nothing."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, kind, value = given.get("name") or "", given.get("type"), given.get("value")
        if tag == "input" and name and kind not in ("submit", "file"):
            if kind != "checkbox" or "checked" in given:
                self.fields[name] = "on" if kind == "checkbox" else value or ""
        elif tag in ("textarea", "select"):
            self.inside, self.fields[name] = name, ""
        elif tag == "option" and "selected" in given and self.inside:
            self.fields[self.inside] = value or ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("textarea", "select"):
            self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside and self.lasttag == "textarea":
            self.fields[self.inside] += data if self.fields[self.inside] else data.removeprefix("\n")


def fields_of(page: Any) -> dict[str, str]:
    """Returns the filled-in fields of an admin page, without the empty form for a new row."""
    fields = FormReader(page.content.decode()).fields
    return {name: text for name, text in fields.items() if "__prefix__" not in name and name}


def drop(answer: Any) -> None:
    """Closes the file of a response. `answer.close()` would also end the test's database connection."""
    for close in answer._resource_closers:
        close()


def public_paths(agreement: Agreement, *, now: datetime = make.NOW) -> list[str]:
    """Returns every public URL, from the URLconf, with a valid link. New pages are included."""
    purposes = {"copy": Link.Purpose.COPY, "object": Link.Purpose.OBJECT, "stop": Link.Purpose.STOP}
    tokens = {word: make.token(agreement, now=now, purpose=purpose) for word, purpose in purposes.items()}
    sign = make.token(agreement, now=now)
    paths = []
    for pattern in get_resolver("agreements.urls").url_patterns:
        assert isinstance(pattern, URLPattern)
        route = str(pattern.pattern)
        token = next((token for word, token in tokens.items() if word in route), sign)
        paths.append("/" + route.replace("<str:token>", token))
    return paths
