"""The form: the publisher's text, the right positions, the same bytes, and hostile text shown as text."""

import ast
import io
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.documents import pdf
from agreements.documents.pdf import layout, unsigned_form
from agreements.documents.pdf.canvas import HEIGHT, MARGIN, MEASURE, WIDTH
from agreements.documents.pdf.paragraph import set_paragraph
from agreements.documents.pdf.shaping import normalize_text, set_line
from agreements.domain import agreement_text
from tests.agreements.documents_for_tests import FACTS, VERIFY_URL, WORDING, facts, form, pages, words

ROOT = Path(pdf.__file__).parent
LONG_TITLE = ("Sample-Efficient Learning of Mixtures under Adversarial Corruption " * 8)[:500].strip()


def printed_words(data: bytes, *, fields: tuple[str, ...]) -> str:
    """Returns the text of a form without the filled-in values, the footer and the list markers."""
    foot = re.compile(r"247-lewis24|Check it at|form page \d of \d")
    lines = [line for line in "\n".join(pages(data)).split("\n") if not foot.match(line)]
    text = "\n".join(re.sub(r"^\s*(\d\.|•|–)\s*", "", line) for line in lines)
    for field in fields:
        text = text.replace(field, "")
    return words(text)


@pytest.mark.parametrize("version", agreement_text.versions())
def test_the_printed_text_is_the_publishers_text(version: str) -> None:
    text = agreement_text.load(version)
    data = pdf.render_form(facts(text_version=version), text, VERIFY_URL)
    printed = printed_words(data, fields=(FACTS.title, FACTS.signer))
    *body, footnote = text.paragraphs()
    # The footnote is at the foot of page 1, before clause 6.
    assert printed.replace(words("¹ " + footnote), "") == words(" ".join(body))
    assert words("¹ " + footnote) in printed


@pytest.mark.tools
def test_pdftotext_reads_the_publishers_text(tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    path.write_bytes(form())
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True, text=True).stdout
    read = words(text)
    for paragraph in WORDING.paragraphs():
        assert words(paragraph) in read


def test_two_letter_pages_with_the_running_foot_on_each() -> None:
    reader = pypdf.PdfReader(io.BytesIO(form()), strict=True)
    assert [tuple(page.mediabox) for page in reader.pages] == [(0, 0, 612, 792)] * 2
    for number, page in enumerate(reader.pages, start=1):
        text = page.extract_text()
        assert "247-lewis24-7QKX2M" in text
        assert "paper lewis24" in text
        assert "text pmlr-2017" in text
        assert f"form page {number} of 2" in text
        assert VERIFY_URL in text


def test_the_footnote_is_at_the_foot_of_page_one_and_the_signature_on_page_two() -> None:
    first, second = pages(form())
    assert "Stuart Shieber" in first
    assert "Stuart Shieber" not in second
    assert "6. You further warrant" in second
    for label in ("I HAVE READ AND AGREE", "Corresponding Author: Mike Lewis", "Signed:", "Date:"):
        assert words(label) in words(second)
        assert words(label) not in words(first)


def test_title_and_name_stand_on_ruled_lines() -> None:
    filled = layout.set_fields(FACTS, WORDING)
    arrangement = layout.lay_out(WORDING, filled.shape)
    for name in ("title", "author"):
        (part,) = [part for page in arrangement.pages for part in page if part.blank == name]
        slot = arrangement.fields[name]
        assert len(part.rules) == len(filled.lines[name])
        for at, rule in enumerate(part.rules):
            assert 0 < (slot.y - at * slot.kind.leading) - rule.y < 5


def all_lines(**changes: object) -> list[tuple[int, float, float, float, float]]:
    """Returns (page, left, right, baseline, size) of every line on the form."""
    chosen = facts(**changes)
    filled = layout.set_fields(chosen, WORDING)
    arrangement = layout.lay_out(WORDING, filled.shape)
    lines = []
    for number, page in enumerate(arrangement.pages):
        for part in page:
            for placed in part.lines:
                right = placed.x + placed.line.width(placed.kind.size)
                lines.append((number, placed.x, right, placed.y, placed.kind.size))
            if part.blank:
                slot = arrangement.fields[part.blank]
                for at, line in enumerate(filled.lines[part.blank]):
                    right = slot.x + line.width(slot.kind.size)
                    lines.append((number, slot.x, right, slot.y - at * slot.kind.leading, slot.kind.size))
    foot = unsigned_form.foot_lines(chosen, VERIFY_URL)
    return lines + [(0, MARGIN, MARGIN + line.width(8), unsigned_form.FOOT_LINE, 8) for line in foot]


@pytest.mark.parametrize(
    "title",
    [
        "A",
        FACTS.title,
        LONG_TITLE,
        "x" * 500,
        "W" * 500,
        "山" * 500,
        "م" * 500,
        "Ǻ " * 100,
        "a-" * 250,
        "$\\ell_1$/" * 50,
    ],
)
def test_nothing_is_clipped_overprinted_or_smaller_than_8_points(title: str) -> None:
    lines = all_lines(title=title, signer="Wolfeschlegelsteinhausenbergerdorff " * 5)
    assert {page for page, *_ in lines} == {0, 1}
    for _, left, right, baseline, size in lines:
        assert left >= MARGIN - 1
        assert right <= WIDTH - MARGIN + 0.6
        assert 30 <= baseline <= HEIGHT - 72
        assert size >= 8
    for number in (0, 1):
        baselines = sorted({round(baseline, 2) for page, _, _, baseline, _ in lines if page == number})
        assert all(upper - lower >= 8 for lower, upper in pairwise(baselines))


def test_a_title_of_500_characters_is_printed_whole() -> None:
    assert len(LONG_TITLE) > 490
    assert words(LONG_TITLE) in words(pages(form(title=LONG_TITLE))[0])


@pytest.mark.parametrize(
    "changes", [{"title": "a" * 501}, {"title": "a " * 50_000}, {"title": " \n"}, {"signer": "b" * 201}]
)
def test_a_text_too_long_for_the_form_is_rejected(changes: dict[str, str]) -> None:
    with pytest.raises(pdf.DoesNotFitError, match="characters; the form takes 1 to"):
        form(**changes)


def test_same_facts_same_bytes_in_this_and_in_another_process() -> None:
    first = form(title="Łukasz & 山田 on ℓ₁")
    unsigned_form._template.cache_clear()
    layout.lay_out.cache_clear()
    set_paragraph.cache_clear()
    set_line.cache_clear()
    assert form(title="Łukasz & 山田 on ℓ₁") == first
    code = (
        "import sys; from tests.agreements.documents_for_tests import form;"
        "form(); sys.stdout.buffer.write(form(title='Łukasz & 山田 on ℓ₁'))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env={"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    )
    assert run.stdout == first


HOSTILE = [
    "R&D at p<0.05 and q>0.1",
    '<img src="http://127.0.0.1:9/x.png"/>',
    '<a href="javascript:alert(1)">x</a>',
    "<para><font size=40>big</font></para>",
    "&lt;b&gt; &amp; &#169; <b>unclosed",
    "(endstream endobj) \\( \\n <</Type /Page>>",
    "{{ 7*7 }} %s %(x)s ${x} {0}",
    "'; DROP TABLE agreements; --",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_and_code_are_printed_as_they_are(text: str) -> None:
    data = form(title=text, signer=text)
    page = words(pages(data)[0])
    assert page.count(words(text)) == 2
    assert pypdf.PdfReader(io.BytesIO(data)).metadata.title == f"Publication Agreement: {text}"  # type: ignore[union-attr]
    assert b"/URI" not in data
    assert b"/JavaScript" not in data


@pytest.mark.parametrize(
    "character", ["\x00", "\x07", "\x1b", "\x7f", "\u202e", "\u2066", "\u200b", "\ufeff", "\ue000", "\ud800"]
)
def test_control_and_invisible_characters_are_rejected_by_name(character: str) -> None:
    assert pdf.find_unprintable(f"Deep{character}Learning") == [character]
    with pytest.raises(pdf.UnprintableError, match=rf"U\+{ord(character):04X}"):
        form(title=f"Deep{character}Learning")


def test_line_breaks_and_tabs_in_a_title_are_spaces() -> None:
    assert form(title="Deep\r\n\tLearning\u00a0Now") == form(title="Deep Learning Now")


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=80))
def test_any_text_is_printed_in_full_or_rejected(text: str) -> None:
    if not normalize_text(text):
        return
    missing = pdf.find_unprintable(text)
    if missing:
        assert set(missing) <= set(normalize_text(text))
        with pytest.raises(pdf.UnprintableError):
            form(title=text)
    else:
        metadata = pypdf.PdfReader(io.BytesIO(form(title=text)), strict=True).metadata
        assert metadata.title.endswith(normalize_text(text))  # type: ignore[union-attr]


def test_no_markup_parser_is_ever_near_the_text() -> None:
    """ReportLab's Paragraph (and all of platypus) parses text as markup, so no module imports it (issue 3)."""
    for path in (ROOT.parent).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            for name in [*names, module]:
                assert "platypus" not in name, path
                assert not name.startswith("reportlab") or path.parent == ROOT, path
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("drawString", "drawCentredString", "drawRightString", "beginText"), path


def test_fonts_are_embedded_and_metadata_claims_what_the_file_is() -> None:
    data = form()
    reader = pypdf.PdfReader(io.BytesIO(data), strict=True)
    for page in reader.pages:
        for font in dictionary(dictionary(page["/Resources"])["/Font"]).values():
            (descendant,) = font["/DescendantFonts"]
            assert "/FontFile2" in descendant["/FontDescriptor"]
            assert "/ToUnicode" in font
    root = dictionary(reader.trailer["/Root"])
    assert root["/Lang"] == "en-US"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/OutputIntents"][0]["/DestOutputProfile"]["/N"] == 3
    xmp = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in xmp
    assert FACTS.title in xmp
    assert b"/CreationDate" not in data


def dictionary(found: Any) -> Any:
    """Casts what pypdf types as any PDF object to a dictionary."""
    return found.get_object()


def test_the_structure_tree_names_every_marked_part_in_reading_order() -> None:
    reader = pypdf.PdfReader(io.BytesIO(form()), strict=True)
    tree = dictionary(reader.trailer["/Root"])["/StructTreeRoot"]
    parts = [part.get_object() for part in tree["/K"]["/K"]]
    assert [part["/S"] for part in parts[:3]] == ["/H1", "/P", "/P"]
    assert sum(part["/S"] == "/Note" for part in parts) == 1
    for number, page in enumerate(reader.pages):
        content = page.get_contents().get_data().decode("latin-1")  # type: ignore[union-attr]
        marked = re.findall(r"/MCID (\d+)", content)
        mine = [part for part in parts if part["/Pg"] == page]
        assert [int(mark) for mark in marked] == sorted(part["/K"] for part in mine)
        assert int(dictionary(page["/StructParents"])) == number
        assert content.count("BDC") + content.count("BMC") == content.count("EMC")


def test_a_form_filled_into_the_cached_template_is_the_form_drawn_from_scratch(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = form()
    monkeypatch.setattr(unsigned_form, "_template", lambda text, shape: unsigned_form._draw_template(text, shape, ()))
    drawn = form()
    assert pages(fast) == pages(drawn)
    contents = [
        [page.get_contents().get_data() for page in pypdf.PdfReader(io.BytesIO(data)).pages]  # type: ignore[union-attr]
        for data in (fast, drawn)
    ]
    assert contents[0] == contents[1]
    assert len(drawn) < len(fast)


def test_a_common_name_and_title_are_filled_in_without_drawing_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    form()
    monkeypatch.setattr(unsigned_form, "_draw_template", None)
    assert form(title="Über Nguyễn’s “Ångström” — effizient…", signer="Şükrü Łoś-Đặng")


def test_justified_lines_end_at_the_margin() -> None:
    lines = set_paragraph(WORDING.clauses[4].text, MEASURE, layout.BODY)
    assert len(lines) > 3
    for line in lines[:-1]:
        assert line.width(layout.BODY.size) == pytest.approx(MEASURE, abs=0.2)


@pytest.mark.tools
@pytest.mark.parametrize("title", [FACTS.title, "Оценки для 山田, محمد и दीपक", LONG_TITLE])
def test_qpdf_finds_nothing_wrong(tmp_path: Path, title: str) -> None:
    path = tmp_path / "form.pdf"
    path.write_bytes(form(title=title))
    subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)
    info = subprocess.run(["pdfinfo", path], check=True, capture_output=True, text=True).stdout
    assert re.search(r"Tagged:\s+yes", info)
    assert re.search(r"Pages:\s+2", info)
    assert re.search(r"Encrypted:\s+no", info)
