"""pyHanko's signer with a key that is parsed once, and with its attributes encoded once."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pyhanko.sign import attributes, general, signers
from pyhanko.sign.attributes import SignedAttributeProviderSpec
from pyhanko_certvalidator.registry import SimpleCertificateStore

from agreements.documents.seal.key import SealError, SealKey, der
from agreements.documents.seal.pyhanko_adapter import asn1_certificate

ATTRIBUTES = 900
"""Bytes of a signature besides its certificates and its value: about 400 in use, the rest to spare."""

certificate_store: Any = SimpleCertificateStore
attribute_of: Any = general.simple_cms_attribute
reference_to: Any = general.as_signing_certificate_v2
"""Parts of pyHanko that carry no types."""


class Signer(signers.Signer):
    """Signs with a key that is already parsed; pyHanko's own signer parses it twice for every file."""

    def __init__(self, key: SealKey) -> None:
        self._private = key.private
        store = certificate_store.from_certs([asn1_certificate(certificate) for certificate in key.chain])
        super().__init__(signing_cert=asn1_certificate(key.certificate), cert_registry=store)
        self.signed_attr_prov_spec = _OwnCertificate(key.certificate)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """The signature over `data`; with `dry_run`, only as many bytes as it would have."""
        if digest_algorithm != "sha256":
            raise SealError(f"The seal uses SHA-256, not {digest_algorithm}.")
        return b"\0" * self._size if dry_run else self._value(data)

    async def signed_attrs(self, *args: Any, **kwargs: Any) -> Any:
        """What is signed beside the document's digest, encoded."""
        return encoded(await super().signed_attrs(*args, **kwargs))

    def signer_info(self, *args: Any) -> Any:
        """The signature value with its attributes, encoded."""
        return encoded(super().signer_info(*args))

    @property
    def _size(self) -> int:
        return self._private.key_size // 8 if isinstance(self._private, rsa.RSAPrivateKey) else 72

    def _value(self, data: bytes) -> bytes:
        if isinstance(self._private, rsa.RSAPrivateKey):
            return self._private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._private.sign(data, ec.ECDSA(hashes.SHA256()))


class _OwnCertificate(SignedAttributeProviderSpec):
    """The one attribute that PAdES wants signed beside type and digest: which certificate signs (EN 319 142-1, 6.3)."""

    def __init__(self, certificate: x509.Certificate) -> None:
        self._certificate = certificate

    def signed_attr_providers(
        self, data_digest: bytes, digest_algorithm: str
    ) -> Iterable[attributes.CMSAttributeProvider]:
        yield _Ready(self._certificate)


class _Ready(attributes.CMSAttributeProvider):
    attribute_type = "signing_certificate_v2"

    def __init__(self, certificate: x509.Certificate) -> None:
        self._certificate = certificate

    async def get_attribute(self, dry_run: bool = False) -> Any:
        return _signing_certificate(self._certificate)


@lru_cache(maxsize=8)
def _signing_certificate(certificate: x509.Certificate) -> Any:
    return encoded(attribute_of(_Ready.attribute_type, reference_to(asn1_certificate(certificate))))


def encoded(value: Any) -> Any:
    """The same value read back from its bytes.

    asn1crypto (its issue 256) encodes a value that was put together anew each time anything asks for it, and asks two
    or three times on every level; a value that was read keeps its bytes.
    """
    return type(value).load(value.dump())


def room_for(key: SealKey) -> int:
    """Hexadecimal digits kept free for a signature without time-stamp: certificates, attributes and its value.

    Given beforehand, pyHanko need not make the signature twice to learn its length.
    """
    certificates = sum(len(der(certificate)) for certificate in (key.certificate, *key.chain))
    return 2 * (certificates + ATTRIBUTES + key.private.key_size // 8)
