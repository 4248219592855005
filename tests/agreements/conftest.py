"""The desk of tests."""

import ipaddress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import Client

from agreements.jobs import bulk, package_builder
from agreements.requests import change_requests
from proceedings.models import Paper, User, Volume
from tests import make
from tests.agreements.editors import House, assistant_of, desk_of


@pytest.fixture
def house() -> House:
    own = make.volume(247)
    make.agreement("sealed", of=make.paper(own, title="At home"))
    foreign = make.volume(666, reply_to="zanzibar@desk.example")
    Volume.objects.filter(pk=foreign.pk).update(name="Zanzibar Conference", shortname="Zanzibar")
    foreign.refresh_from_db()
    paper = make.paper(foreign, title="Zanzibar", key="zanzibar26", contact="zanzibar@example.org")
    paper.authors.update(family="Zanzibar")
    sealed = make.agreement("sealed", of=Paper.objects.get(pk=paper.pk))
    make.edit(sealed, what="Zanzibar in the proof")
    waiting = make.paper(foreign, title="Zanzibar waits", key="zanzibar26b", contact="zanzibar@example.org")
    waits = change_requests.accept(
        make.somebody_else(make.agreement("issued", of=waiting)), by="editor:z", now=make.NOW
    )
    make.change_request(waits, note="Zanzibar", title="Zanzibar, again")
    make.correction(make.published(sealed))
    package_builder.request_packages(foreign, partial=True, by="editor:zanzibar", now=make.NOW)
    for volume in (own, foreign):
        bulk.create_job(
            volume, "void", [], reason="Zanzibar" * (volume == foreign), data={}, user=None, by="", now=make.NOW
        )
    return House(
        own=own,
        foreign=foreign,
        boss=User.objects.create_superuser("boss"),
        editor=make.editor("ed", own),
        stranger=make.editor("zanzibar-editor", foreign),
        nobody=make.editor("nobody"),
        assistant=assistant_of(foreign),
        helper=assistant_of(own, "helper"),
    )


@pytest.fixture
def desk() -> Client:
    return desk_of(make.editor("ed", make.the_volume()))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody trusts yet, and its key.

    It holds for a century, for OpenSSL looks at the machine's clock and not at the one of the tests.
    """
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files
