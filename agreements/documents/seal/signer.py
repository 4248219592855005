"""A pyHanko signer that parses its key once and encodes its attributes once."""

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
"""Bytes of a signature besides its certificates and value: about 400 are used, the rest is reserve."""

certificate_store: Any = SimpleCertificateStore
attribute_of: Any = general.simple_cms_attribute
reference_to: Any = general.as_signing_certificate_v2
"""Parts of pyHanko that have no types."""


class Signer(signers.Signer):
    """Signs with a parsed key; pyHanko's own signer parses it twice for every file."""

    def __init__(self, key: SealKey) -> None:
        self._private = key.private
        store = certificate_store.from_certs([asn1_certificate(certificate) for certificate in key.chain])
        super().__init__(signing_cert=asn1_certificate(key.certificate), cert_registry=store)
        self.signed_attr_prov_spec = _OwnCertificate(key.certificate)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """Return the signature over `data`; with `dry_run`, zeros of the same length."""
        if digest_algorithm != "sha256":
            raise SealError(f"The seal uses SHA-256, not {digest_algorithm}.")
        return b"\0" * self._size if dry_run else self._value(data)

    async def signed_attrs(self, *args: Any, **kwargs: Any) -> Any:
        """Return the signed attributes, encoded."""
        return encoded(await super().signed_attrs(*args, **kwargs))

    def signer_info(self, *args: Any) -> Any:
        """Return the signature value with its attributes, encoded."""
        return encoded(super().signer_info(*args))

    @property
    def _size(self) -> int:
        return self._private.key_size // 8 if isinstance(self._private, rsa.RSAPrivateKey) else 72

    def _value(self, data: bytes) -> bytes:
        if isinstance(self._private, rsa.RSAPrivateKey):
            return self._private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._private.sign(data, ec.ECDSA(hashes.SHA256()))


class _OwnCertificate(SignedAttributeProviderSpec):
    """The one attribute that PAdES requires besides type and digest: the signing certificate (EN 319 142-1, 6.3)."""

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
    """Return the same value parsed from its bytes.

    asn1crypto encodes a constructed value again at every access (its issue 256), two or three times per level; a parsed
    value keeps its bytes.
    """
    return type(value).load(value.dump())


def room_for(key: SealKey) -> int:
    """Return the number of hexadecimal digits to reserve for a signature without a time-stamp.

    With this number, pyHanko need not sign twice to learn the length.
    """
    certificates = sum(len(der(certificate)) for certificate in (key.certificate, *key.chain))
    return 2 * (certificates + ATTRIBUTES + key.private.key_size // 8)
