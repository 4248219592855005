"""What signing adds: the two lines on page 2, and the evidence page."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pypdf
import pytest
from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel

from agreements.documents import pdf
from agreements.documents.pdf import layout
from agreements.documents.pdf.evidence_page import QR_SIDE
from agreements.documents.pdf.signature import format_day, format_time
from agreements.domain.facts import HistoryLine, SignedStatement
from tests.agreements.documents_for_tests import (
    FACTS,
    HISTORY,
    VERIFY_URL,
    WORDING,
    facts,
    form,
    pages,
    signature,
    words,
)


def evidence(**changes: object) -> bytes:
    return pdf.render_evidence(FACTS, WORDING, signature(form(), **changes), HISTORY, VERIFY_URL)


def test_the_signature_page_holds_name_and_date_and_nothing_else() -> None:
    (text,) = pages(pdf.signature_overlay(FACTS, WORDING, signature()))
    assert text.split("\n") == ["Mike Lewis", "21 November 2026 (2026-11-21 12:14 UTC)"]


@pytest.mark.parametrize("signer", ["Mike Lewis", "W" * 200, "Nguyễn Thị Hương"])
def test_name_and_date_are_written_on_their_ruled_lines(signer: str) -> None:
    chosen = facts(signer=signer)
    (page,) = pypdf.PdfReader(
        io.BytesIO(pdf.signature_overlay(chosen, WORDING, signature(typed_name="Mike Lewis")))
    ).pages
    places: list[tuple[float, float]] = []

    def visit(text: str, _cm: object, matrix: list[float], *_: object) -> None:
        if text.strip():
            places.append((round(matrix[4], 2), round(matrix[5], 2)))

    page.extract_text(visitor_text=visit)
    arrangement = layout.lay_out(WORDING, layout.set_fields(chosen, WORDING).shape)
    labels = [part for part in arrangement.pages[-1] if part.rules]
    for place, (x, y, _) in zip(places, (arrangement.signed, arrangement.dated), strict=True):
        assert place == pytest.approx((x, y), abs=0.1)
    for (x, y), label in zip(places, labels[-2:], strict=True):
        (rule,) = label.rules
        assert rule.x == pytest.approx(x, abs=0.1)
        assert rule.y < y < rule.y + 5


def test_a_long_typed_name_gets_smaller_type_and_a_longer_one_is_rejected() -> None:
    long_name = "Maria de los Ángeles Fernández de Córdoba y Vasconcellos-Hohenzollern"
    assert pages(pdf.signature_overlay(FACTS, WORDING, signature(typed_name=long_name)))[0].startswith(long_name)
    with pytest.raises(pdf.DoesNotFitError):
        pdf.signature_overlay(FACTS, WORDING, signature(typed_name="W" * 150))
    with pytest.raises(pdf.DoesNotFitError):
        pdf.signature_overlay(FACTS, WORDING, signature(typed_name="  "))


def test_times_are_utc_and_unambiguous() -> None:
    kyoto = datetime(2026, 1, 1, 3, 5, 59, tzinfo=timezone(timedelta(hours=9)))
    assert format_time(kyoto) == "2025-12-31 18:05 UTC"
    assert format_day(kyoto) == "31 December 2025"
    with pytest.raises(ValueError, match="without a zone"):
        format_time(datetime(2026, 1, 1))  # noqa: DTZ001


def test_the_evidence_says_everything_that_was_recorded() -> None:
    shown = form()
    sig = signature(shown)
    text = words(" ".join(pages(evidence())))
    for said in (
        FACTS.reference, "PMLR 247", FACTS.volume_name, FACTS.paper_key, FACTS.title, *FACTS.authors,
        FACTS.signer_email, "Corresponding author, for all authors", sig.typed_name, "2026-11-21 12:14 UTC",
        sig.network_address, sig.consent.text, sig.consent.digest, sig.authority.text, sig.authority.digest,
        sig.shown_sha256, WORDING.digest, "pmlr-2017", VERIFY_URL,
        *(event.what for event in HISTORY), *(event.by for event in HISTORY),
        *(format_time(event.at) for event in HISTORY),
        "evidence page 1 of 1",
    ):  # fmt: skip
        assert words(said) in text, said


def test_an_address_that_privacy_withholds_is_said_to_be_withheld() -> None:
    assert "not shown, by the privacy policy" in pages(evidence(network_address=""))[0]


def test_the_evidence_is_the_same_bytes_each_time() -> None:
    assert evidence() == evidence()


def test_many_authors_and_events_go_on_over_more_pages_without_loss() -> None:
    authors = tuple(f"Author{n:03} von Nummer" for n in range(150))
    history = [
        HistoryLine(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n), f"Reminder number {n} mailed", f"clock {n}")
        for n in range(120)
    ]
    long_statement = SignedStatement("I sign for all authors: " + ", ".join(authors) + ".")
    crowded = replace(FACTS, authors=authors)
    data = pdf.render_evidence(crowded, WORDING, signature(authority=long_statement), history, VERIFY_URL)
    texts = pages(data)
    assert 2 < len(texts) < 9
    joined = " ".join(texts)
    for n, author in enumerate(authors):
        assert joined.count(author.split()[0]) == 2, author
        assert n >= len(history) or f"Reminder number {n} mailed" in joined
    for number, text in enumerate(texts, start=1):
        assert f"evidence page {number} of {len(texts)}" in text
        assert FACTS.reference in text
        assert len(text) < 6000


def test_authors_who_read_from_right_to_left_keep_their_place_in_the_list() -> None:
    """In one row, two of them would change places for a reader of an English page."""
    authors = ("Mike Lewis", "محمد بن موسى", "יוסי לוי", "Tim Dettmers")
    data = pdf.render_evidence(replace(FACTS, authors=authors), WORDING, signature(), HISTORY, VERIFY_URL)
    lines = pages(data)[0].split("\n")
    first = next(at for at, line in enumerate(lines) if "Authors (4)" in line)
    assert [line.removeprefix("Authors (4)").strip() for line in lines[first : first + 4]] == list(authors)


def test_a_hostile_history_is_printed_as_it_is() -> None:
    history = [HistoryLine(HISTORY[0].at, "<b>bold</b> & <img src=x>", "a" * 300)]
    text = words(" ".join(pages(pdf.render_evidence(FACTS, WORDING, signature(), history, VERIFY_URL))))
    assert words("<b>bold</b> & <img src=x>") in text
    assert "a" * 12 in text
    assert text.count("a") >= 300


def test_an_editors_emoji_does_not_stop_the_evidence() -> None:
    history = [HistoryLine(HISTORY[0].at, "Agreement issued\u202e", "Kim 😀")]
    text = pages(pdf.render_evidence(FACTS, WORDING, signature(), history, VERIFY_URL))[0]
    assert "Agreement issued[U+202E]" in text
    assert "Kim [U+1F600]" in text


def test_the_qr_code_is_the_address_drawn_module_by_module() -> None:
    (page,) = pypdf.PdfReader(io.BytesIO(evidence())).pages
    content = page.get_contents().get_data().decode("latin-1")  # type: ignore[union-attr]
    code: Any = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(VERIFY_URL)
    code.make()
    side = f"{QR_SIDE / code.getModuleCount():.3f}".rstrip("0")
    squares = [
        line for line in content.replace(" re", " re\n").split("\n") if line.endswith(" re") and side[:4] in line
    ]
    dark = sum(
        code.isDark(row, column) for row in range(code.getModuleCount()) for column in range(code.getModuleCount())
    )
    assert len(squares) == dark
