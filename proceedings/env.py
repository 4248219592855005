"""Reads environment variables into values. Pure: collects every problem, so that settings report them together."""

from collections.abc import Mapping
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import ParseResult, unquote, urlparse

from proceedings.email_address import AddressError, clean_address

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


class Env:
    """Reads variables from `source`. Adds a missing or wrong one to `problems` and returns a harmless value."""

    def __init__(self, source: Mapping[str, str]) -> None:
        self.source = source
        self.problems: list[str] = []

    def text(self, name: str, default: str | None = None, *, why: str = "") -> str:
        """Returns the variable as text. Without a `default` it must be set; `why` says what it is for."""
        value = self.source.get(name, "").strip()
        if value:
            return value
        if default is None:
            self.problems.append(f"{name} is not set. {why}".strip())
            return ""
        return default

    def address(self, name: str, default: str | None = None, *, why: str = "") -> str:
        """Returns the variable as an email address, with a name before it or not, its domain in ASCII."""
        value = self.text(name, default, why=why)
        try:
            address = clean_address(value, smtputf8=True) if value else ""
        except AddressError as error:
            self.problems.append(f"{name} is {value!r}. {error.sentences}")
            return value
        who, given = parseaddr(value)
        return value if address in ("", given) else formataddr((who, address))

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

    def comma_list(self, name: str, default: str | None = None, *, why: str = "") -> list[str]:
        """Returns a comma-separated variable as a list."""
        return [word.strip() for word in self.text(name, default, why=why).split(",") if word.strip()]

    def url(self, name: str, default: str | None, schemes: set[str], *, why: str = "") -> ParseResult:
        """Returns the variable as a URL with one of the `schemes`."""
        value = self.text(name, default, why=why)
        try:
            parts = urlparse(value)
            _ = parts.port  # the port is parsed on access and may be invalid
        except ValueError as error:
            self.problems.append(f"{name} is not a URL: {error}.")
            return urlparse("")
        if value and parts.scheme not in schemes:
            known = ", ".join(f"{scheme}:" for scheme in sorted(schemes))
            # Show only the scheme: the rest may hold a password.
            self.problems.append(f"{name} starts with {parts.scheme + ':'!r}. It must start with one of {known}.")
        return parts


def database(url: ParseResult) -> dict[str, Any]:
    """Returns Django's settings for ``sqlite:///path`` or ``postgres://user:password@host:port/name``."""
    if url.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(url.path).removeprefix("/") or ":memory:",
            "OPTIONS": {
                # IMMEDIATE prevents a deadlock of two writers that read first ("database is locked"). WAL lets readers
                # continue. FULL keeps a commit through power loss; the outbox relies on it.
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
    """Returns the ``EMAIL_*`` settings for ``smtp://``, ``smtps://``, ``file:///dir``, ``console:`` or
    ``anymail://name``.
    """
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
