"""A signature drawn by hand: what is accepted, where it is printed, and that it is optional."""

import io
import re
from typing import Any

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from agreements.documents import pdf, rendering
from agreements.domain import drawn_signature
from agreements.domain.facts import sha256
from agreements.domain.states import Status
from tests import make
from tests.agreements.documents_for_tests import FACTS, HISTORY, VERIFY_URL, WORDING, form, pages, signature
from tests.agreements.pages import all_rows, author_of
from tests.agreements.views.test_signing import shown

DRAWN = "20,150 80,30 140,160 200,60;300,100"

POINTS = st.tuples(st.integers(0, drawn_signature.WIDTH), st.integers(0, drawn_signature.HEIGHT))
DRAWINGS = st.lists(st.lists(POINTS, min_size=1, max_size=30), min_size=1, max_size=drawn_signature.MAX_STROKES)

REFUSED = {
    "a script": "<script>",
    "no number": "a,b",
    "half a point": "1",
    "a point of three": "1,2,3",
    "a negative number": "-1,2",
    "a fraction": "1.5,2",
    "a leading zero": "01,2",
    "too far right": "601,0",
    "too far down": "0,201",
    "an empty stroke": "1,2;;3,4",
    "an end without a stroke": "1,2;",
    "two spaces": "1,2  3,4",
    "a line break": "1,2\n",
    "digits of another script": "١,٢",
    "too many strokes": ";".join(["1,2"] * 61),
    "too many points": " ".join(["1,2"] * 2001),
    "far too long": "1,2 " * 100_000,
}


@given(DRAWINGS)
def test_what_a_page_draws_is_read_point_by_point(strokes: list[list[tuple[int, int]]]) -> None:
    text = ";".join(" ".join(f"{x},{y}" for x, y in stroke) for stroke in strokes)
    assert [list(stroke) for stroke in drawn_signature.parse_drawing(text)] == strokes
    assert set(drawn_signature.svg_path(drawn_signature.parse_drawing(text))) <= set("ML 0123456789")


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_no_page_draws_is_rejected(text: str) -> None:
    with pytest.raises(drawn_signature.DrawingError):
        drawn_signature.parse_drawing(text)


@pytest.mark.parametrize("text", [";".join(["1,2"] * 60), " ".join(["600,200"] * 2000)], ids=["strokes", "points"])
def test_a_drawing_at_the_limit_is_read(text: str) -> None:
    assert sum(map(len, drawn_signature.parse_drawing(text))) == text.count(",")


def test_nothing_drawn_is_nothing() -> None:
    assert drawn_signature.parse_drawing("") == ()


# --- in the PDF


def ink(page: pypdf.PageObject) -> list[tuple[float, float]]:
    """Returns the points of the page's lines."""
    contents = page.get_contents()
    assert contents is not None
    found = re.findall(rb"([\d.]+) ([\d.]+) [ml]\b", contents.get_data())
    return [(float(x), float(y)) for x, y in found]


@given(DRAWINGS)
def test_a_drawing_stays_on_its_line(strokes: list[list[tuple[int, int]]]) -> None:
    text = ";".join(" ".join(f"{x},{y}" for x, y in stroke) for stroke in strokes)
    (page,) = PdfReader(io.BytesIO(pdf.signature_overlay(FACTS, WORDING, signature(drawn=text)))).pages
    x, y, room = pdf.layout.lay_out(WORDING, pdf.layout.set_fields(FACTS, WORDING).shape).signed
    points = ink(page)
    assert len(points) == sum(map(len, strokes)) + len(strokes)
    assert all(x + room - 99.1 <= left <= x + room + 0.1 and y - 9.1 <= up <= y + 24.1 for left, up in points)


def test_a_form_without_a_drawing_has_the_bytes_it_always_had() -> None:
    plain = pdf.signature_overlay(FACTS, WORDING, signature())
    assert plain == pdf.signature_overlay(FACTS, WORDING, signature(drawn=""))
    (page,) = PdfReader(io.BytesIO(plain)).pages
    assert ink(page) == []


def test_the_same_drawing_gives_the_same_bytes_and_the_evidence_names_its_digest() -> None:
    sig = signature(form(), drawn=DRAWN)
    assert pdf.signature_overlay(FACTS, WORDING, sig) == pdf.signature_overlay(FACTS, WORDING, sig)
    text = "".join(pages(pdf.render_evidence(FACTS, WORDING, sig, HISTORY, VERIFY_URL))).replace("\n", "")
    assert "Drawn by hand" in text
    assert sha256(DRAWN.encode()) in re.sub(r"\s", "", text)
    assert "Drawn by hand" not in "".join(pages(pdf.render_evidence(FACTS, WORDING, signature(), HISTORY, VERIFY_URL)))


def test_beside_a_drawing_there_is_less_space_for_the_name() -> None:
    name = "Maria de los Ángeles Fernández de Córdoba"
    assert pdf.fits_the_line(name, WORDING, drawn=True)
    longer = name + " y Vasconcellos-Hohenzollern"
    assert pdf.fits_the_line(longer, WORDING)
    assert not pdf.fits_the_line(longer, WORDING, drawn=True)


# --- on the pages


@pytest.mark.django_db
def test_a_drawing_is_reviewed_signed_stored_and_printed() -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    review = author.fill_in("Mike Lewis", drawing=DRAWN)
    assert 'd="M20 150L80 30L140 160L200 60L200 60M300 100L300 100"' in shown(review)
    assert f'name="drawing" value="{DRAWN}"' in shown(review)
    back = author.answer(review, step="back")
    assert f'name="drawing" value="{DRAWN}"' in shown(back)
    assert author.answer(review, step="sign").status_code == 303
    agreement.refresh_from_db()
    event = agreement.events.get(kind="sign")
    assert event.data["drawn"] == DRAWN
    assert event.digest == event.compute_digest(agreement.reference)
    make.seal(agreement)
    sealed = rendering.complete_form(agreement, rendering.render_form(agreement))
    text = " ".join(PdfReader(io.BytesIO(sealed)).pages[-1].extract_text().split())
    assert f"Drawn by hand A signature beside the typed name, SHA-256 of its strokes {sha256(DRAWN.encode())}" in text
    assert ink(PdfReader(io.BytesIO(sealed)).pages[-2])


@pytest.mark.django_db
def test_nobody_needs_to_draw() -> None:
    agreement = make.agreement()
    assert author_of(agreement).sign("Mike Lewis").status_code == 303
    assert "drawn" not in agreement.events.get(kind="sign").data
    assert rendering.signature_of(fresh(agreement)).drawn == ""


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["<svg onload=alert(1)>", "1,2;", " ".join(["1,2"] * 2001)])
def test_a_drawing_that_did_not_arrive_whole_is_a_400_that_loses_nothing_else(text: str) -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    before = all_rows()
    answer = author.fill_in("Mike Lewis", drawing=text)
    assert answer.status_code == 400
    assert "Draw it again, or clear it" in shown(answer)
    assert 'value="Mike Lewis"' in shown(answer)
    assert re.search(r'id="consent"[^>]* checked', shown(answer))
    assert 'name="drawing" value=""' in shown(answer)
    assert all_rows() == before
    agreement.refresh_from_db()
    assert agreement.status == Status.ISSUED


@pytest.mark.django_db
def test_a_name_with_no_space_beside_its_drawing_is_rejected_with_a_message() -> None:
    name = "Maria de los Ángeles Fernández de Córdoba y Vasconcellos-Hohenzollern"
    author = author_of(make.agreement())
    answer = author.fill_in(name, same_name="on", drawing=DRAWN)
    assert answer.status_code == 400
    assert "or clear the drawing" in shown(answer)
    assert author.sign(name, same_name="on").status_code == 303


def fresh(agreement: Any) -> Any:
    return type(agreement).objects.select_related("text").get(pk=agreement.pk)
