"""The registered agreement texts: exact, immutable, and parsed completely."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agreements.domain import agreement_text
from agreements.domain.agreement_text import AgreementTextError, Blank
from agreements.domain.facts import sha256


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the texts that a test may change."""
    copy = tmp_path / "texts"
    shutil.copytree(agreement_text.TEXTS, copy)
    monkeypatch.setattr(agreement_text, "TEXTS", copy)
    agreement_text.load.cache_clear()
    agreement_text._register.cache_clear()
    yield copy
    agreement_text.load.cache_clear()
    agreement_text._register.cache_clear()


@pytest.mark.parametrize("version", agreement_text.versions())
def test_every_registered_text_loads_and_keeps_its_digest(version: str) -> None:
    text = agreement_text.load(version)
    assert text.digest == sha256((agreement_text.TEXTS / f"{version}.md").read_bytes())
    assert agreement_text.check_all() == []


@pytest.mark.parametrize("version", agreement_text.versions())
def test_no_word_of_the_file_is_lost_added_or_moved(version: str) -> None:
    text = agreement_text.load(version)
    body = text.source.split("---\n", 2)[2]
    body = re.sub(r"^\s*\d+\. |^\s*\* |^---$|^\[\^\w+\]: ", "", body, flags=re.MULTILINE)
    kept = " ".join(list(text.paragraphs())[2:])
    assert kept.replace("¹", "[^language]").replace("’", "'").split() == body.replace("’", "'").split()


def test_the_structure_of_the_publishers_form() -> None:
    text = agreement_text.load("pmlr-2017")
    assert (text.title, text.subtitle) == ("Publication Agreement", "Proceedings of Machine Learning Research")
    assert [part for part in text.preamble if isinstance(part, Blank)] == [Blank.TITLE, Blank.AUTHOR]
    assert [(clause.number, len(clause.parts)) for clause in text.clauses] == [
        ("1", 0), ("2", 0), ("3", 0), ("4", 0), ("5", 0), ("6", 3), ("7", 0),
    ]  # fmt: skip
    assert text.preamble[0] == (
        "This is a publication agreement¹ (“this agreement”) regarding a written manuscript currently entitled:"
    )
    assert text.agreement == "I HAVE READ AND AGREE FULLY WITH THE TERMS OF THIS AGREEMENT."
    assert (text.author_label, text.signed_label, text.date_label) == ("Corresponding Author:", "Signed:", "Date:")
    assert text.footnote.endswith("available at http://bit.ly/1m9UsNt.")


def test_a_changed_character_is_rejected_and_reported(folder: Path) -> None:
    path = folder / "pmlr-2017.md"
    path.write_bytes(path.read_bytes().replace(b"warrant", b"warranty", 1))
    with pytest.raises(AgreementTextError, match="was changed"):
        agreement_text.load("pmlr-2017")
    assert len(agreement_text.check_all()) == 1


def test_a_missing_file_and_an_unregistered_one_are_reported(folder: Path) -> None:
    (folder / "pmlr-2017.md").rename(folder / "pmlr-2018.md")
    missing, stray = agreement_text.check_all()
    assert "cannot be read" in missing
    assert "pmlr-2018.md" in stray


@pytest.mark.parametrize("version", ["pmlr-1999", "../facts", "", "pmlr-2017.md"])
def test_only_registered_versions_can_be_named(version: str) -> None:
    with pytest.raises(AgreementTextError, match="There is no agreement text"):
        agreement_text.load(version)


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        ("title: Publication Agreement\n", ""),
        ("* Corresponding Author:\n    * Signed:\n    * Date:\n", ""),
        ("    * Date:\n", ""),
        ("I HAVE READ", "One more paragraph.\n\nI HAVE READ"),
        ("1. By signing", "---\n\n1. By signing"),
    ],
)
def test_a_text_that_is_not_the_form_is_rejected(folder: Path, part: str, instead: str) -> None:
    source = (folder / "pmlr-2017.md").read_text(encoding="utf-8")
    assert part in source
    spoilt = source.replace(part, instead, 1)
    (folder / "pmlr-2027.md").write_text(spoilt, encoding="utf-8")
    register = {"pmlr-2027": sha256(spoilt.encode())}
    (folder / "digests.json").write_text(json.dumps(register), encoding="utf-8")
    with pytest.raises(AgreementTextError, match="not a form that can be drawn"):
        agreement_text.load("pmlr-2027")
