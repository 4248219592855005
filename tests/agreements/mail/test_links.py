"""Mailed links, and each way in which one can fail."""

import re
from datetime import timedelta

import pytest

from agreements.domain.facts import sha256
from agreements.mail import links
from agreements.models import Link
from tests import make
from tests.make import DAY, NOW

pytestmark = [pytest.mark.django_db, pytest.mark.alone]

SIGN, COPY = Link.Purpose.SIGN, Link.Purpose.COPY


def test_a_link_leads_to_its_agreement() -> None:
    agreement = make.agreement("issued")
    found = links.find_link(make.token(agreement), SIGN, NOW)
    assert found is not None
    assert found.agreement == agreement
    assert found.message == make.invitation(agreement)


def test_l08_s09_s12_a_link_is_an_address_of_this_site_with_256_random_bits() -> None:
    agreement = make.agreement("issued")
    made = {
        links.create_link(make.invitation(agreement), purpose, expires_at=NOW + DAY, now=NOW)
        for purpose in [SIGN] * 50 + [COPY] * 50
    }
    assert len(made) == 100
    for url in made:
        assert re.fullmatch(r"http://testserver/sign/(copy/)?[A-Za-z0-9_-]{43}/", url)


def test_s09_the_database_holds_no_token() -> None:
    token = make.token(make.agreement("issued"))
    row = Link.objects.get()
    assert row.digest == sha256(token.encode())
    assert token not in str(Link.objects.values())


def test_s09_a_link_expires_to_the_second() -> None:
    agreement = make.agreement("issued")
    token = make.token(agreement)
    end = Link.objects.get().expires_at
    assert links.find_link(token, SIGN, end - timedelta(microseconds=1)) is not None
    assert links.find_link(token, SIGN, end) is None


def test_s09_revoking_a_link_expires_all_links_of_its_agreement_and_no_other() -> None:
    one, other = make.agreement("issued"), make.agreement("issued")
    tokens = [make.token(one), make.token(one), make.token(one, purpose=COPY)]
    kept = make.token(other)
    links.revoke_links(one.pk, NOW)
    assert [links.find_link(token, SIGN, NOW) for token in tokens] == [None, None, None]
    assert links.find_link(tokens[2], COPY, NOW) is None
    assert links.find_link(kept, SIGN, NOW) is not None


def test_revoking_twice_keeps_the_first_time() -> None:
    agreement = make.agreement("issued")
    make.token(agreement)
    links.revoke_links(agreement.pk, NOW)
    links.revoke_links(agreement.pk, NOW + DAY)
    assert Link.objects.get().revoked_at == NOW


@pytest.mark.parametrize(("made_for", "used_for"), [(SIGN, COPY), (COPY, SIGN)])
def test_s09_a_link_is_good_for_its_purpose_only(made_for: Link.Purpose, used_for: Link.Purpose) -> None:
    token = make.token(make.agreement("issued"), purpose=made_for)
    assert links.find_link(token, used_for, NOW) is None


@pytest.mark.parametrize(
    "change", [str.swapcase, lambda token: token[:-1], lambda token: token + "A", lambda token: ""]
)
def test_a_token_that_is_nearly_right_is_wrong(change: object) -> None:
    token = make.token(make.agreement("issued"))
    assert callable(change)
    assert links.find_link(change(token), SIGN, NOW) is None


@pytest.mark.parametrize("text", ["x" * 43, "x" * 43 + "\n", "../" * 14 + "x", "é" * 43, "x" * 10_000, "\0" * 43])
def test_anything_else_is_rejected_too(text: str) -> None:
    make.agreement("issued")
    assert links.find_link(text, SIGN, NOW) is None


def test_reading_changes_nothing() -> None:
    token = make.token(make.agreement("issued"))
    before = list(Link.objects.values())
    links.find_link(token, SIGN, NOW)
    assert list(Link.objects.values()) == before
