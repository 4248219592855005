"""Read bounce reports from a maildir or an IMAP mailbox.

Each function yields the new emails, and marks one as read when the next is requested. If it is killed in between, it
yields the same email again.
"""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from mailbox import Maildir
from pathlib import Path
from typing import Any
from urllib.parse import ParseResult, unquote

MAX_MESSAGES = 2_000_000
"""Bytes fetched of one email. A report begins with its result, and may quote a long email."""
PATIENCE = 30
"""Seconds to wait for the server."""


class MailboxError(Exception):
    """The mailbox cannot be read. The message contains the server's answer."""


def maildir(folder: Path) -> Iterator[bytes]:
    """Yield the new emails of a maildir. Raises MailboxError if `folder` is not a maildir."""
    if not (folder / "new").is_dir():
        raise MailboxError(f"{folder} is not a maildir.")
    box = Maildir(folder, create=False)
    for key in list(box.iterkeys()):
        mail = box.get_message(key)
        if mail.get_subdir() == "new":
            yield box.get_bytes(key)
            mail.set_subdir("cur")
            mail.add_flag("S")
            box[key] = mail


def imap(url: ParseResult) -> Iterator[bytes]:
    """Yield the unseen emails of a mailbox such as ``imaps://user:password@host/INBOX``; ``imap://`` uses STARTTLS.

    Raises MailboxError if the server is unreachable, rejects the login, or sends an invalid answer.
    """
    try:
        with logged_in(url) as server:
            said(server.select(f'"{unquote(url.path.strip("/")) or "INBOX"}"'))
            (numbers,) = said(server.uid("SEARCH", "UNSEEN"))
            for number in numbers.decode().split() if isinstance(numbers, bytes) else ():
                yield from fetched(server, number)
                said(server.uid("STORE", number, "+FLAGS.SILENT", r"(\Seen)"))
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailboxError(f"{url.hostname}: {error}") from error


@contextmanager
def logged_in(url: ParseResult) -> Iterator[imaplib.IMAP4]:
    """Log in, never without encryption: others could read the password."""
    host, context = url.hostname or "", ssl.create_default_context()
    if url.scheme == "imaps":
        server: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, url.port or 993, ssl_context=context, timeout=PATIENCE)
    else:
        server = imaplib.IMAP4(host, url.port or 143, timeout=PATIENCE)
    try:
        if url.scheme == "imap":
            server.starttls(context)
        server.login(unquote(url.username or ""), unquote(url.password or ""))
        yield server
        server.logout()
    finally:
        with suppress(OSError):  # already closed after a logout
            server.shutdown()


def fetched(server: imaplib.IMAP4, number: str) -> Iterator[bytes]:
    """Yield the email with this number, if it still exists. PEEK does not mark it as read."""
    for part in said(server.uid("FETCH", number, f"(BODY.PEEK[]<0.{MAX_MESSAGES}>)")):
        if isinstance(part, tuple):
            yield part[1]


def said(answer: tuple[str, list[Any]]) -> list[bytes | tuple[bytes, bytes] | None]:
    """Return the data of a response. Raises IMAP4.error if it is not OK."""
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(b" ".join(part for part in data if isinstance(part, bytes)).decode(errors="replace"))
    return data
