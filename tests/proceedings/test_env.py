"""Environment variables: each problem is reported, without secrets."""

from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest

from proceedings import env
from proceedings.env import Env


def read(**variables: str) -> Env:
    return Env(variables)


def test_a_text_is_taken_without_the_spaces_around_it() -> None:
    source = read(NAME="  value ")
    assert (source.text("NAME"), source.problems) == ("value", [])


@pytest.mark.parametrize("variables", [{}, {"NAME": ""}, {"NAME": "   "}])
def test_a_text_that_is_missing_or_empty_has_its_default_or_is_a_problem(variables: dict[str, str]) -> None:
    source = Env(variables)
    assert source.text("NAME", "default") == "default"
    assert source.problems == []
    assert source.text("NAME", why="It is needed.") == ""
    assert source.problems == ["NAME is not set. It is needed."]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", True), ("true", True), ("YES", True), (" on ", True), ("0", False), ("False", False), ("no", False)],
)
def test_a_flag_is_said_in_many_ways(value: str, expected: bool) -> None:
    source = read(FLAG=value)
    assert (source.flag("FLAG", default=not expected), source.problems) == (expected, [])


@pytest.mark.parametrize("default", [True, False])
@pytest.mark.parametrize("variables", [{}, {"FLAG": ""}, {"FLAG": " "}])
def test_a_flag_that_is_missing_or_empty_has_its_default(variables: dict[str, str], default: bool) -> None:
    assert Env(variables).flag("FLAG", default=default) is default


def test_any_other_flag_is_a_problem() -> None:
    source = read(FLAG="maybe")
    assert source.flag("FLAG") is False
    assert source.problems == ["FLAG is 'maybe'. Say 1 or 0."]


def test_words_are_separated_by_commas() -> None:
    assert read(HOSTS=" a.example , ,b.example,").comma_list("HOSTS") == ["a.example", "b.example"]


def test_a_url_of_another_scheme_is_a_problem_that_keeps_its_password() -> None:
    source = read(URL="mysql://user:s3cret@host/db")
    source.url("URL", None, {"sqlite", "postgres"})
    assert source.problems == ["URL starts with 'mysql:'. It must start with one of postgres:, sqlite:."]


@pytest.mark.parametrize("value", ["smtp://host:port", "smtp://host:99999", "smtp://[::1"])
def test_a_url_that_is_none_is_a_problem(value: str) -> None:
    source = read(URL=value)
    assert source.url("URL", None, {"smtp"}).geturl() == ""
    (problem,) = source.problems
    assert problem.startswith("URL is not a URL: ")


def test_an_empty_url_with_an_empty_default_is_none_and_no_problem() -> None:
    source = read()
    assert source.url("URL", "", {"redis"}).geturl() == ""
    assert source.problems == []


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:////srv/desk.sqlite3", "/srv/desk.sqlite3"),
        ("sqlite:///var/desk.sqlite3", "var/desk.sqlite3"),
        ("sqlite:////srv/with%20space.sqlite3", "/srv/with space.sqlite3"),
        ("sqlite://", ":memory:"),
    ],
)
def test_sqlite_waits_writes_ahead_and_keeps_what_it_committed(url: str, name: str) -> None:
    database = env.database(urlparse(url))
    assert (database["ENGINE"], database["NAME"]) == ("django.db.backends.sqlite3", name)
    options = database["OPTIONS"]
    assert (options["transaction_mode"], options["timeout"]) == ("IMMEDIATE", 20)
    assert "journal_mode=WAL" in options["init_command"]
    assert "synchronous=FULL" in options["init_command"]


def test_postgresql_is_taken_apart() -> None:
    database = env.database(urlparse("postgres://de%40sk:p%2Fss@db.example:5433/the%20desk"))
    parts = {name: database[name] for name in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")}
    assert parts == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "the desk",
        "USER": "de@sk",
        "PASSWORD": "p/ss",
        "HOST": "db.example",
        "PORT": "5433",
    }


def smtp(**changes: Any) -> dict[str, Any]:
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "mx.example",
        "EMAIL_PORT": 25,
        "EMAIL_HOST_USER": "",
        "EMAIL_HOST_PASSWORD": "",
        "EMAIL_USE_SSL": False,
        "EMAIL_USE_TLS": False,
        "EMAIL_TIMEOUT": 30,
    } | changes


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mx.example", smtp()),
        ("smtp://mx.example:587?starttls", smtp(EMAIL_PORT=587, EMAIL_USE_TLS=True)),
        ("smtps://mx.example", smtp(EMAIL_PORT=465, EMAIL_USE_SSL=True)),
        (
            "smtps://us%40er:p%3Ass@mx.example:4650",
            smtp(EMAIL_PORT=4650, EMAIL_USE_SSL=True, EMAIL_HOST_USER="us@er", EMAIL_HOST_PASSWORD="p:ss"),
        ),
        (
            "file:///var/my%20mail",
            {
                "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
                "EMAIL_FILE_PATH": Path("/var/my mail"),
            },
        ),
        ("console:", {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}),
        ("anymail://postmark", {"EMAIL_BACKEND": "anymail.backends.postmark.EmailBackend"}),
    ],
)
def test_the_email_transport_is_one_url(url: str, expected: dict[str, Any]) -> None:
    assert env.email(urlparse(url)) == expected
