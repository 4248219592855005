"""Request time-stamps (RFC 3161) over HTTP, and check the answers."""

import time
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from asn1crypto import tsp
from pyhanko.sign.timestamps import TimeStamper

from agreements.documents.seal.key import SealError

SECONDS = 10.0
"""Limit for one request, until the last byte of the answer."""
MAX_BYTES = 100_000
"""A time-stamp with its certificates has 3 to 10 kB."""


class TimestampError(SealError):
    """The time-stamp authority gave no usable time-stamp. Other files would fail too."""


class TimestampAuthority(TimeStamper):
    """The time-stamp authority at `url`. Create one per seal, so that no cached answer outlives its certificates."""

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._url = url
        self._seconds = seconds

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> Any:
        """Return a time-stamp over `message_digest`. pyHanko checks status and nonce; the stamped digest is checked
        here.
        """
        try:
            token = await super().async_timestamp(message_digest, md_algorithm)
            stamped = token["content"]["encap_content_info"]["content"].parsed["message_imprint"]["hashed_message"]
            imprint = stamped.native
        except SealError:
            raise
        except Exception as error:
            raise TimestampError(f"The time-stamp authority gave no time-stamp: {error}") from error
        if imprint != message_digest:
            raise TimestampError("The time-stamp authority stamped something else than it was asked to.")
        return token

    async def async_request_tsa_response(self, req: Any) -> Any:
        """Return the answer to one request. It may block, because nothing else runs in this event loop."""
        return tsp.TimeStampResp.load(self._ask(req.dump()))

    def _ask(self, question: bytes) -> bytes:
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        end = time.monotonic() + self._seconds
        try:
            # the settings allow only http and https
            with urlopen(Request(self._url, question, headers), timeout=self._seconds) as answer:  # noqa: S310
                kind, body = answer.headers.get_content_type(), b""
                while part := answer.read1(65_536):
                    body += part
                    if time.monotonic() > end or len(body) > MAX_BYTES:
                        raise TimestampError("The time-stamp authority's answer has no end.")
        except HTTPError as error:
            error.close()
            raise TimestampError(f"The time-stamp authority answered {error.code}.") from error
        except (OSError, HTTPException) as error:
            raise TimestampError(f"The time-stamp authority cannot be reached: {error}") from error
        if kind != "application/timestamp-reply":
            raise TimestampError(f"The time-stamp authority answered with {kind}.")
        return body
