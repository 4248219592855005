"""Adapters for pyHanko: its coroutines, and its classes of certificates and revocation lists."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

from asn1crypto import crl as asn1_crl
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.keys import load_certs_from_pemder_data

from agreements.documents.seal.key import der

_T = TypeVar("_T")
_load: Any = load_certs_from_pemder_data


def finish(work: Coroutine[Any, Any, _T]) -> _T:
    """Run `work` from synchronous code, in a separate thread if this one already runs an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, work).result()


@lru_cache(maxsize=64)
def asn1_certificate(certificate: x509.Certificate) -> Any:
    """Convert a certificate to the class that pyHanko uses. Cached."""
    (loaded,) = _load(der(certificate))
    return loaded


def asn1_list(revoked: x509.CertificateRevocationList) -> Any:
    """Convert a revocation list to the class that pyHanko uses."""
    return asn1_crl.CertificateList.load(revoked.public_bytes(Encoding.DER))
