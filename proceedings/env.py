"""Environment variables -> values. Pure: reads a mapping, collects every problem, so that all are told at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import ParseResult, unquote, urlparse

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


class Env:
    """Reads variables from `source`. A wrong or missing one is noted in `problems`, and a harmless value returned."""

    def __init__(self, source: Mapping[str, str]) -> None:
        self.source = source
        self.problems: list[str] = []

    def text(self, name: str, default: str | None = None, *, why: str = "") -> str:
        """The variable as text; without a `default` it must be set, and `why` says what it is for."""
        value = self.source.get(name, "").strip()
        if value:
            return value
        if default is None:
            self.problems.append(f"{name} is not set. {why}".strip())
            return ""
        return default

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.source.get(name, "").strip().lower() or str(default).lower()
        if value in TRUE | FALSE:
            return value in TRUE
        self.problems.append(f"{name} is {value!r}. Say 1 or 0.")
        return default

    def number(self, name: str, default: int) -> int:
        value = self.source.get(name, "").strip() or str(default)
        if value.isascii() and value.isdigit():
            return int(value)
        self.problems.append(f"{name} is {value!r}. Give a whole number.")
        return default

    def words(self, name: str, default: str | None = None, *, why: str = "") -> list[str]:
        """A comma-separated list."""
        return [word.strip() for word in self.text(name, default, why=why).split(",") if word.strip()]

    def url(self, name: str, default: str | None, schemes: set[str], *, why: str = "") -> ParseResult:
        """A URL with one of the `schemes`."""
        value = self.text(name, default, why=why)
        try:
            parts = urlparse(value)
            _ = parts.port  # parsed lazily, and may be wrong
        except ValueError as error:
            self.problems.append(f"{name} is not a URL: {error}.")
            return urlparse("")
        if value and parts.scheme not in schemes:
            known = ", ".join(f"{scheme}:" for scheme in sorted(schemes))
            # Only the scheme is repeated: the rest may hold a password.
            self.problems.append(f"{name} starts with {parts.scheme + ':'!r}. It must start with one of {known}.")
        return parts


def database(url: ParseResult) -> dict[str, Any]:
    """Django's settings for ``sqlite:///path`` or ``postgres://user:password@host:port/name``."""
    if url.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(url.path).removeprefix("/") or ":memory:",
            "OPTIONS": {
                # Without IMMEDIATE two writers that read first deadlock at once ("database is locked"); WAL lets
                # readers go on; FULL keeps a commit through power loss, which the mail engine's promise rests on.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or ""),
        "PORT": str(url.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def email(url: ParseResult) -> dict[str, Any]:
    """Django's ``EMAIL_*`` settings for ``smtp://``, ``smtps://``, ``file:///dir``, ``console:`` or ``anymail://name``."""
    if url.scheme == "anymail":
        return {"EMAIL_BACKEND": f"anymail.backends.{url.hostname}.EmailBackend"}
    backend = {"smtp": "smtp", "smtps": "smtp", "file": "filebased", "console": "console"}.get(url.scheme, "console")
    settings: dict[str, Any] = {"EMAIL_BACKEND": f"django.core.mail.backends.{backend}.EmailBackend"}
    if backend == "filebased":
        settings["EMAIL_FILE_PATH"] = Path(unquote(url.path))
    if backend == "smtp":
        settings |= {
            "EMAIL_HOST": unquote(url.hostname or "localhost"),
            "EMAIL_PORT": url.port or (465 if url.scheme == "smtps" else 25),
            "EMAIL_HOST_USER": unquote(url.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
            "EMAIL_USE_SSL": url.scheme == "smtps",
            "EMAIL_USE_TLS": "starttls" in url.query,
            "EMAIL_TIMEOUT": 30,
        }
    return settings
