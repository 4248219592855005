"""A minimal IMAP server (RFC 3501) for tests: one mailbox, TLS or STARTTLS, only the commands that `imaplib` sends."""

import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Inbox:
    """The messages of the mailbox and their flags. Attributes make it misbehave."""

    def __init__(self, mails: list[bytes]) -> None:
        self.mails, self.seen = mails, set[int]()
        self.spoken: list[str] = []
        """Commands received, without passwords."""
        self.refuses = ""
        """A command that is answered with NO."""
        self.silent_at = ""
        """A command that is never answered."""
        self.lost = set[int]()
        """Numbers of messages that FETCH answers with NO."""


class Talk(socketserver.StreamRequestHandler):
    server: "Server"

    def handle(self) -> None:
        self.inbox, self.encrypted = self.server.inbox, False
        if self.server.at_once:
            self.encrypt()
        self.say("* OK here")
        while line := self.rfile.readline().decode().strip():
            tag, command, rest = (*line.split(" ", 2), "")[:3]
            if command == "UID":
                command, _, rest = rest.partition(" ")
            self.inbox.spoken.append(command)
            if command == self.inbox.silent_at:
                self.server.ended.wait(10)
                return
            lost = command == "FETCH" and int(rest.split()[0]) in self.inbox.lost
            if command == self.inbox.refuses or lost:
                self.say(f"{tag} NO not today")
                continue
            getattr(self, f"on_{command.lower()}", lambda rest: None)(rest)
            self.say(f"{tag} OK done")
            if command == "STARTTLS":
                self.encrypt()
            if command == "LOGOUT":
                return

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def encrypt(self) -> None:
        super().finish()  # the files of the unencrypted connection
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.setup()
        self.encrypted = True

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def on_capability(self, rest: str) -> None:
        self.say("* CAPABILITY IMAP4rev1" + ("" if self.encrypted else " STARTTLS LOGINDISABLED"))

    def on_login(self, rest: str) -> None:
        assert self.encrypted, "a password in the clear"
        assert rest == 'desk "p w"', rest

    def on_select(self, rest: str) -> None:
        assert rest == '"INBOX"', rest
        self.say(f"* {len(self.inbox.mails)} EXISTS")

    def on_search(self, rest: str) -> None:
        assert rest == "UNSEEN"
        unseen = [str(number) for number in range(1, len(self.inbox.mails) + 1) if number not in self.inbox.seen]
        self.say(" ".join(["* SEARCH", *unseen]))

    def on_fetch(self, rest: str) -> None:
        found = re.fullmatch(r"(\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", rest)
        assert found, rest
        number, most = int(found[1]), int(found[2])
        if mail := self.inbox.mails[number - 1][:most]:
            self.wfile.write(b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\n" % (number, number, len(mail), mail))

    def on_store(self, rest: str) -> None:
        found = re.fullmatch(r"(\d+) \+FLAGS\.SILENT \(\\Seen\)", rest)
        assert found, rest
        self.inbox.seen.add(int(found[1]))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True

    def __init__(self, inbox: Inbox, context: ssl.SSLContext, *, at_once: bool) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.inbox, self.context, self.at_once = inbox, context, at_once
        self.ended = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignores a client that rejects the certificate and disconnects; the test checks the client's error."""


@contextmanager
def serve(inbox: Inbox, certificate: tuple[Path, Path], *, scheme: str = "imaps") -> Iterator[str]:
    """Yields the server's URL for BOUNCE_MAILBOX."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with Server(inbox, context, at_once=scheme == "imaps") as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{scheme}://desk:p%20w@127.0.0.1:{server.server_address[1]}/INBOX"
        server.ended.set()
        server.shutdown()
