"""Where reports of mail that did not arrive come in: a maildir, or a mailbox on a server (IMAP).

Each yields its new mails, and marks one as read when it is asked for the next: whoever is killed in between reads the
same one again.
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
"""Bytes of one mail that are fetched: a report begins with what it has to say, and may bring a long mail back."""
PATIENCE = 30
"""Seconds that the server may take to answer."""


class MailboxError(Exception):
    """The mailbox cannot be read. The message says what its server said."""


def maildir(folder: Path) -> Iterator[bytes]:
    """The new mails of a maildir. Raises MailboxError if it is none."""
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
    """The unseen mails of a mailbox such as ``imaps://user:password@host/INBOX``; ``imap://`` is with STARTTLS.

    Raises MailboxError where the server cannot be reached, does not let us in, or answers nonsense.
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
    """Never without encryption: the password would be anybody's."""
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
        with suppress(OSError):  # it is closed already, after a log-out
            server.shutdown()


def fetched(server: imaplib.IMAP4, number: str) -> Iterator[bytes]:
    """The mail with this number; nothing if somebody has taken it away meanwhile. PEEK does not mark it as read."""
    for part in said(server.uid("FETCH", number, f"(BODY.PEEK[]<0.{MAX_MESSAGES}>)")):
        if isinstance(part, tuple):
            yield part[1]


def said(answer: tuple[str, list[Any]]) -> list[bytes | tuple[bytes, bytes] | None]:
    """The data of an answer. Raises IMAP4.error when it is a refusal."""
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(b" ".join(part for part in data if isinstance(part, bytes)).decode(errors="replace"))
    return data
