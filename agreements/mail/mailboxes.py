"""Read bounce reports from a maildir or an IMAP mailbox.

Each function yields the new emails, and marks one as read when the next is requested. If it is killed in between, it
yields the same email again.
"""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import ParseResult, unquote

MAX_MESSAGE_BYTES = 2_000_000
"""Bytes fetched of one email. A report begins with its result, and may quote a long email."""
TIMEOUT = 30
"""Seconds to wait for the server."""


class MailboxError(Exception):
    """The mailbox cannot be read. The message contains the server's answer."""


def read_maildir(folder: Path) -> Iterator[bytes]:
    """Yield the new emails of a maildir. Raises MailboxError if `folder` is not a maildir."""
    if not (folder / "new").is_dir():
        raise MailboxError(f"{folder} is not a maildir.")
    (folder / "cur").mkdir(exist_ok=True)
    for file in sorted((folder / "new").iterdir()):
        try:
            with file.open("rb") as opened:
                body = opened.read(MAX_MESSAGE_BYTES)
        except FileNotFoundError:  # another reader was faster
            continue
        yield body
        with suppress(FileNotFoundError):
            file.rename(folder / "cur" / f"{file.name}:2,S")


def read_imap(url: ParseResult) -> Iterator[bytes]:
    """Yield the unseen emails of a mailbox such as ``imaps://user:password@host/INBOX``; ``imap://`` uses STARTTLS.

    Raises MailboxError if the server is unreachable, rejects the login, or sends an invalid answer. An email that it
    does not give is left for the next time; the error comes after all others.
    """
    problems = []
    try:
        with login(url) as server:
            check_response(server.select(f'"{unquote(url.path.strip("/")) or "INBOX"}"'))
            (numbers,) = check_response(server.uid("SEARCH", "UNSEEN"))
            for number in numbers.decode().split() if isinstance(numbers, bytes) else ():
                try:
                    bodies = list(fetch_message(server, number))
                except imaplib.IMAP4.abort:
                    raise  # the connection is lost
                except imaplib.IMAP4.error as error:
                    problems.append(f"email {number}: {error}")
                    continue
                yield from bodies
                check_response(server.uid("STORE", number, "+FLAGS.SILENT", r"(\Seen)"))
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailboxError(f"{url.hostname}: {error}") from error
    if problems:
        raise MailboxError(f"{url.hostname}: {'; '.join(problems[:5])}")


@contextmanager
def login(url: ParseResult) -> Iterator[imaplib.IMAP4]:
    """Log in, never without encryption: others could read the password."""
    host, context = url.hostname or "", ssl.create_default_context()
    if url.scheme == "imaps":
        server: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, url.port or 993, ssl_context=context, timeout=TIMEOUT)
    else:
        server = imaplib.IMAP4(host, url.port or 143, timeout=TIMEOUT)
    try:
        if url.scheme == "imap":
            server.starttls(context)
        server.login(unquote(url.username or ""), unquote(url.password or ""))
        yield server
        server.logout()
    finally:
        with suppress(OSError):  # already closed after a logout
            server.shutdown()


def fetch_message(server: imaplib.IMAP4, number: str) -> Iterator[bytes]:
    """Yield the email with this number, if it still exists. PEEK does not mark it as read."""
    for part in check_response(server.uid("FETCH", number, f"(BODY.PEEK[]<0.{MAX_MESSAGE_BYTES}>)")):
        if isinstance(part, tuple):
            yield part[1]


def check_response(response: tuple[str, list[Any]]) -> list[bytes | tuple[bytes, bytes] | None]:
    """Return the data of a response. Raises IMAP4.error if it is not OK."""
    status, data = response
    if status != "OK":
        raise imaplib.IMAP4.error(b" ".join(part for part in data if isinstance(part, bytes)).decode(errors="replace"))
    return data
