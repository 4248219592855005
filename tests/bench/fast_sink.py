"""A fast SMTP server for benchmarks: ``python -m tests.bench.fast_sink PORT LOG``. It supports pipelining, as real
relays do.

It accepts everything and writes one line per email, so that only the sender is measured.
"""

import asyncio
import sys
from pathlib import Path
from typing import TextIO

HELLO = b"250-sink.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n"


class Sink(asyncio.Protocol):
    def __init__(self, log: TextIO) -> None:
        self.log, self.buffer, self.in_body = log, b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 sink.example\r\n")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        answers = b""
        while self.buffer:
            end = b"\r\n.\r\n" if self.in_body else b"\r\n"
            taken, found, rest = self.buffer.partition(end)
            if not found:
                break
            self.buffer = rest
            answers += self.mail() if self.in_body else self.command(taken)
        if answers:
            self.transport.write(answers)

    def mail(self) -> bytes:
        self.in_body = False
        self.log.write("mail\n")
        return b"250 OK\r\n"

    def command(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"DATA":
            self.in_body = True
            return b"354 go on\r\n"
        if verb == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
            return b""
        return HELLO if verb == b"EHLO" else b"250 OK\r\n"


async def main(port: int, log: Path) -> None:
    with log.open("a", buffering=1) as lines:
        server = await asyncio.get_running_loop().create_server(lambda: Sink(lines), "127.0.0.1", port)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
