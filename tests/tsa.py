"""A private certificate authority and a time-stamp authority (RFC 3161) over local HTTP, for tests."""

import hashlib
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DER = serialization.Encoding.DER
PEM = serialization.Encoding.PEM


def named(common_name: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Press of Tests")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


@dataclass
class Issuer:
    """A root certificate that certifies keys, and its revocation list."""

    name: str = "Root for Tests"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    revoked: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.certificate = self.certify(self.key, self.name, ca=True)

    def certify(
        self, key: ec.EllipticCurvePrivateKey, name: str, *, ca: bool = False, stamps_time: bool = False
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        usage = x509.KeyUsage(
            digital_signature=not ca,
            content_commitment=not ca,
            key_cert_sign=ca,
            crl_sign=ca,
            **dict.fromkeys(
                ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
            ),
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=400))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        if stamps_time:
            stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            builder = builder.add_extension(stamping, critical=True)
        return builder.sign(self.key, hashes.SHA256())

    def revocation_list(self, *, until: timedelta = timedelta(days=30)) -> x509.CertificateRevocationList:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - timedelta(days=2))
            .next_update(now + until)
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        for serial in self.revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial)
            builder = builder.add_revoked_certificate(entry.revocation_date(now - timedelta(days=1)).build())
        return builder.sign(self.key, hashes.SHA256())

    def seal_key(self, folder: Path, *, with_root: bool = True) -> tuple[Path, Path]:
        """Creates a seal key certified by this root. Returns the files of key and certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.certify(key, "Seal of Tests").public_bytes(PEM)
        clear = serialization.NoEncryption()
        (folder / "key.pem").write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, clear))
        (folder / "key.pem").chmod(0o600)
        (folder / "cert.pem").write_bytes(certificate + (self.certificate.public_bytes(PEM) if with_root else b""))
        return folder / "key.pem", folder / "cert.pem"


class Stamper:
    """Makes time-stamps. Attributes make it misbehave."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = issuer.certify(self._key, "Clock of Tests", stamps_time=True)
        self.misbehaves = ""
        """``refuse``, ``imprint``, ``nonce``, ``forge``, ``garbage``, ``html``, ``500``, ``drip`` or ``hang``."""
        self.asked = 0
        self.stopped = threading.Event()

    def answer(self, question: bytes) -> bytes:
        """Returns the DER of a TimeStampResp."""
        request = tsp.TimeStampReq.load(question)
        if self.misbehaves == "refuse":
            status = {"status": "rejection", "status_string": ["Not today."], "fail_info": {"time_not_available"}}
            refusal: bytes = tsp.PKIStatusInfo(status).dump()
            return b"\x30" + bytes([len(refusal)]) + refusal  # asn1crypto has no response without a time-stamp
        granted = {"status": {"status": "granted"}, "time_stamp_token": self._token(request)}
        return bytes(tsp.TimeStampResp(granted).dump())

    def _token(self, request: Any) -> Any:
        imprint = request["message_imprint"].copy()
        if self.misbehaves == "imprint":
            imprint["hashed_message"] = hashlib.sha256(b"something else").digest()
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": "1.2.3.4.5",
                "message_imprint": imprint,
                "serial_number": secrets.randbits(60),
                "gen_time": datetime.now(UTC).replace(microsecond=0),
                "nonce": request["nonce"].native + (self.misbehaves == "nonce"),
            }
        )
        certificate = asn1_x509.Certificate.load(self.certificate.public_bytes(DER))
        content = info.dump()
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(content).digest()]}),
                cms.CMSAttribute({"type": "signing_certificate_v2", "values": [self._names(certificate)]}),
            ]
        )
        sha = algos.DigestAlgorithm({"algorithm": "sha256"})
        key = ec.generate_private_key(ec.SECP256R1()) if self.misbehaves == "forge" else self._key
        signed = {
            "version": "v3",
            "digest_algorithms": [sha],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(content)},
            "certificates": [
                cms.CertificateChoices("certificate", certificate),
            ],
            "signer_infos": [
                {
                    "version": "v1",
                    "sid": {
                        "issuer_and_serial_number": {
                            "issuer": certificate.issuer,
                            "serial_number": certificate.serial_number,
                        }
                    },
                    "digest_algorithm": sha,
                    "signed_attrs": attributes,
                    "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                    "signature": key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
                }
            ],
        }
        return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})

    def _names(self, certificate: Any) -> Any:
        return tsp.SigningCertificateV2({"certs": [{"cert_hash": hashlib.sha256(certificate.dump()).digest()}]})


class _Handler(BaseHTTPRequestHandler):
    stamper: Stamper

    def do_POST(self) -> None:
        question = self.rfile.read(int(self.headers["Content-Length"]))
        stamper = self.stamper
        stamper.asked += 1
        kind, body = "application/timestamp-reply", b""
        match stamper.misbehaves:
            case "hang":
                stamper.stopped.wait()
                return
            case "drip":
                self.drip()
                return
            case "500":
                self.send_error(500)
                return
            case "html":
                kind, body = "text/html", b"<h1>Welcome to the hotel network</h1>"
            case "garbage":
                body = b"\x30\x80 no time-stamp"
            case _:
                body = stamper.answer(question)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def drip(self) -> None:
        """Answers byte by byte and never ends."""
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.end_headers()
        try:
            while not self.stamper.stopped.wait(0.05):
                self.wfile.write(b"\0")
        except OSError:
            return

    def log_message(self, *args: Any) -> None:
        """Logs nothing."""


@contextmanager
def authority(stamper: Stamper) -> Iterator[str]:
    """Serves the stamper over HTTP. Yields its TSA_URL."""
    handler = type("Handler", (_Handler,), {"stamper": stamper})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        stamper.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()
