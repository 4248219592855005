"""The two adapters between pyHanko and the rest: its coroutines, and its form of certificates."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from asn1crypto import x509 as asn1
from cryptography import x509

from agreements.seal.key import der

_T = TypeVar("_T")


def finish(work: Coroutine[Any, Any, _T]) -> _T:
    """Finish `work` from synchronous code, in a thread of its own where an event loop already runs in this one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, work).result()


def asn1_certificate(certificate: x509.Certificate) -> asn1.Certificate:
    """The same certificate as pyHanko's libraries hold it."""
    loaded: asn1.Certificate = asn1.Certificate.load(der(certificate))
    return loaded
