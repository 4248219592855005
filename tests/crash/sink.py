"""An SMTP server process: ``python -m tests.crash.sink PORT LOG SEED [friendly]``.

It logs what it accepts *before* it answers. Of 1,000 emails it rejects 20 temporarily and 5 permanently, and closes the
connection after accepting 2. With `friendly` it accepts everything.
"""

import asyncio
import random
import sys
import time
from email.parser import BytesHeaderParser
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    def __init__(self, log: Path, seed: int, *, friendly: bool = False) -> None:
        self.evil = 0.0 if friendly else 1.0
        self.log = log.open("a", buffering=1)
        self.random = random.Random(seed)
        self.parser = BytesHeaderParser()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        dice = self.random.random()
        if dice < 0.01 * self.evil:
            return "451 4.3.0 later"
        if dice < 0.015 * self.evil:
            return "550 5.1.1 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.random.random() < 0.01 * self.evil:
            return "451 4.3.0 later, after all"
        headers = self.parser.parsebytes(envelope.original_content or b"")
        self.log.write(f"{time.time():.6f} {headers['Message-ID']}\n")
        if self.random.random() < 0.002 * self.evil:
            self.log.write(f"{time.time():.6f} lost\n")
            assert server.transport is not None
            server.transport.close()
        return "250 OK"


async def main(port: int, log: Path, seed: int, *, friendly: bool) -> None:
    handler = Sink(log, seed, friendly=friendly)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, hostname="sink.example"), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), friendly="friendly" in sys.argv))
