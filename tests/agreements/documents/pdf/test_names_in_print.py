"""More than sixty real kinds of names, and titles with mathematics: printed, and read back character by character."""

import io
import subprocess
import unicodedata
from functools import lru_cache
from pathlib import Path

import pypdf
import pytest

from agreements.documents import pdf
from agreements.documents.pdf.shaping import set_line
from tests.agreements.documents_for_tests import FACTS, HISTORY, VERIFY_URL, WORDING, form, signature

LATIN = """
Mike Lewis|Pál Erdős|Łukasz Kaiser|Çağlar Gülçehre|Þórður Ægisson|Sébastien Bubeck|François-Xavier Briol|Søren Hauberg
Åsa Ström|Jörn-Henrik Jacobsen|Nicolò Cesa-Bianchi|José Miguel Hernández-Lobato|Ángel Muñoz y Peña|Antônio Gonçalves
Jiří Šíma|Ľubica Beňušková|Ștefan Țîrlea|İlker Işık|Ğaye Şahin|Matúš Ďurčík|Māris Ķēniņš|Gintarė Džiugaitė
Gheorghiță Ionuț|Ċikku Żerafa|Ħaġar Għawdex|Sìne NicDhòmhnaill|Gwŷdion Ŵyn|Ŋa Sámi|Ola Þ. Ðorđević|ẞtraße Groß
Məmməd Əliyev|Kāwika ʻŌpūnui|ʿAbd al-Raḥmān al-Ḥākim|Ṣọlá Ọlátúnjí|x̌ọ́ Adébáyọ̀|Ɓala Ƙofar Ɗan|Kwɛku Ɔfori|O’Neil d’Août
O'Brien Jr.|Ludwig van Beethoven III|Nguyễn Thị Hương|Trần Đức Ưng|Phạm Ngọc Ẩn|Võ Văn Kiệt|X Æ|Teller|Ana-María de la O
"""
GREEK_AND_CYRILLIC = """
Αλέξανδρος Παπαδόπουλος|Ἀριστοτέλης Ὀδυσσεύς|Андрей Колмогоров|Наталія Їжакевич|Њего̄ш Ђорђевић|Қайрат Әбенов|Ёлкин Щукин
"""
RIGHT_TO_LEFT = (
    "محمد بن موسى الخوارزمي|عبد الله الإسلام|مریم میرزاخانی|گل‌آرا پژوهش|ٹیپو سلطان|יוסי לוי|עדי שמיר|פרץ־כהן"
)
INDIC_AND_THAI = "श्रीनिवास रामानुजन्|दीपक क्षत्रिय|अंकित शर्मा|प्रज्ञा त्रिपाठी|สมชาย ใจดี|กฤษณ์ ปิ่นแก้ว"
EAST_ASIAN = "李卓翰|王小明|張學友|龔龘|山田太郎|髙橋 さくら|ヴィクトリア・サトウ|김민준|박서연|최 혜원"
MATHEMATICS = r"""
Optimal $\ell_1$-Regret in $O(\sqrt{T \log K})$|ℓ₁ ≤ ∞: ∑ over ℝⁿ|𝒪(n²) ⊗ 𝔼[X] ≠ ∅|α-β-γ Pruning: ∇f ∈ ∂φ|Θ(√n) ⇒ ½
"""


def split(names: str) -> list[str]:
    return [name for line in names.strip().split("\n") for name in line.split("|")]


NAMES = split(LATIN) + split(GREEK_AND_CYRILLIC) + split(INDIC_AND_THAI) + split(EAST_ASIAN) + split(MATHEMATICS)
BACKWARDS = split(RIGHT_TO_LEFT)


@lru_cache(maxsize=256)
def printed(name: str) -> bytes:
    return form(title=f"{name}", signer=name)


def test_the_golden_set_has_the_required_size() -> None:
    assert len(set(NAMES + BACKWARDS)) >= 60


@pytest.mark.parametrize("name", NAMES + BACKWARDS)
def test_every_name_has_its_glyphs(name: str) -> None:
    assert pdf.find_unprintable(name) == []
    line = set_line(unicodedata.normalize("NFC", name))
    assert all(glyph.number for run in line.runs for glyph in run.glyphs)
    assert line.width > 0


@pytest.mark.parametrize("name", NAMES + BACKWARDS)
def test_every_name_is_read_back_from_the_form(name: str) -> None:
    text = pypdf.PdfReader(io.BytesIO(printed(name)), strict=True).pages[0].extract_text()
    assert text.count(unicodedata.normalize("NFC", name)) == 2


@pytest.mark.tools
@pytest.mark.parametrize("name", NAMES + BACKWARDS)
def test_pdftotext_reads_every_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    path.write_bytes(printed(name))
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True, text=True).stdout
    assert unicodedata.normalize("NFC", name) in text


@pytest.mark.parametrize("name", NAMES + BACKWARDS)
def test_every_name_can_sign_and_be_put_in_evidence(name: str) -> None:
    wanted = unicodedata.normalize("NFC", name)
    signed = pdf.signature_overlay(FACTS, WORDING, signature(typed_name=name))
    assert wanted in pypdf.PdfReader(io.BytesIO(signed)).pages[0].extract_text()
    evidence = pdf.render_evidence(FACTS, WORDING, signature(typed_name=name), HISTORY, VERIFY_URL)
    assert wanted in pypdf.PdfReader(io.BytesIO(evidence)).pages[0].extract_text()


def test_decomposed_letters_are_composed() -> None:
    decomposed = unicodedata.normalize("NFD", "Nguyễn Thị Hương")
    assert form(signer=decomposed) == form(signer="Nguyễn Thị Hương")


def test_mixed_directions_keep_the_order_of_an_english_document() -> None:
    """Right-to-left words inside a left-to-right line: each is intact and in its place."""
    runs = set_line("Mohammed محمد and כהן").runs
    assert [run.face for run in runs] == [
        "SourceSerif4-Regular", "NotoNaskhArabic-Regular", "SourceSerif4-Regular", "NotoSerifHebrew-Regular",
    ]  # fmt: skip
    text = pypdf.PdfReader(io.BytesIO(form(title="Mohammed محمد and כהן"))).pages[0].extract_text()
    for word in ("Mohammed", "محمد", "and", "כהן"):
        assert word in text


def test_brackets_are_mirrored_in_right_to_left_text() -> None:
    (run,) = set_line("(שלום)").runs[1:2]
    assert run.face == "NotoSerifHebrew-Regular"
    text = "".join(glyph.text for run in set_line("א(ב)ג").runs for glyph in run.glyphs)
    assert sorted(text) == sorted("א(ב)ג")


@pytest.mark.parametrize(
    ("name", "missing"), [("Smile 😀", "😀"), ("ჯავახიშვილი", "ჯავხიშლ"), ("𠮷野家", "𠮷"), ("Anne\u0007", "\u0007")]
)
def test_what_no_font_has_is_rejected_by_name(name: str, missing: str) -> None:
    assert set(pdf.find_unprintable(name)) == set(missing)
    with pytest.raises(pdf.UnprintableError) as refusal:
        form(signer=name)
    assert set(refusal.value.characters) == set(missing)
    assert f"U+{ord(refusal.value.characters[0]):04X}" in str(refusal.value)


def test_the_fonts_are_free_and_fit_in_25_megabytes() -> None:
    folder = Path(pdf.__file__).parents[2] / "fonts"
    fonts = sorted(folder.glob("*.ttf"))
    assert len(fonts) >= 10
    assert sum(path.stat().st_size for path in fonts) < 25_000_000
    for path in fonts:
        family = path.stem.split("-")[0]
        licence = (folder / f"OFL-{family}.txt").read_text(encoding="utf-8")
        assert "SIL OPEN FONT LICENSE Version 1.1" in licence
        assert licence.startswith("Copyright")
