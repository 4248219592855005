"""What pages, emails and texts claim about a signature, and what they do not."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from agreements.domain import statements
from agreements.domain.facts import SignedStatement
from tests import make

ROOT = Path(settings.BASE_DIR)
READ = sorted([*(ROOT / "templates").rglob("*.*"), *(ROOT / "agreements").rglob("*.py"), ROOT / "README.md"])

CLAIMS = re.compile(
    r"(?:qualified|advanced)\s+(?:electronic\s+)?(?:signature|seal)|legally binding|eidas.{0,20}compliant",
    re.IGNORECASE,
)
"""The seal has the publisher's key, not the signer's: a simple electronic signature with the publisher's seal."""


@pytest.mark.parametrize("path", READ, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_l15_nothing_claims_more_than_a_simple_signature(path: Path) -> None:
    assert not CLAIMS.search(path.read_text(errors="replace"))


@pytest.mark.parametrize("claim", ["a qualified signature", "Advanced Electronic Seal", "is legally binding"])
def test_l15_this_lint_sees_a_claim(claim: str) -> None:
    assert CLAIMS.search(claim)


@pytest.mark.django_db
def test_l09_the_authority_names_every_author() -> None:
    facts = make.agreement("issued").facts
    said = statements.authority(facts).text
    assert all(author in said for author in facts.authors)


@given(st.lists(st.text(min_size=1), max_size=5).map(tuple))
def test_a_statement_set_apart_by_its_names_reads_as_it_was_agreed(names: tuple[str, ...]) -> None:
    statement = SignedStatement(f"I sign for all authors: {'; '.join(names)}.", names=names)
    assert "".join(text for text, _ in statement.parts) == statement.text
    assert [text for text, is_name in statement.parts if is_name] == list(names)


def test_l01_the_consent_is_one_text_with_a_digest() -> None:
    assert statements.consent() == statements.consent()
    assert len(statements.consent().digest) == 64
