"""The publisher's file: its content, and that importing it again changes nothing."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from proceedings.bibtex.source import Source
from proceedings.bibtex.writer import UnwritableError
from proceedings.delivery.public_package import bibliography, public_items
from proceedings.importing.plan import Change, Plan
from proceedings.importing.planner import make_plan
from proceedings.models import Author, Paper, Volume
from tests.proceedings.bib_files import VOLUME, bib, bring_in, paper

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[2] / "data"
ODD = paper(
    "nguyen25",
    "{LLM}s “cost” $\\{0,1\\}$ – 5\\% of a\\_b’s naïve ﬁt",
    "Nguy{\\~{\\^e}}n, Th\\d{i} and van der Schaar, Jr, Mihaela and {van Maaten}, Laurens and {ESA and Friends, Inc.}",
    "i-iv",
    ",\n  abstract = {We {\\em show} — that\n\n 3–5\\% α of $α$},\n  note = {see https://a.example/~b_c%20d}"
    ",\n  section = {Talks \\& More}",
)
WITH_SECTIONS = VOLUME.replace("  year", "  sections = {Talks \\& More|Notes},\n  year")


def volume_and_papers() -> tuple[Volume, Any]:
    volume = Volume.objects.get()
    return volume, volume.papers.all()


def as_seen_again(text: str) -> Plan:
    return make_plan(Source("again.bib", text))


def publisher_check(text: str) -> list[str]:
    """The publisher's rules for the file, written without our exporter (publishing-workflow 2.2 to 2.4)."""
    wrong = []
    if not text.isascii():
        wrong.append("not ASCII")
    blocks = re.findall(r"^@(\w+)\{([^,]+),\n(.*?)^\}$", text, re.MULTILINE | re.DOTALL)
    if len(blocks) != len(re.findall(r"^@", text, re.MULTILINE)):
        wrong.append("an entry does not end in a brace alone in column 0")
    if [kind for kind, _, _ in blocks].count("Proceedings") != 1:
        wrong.append("not one @Proceedings")
    for kind, key, body in blocks:
        wrong += [f"{key}: {fault}" for fault in publisher_check_entry(kind, key, body)]
    return wrong


def publisher_check_entry(kind: str, key: str, body: str) -> Iterator[str]:
    fields = dict(re.findall(r"^  ([a-z_]+) = \{(.*)\},?$", body, re.MULTILINE))
    if len(fields) != body.count("\n"):
        yield "a field is not on a line of its own"
    if not re.fullmatch(r"[A-Za-z0-9-]+", key):
        yield "the key is not ASCII"
    if kind == "Proceedings" and not re.fullmatch(r"\d+", fields.get("volume", "")):
        yield "the volume is no number in braces"
    for name in fields.get("author", "A, B").split(" and "):
        if "," not in name and not name.startswith("{"):
            yield f"{name} has no comma"
    if re.search(r"\\[{}_]", fields.get("title", "") + fields.get("abstract", "")):
        yield "escapes"


def test_the_file_is_in_the_publishers_dialect() -> None:
    bring_in(bib(ODD, paper("li25", author="Li, Yi"), volume=WITH_SECTIONS))

    text = bibliography(*volume_and_papers())

    assert text == (
        "@Proceedings{TEST2025,\n"
        "  booktitle = {Proceedings of the Test \\& Trial Conference},\n"
        "  name = {The Test \\& Trial Conference},\n"
        "  shortname = {TEST},\n"
        "  year = {2025},\n"
        '  editor = {Lee, Hung-yi and Bostr{\\"o}m, Henrik},\n'
        "  volume = {901},\n"
        "  start = {2025-09-01},\n"
        "  end = {2025-09-03},\n"
        "  published = {2025-11-03},\n"
        "  address = {Trondheim, Norway},\n"
        "  conference_url = {https://test.example/~2025/},\n"
        "  sections = {Talks \\& More|Notes},\n"
        "  conference_number = {7}\n"
        "}\n"
        "\n"
        "@InProceedings{nguyen25,\n"
        "  title = {{LLM}s ``cost'' $\\lbrace0,1\\rbrace$ -- 5\\% of a_b's na{\\\"i}ve fit},\n"
        "  author = {Nguy{\\~{\\^e}}n, Th{\\d{i}} and van der Schaar, Jr, Mihaela and {van Maaten}, {Laurens}"
        " and {ESA and Friends, Inc.}},\n"
        "  pages = {i-iv},\n"
        "  section = {Talks \\& More},\n"
        "  abstract = {We {\\em show} --- that 3--5\\% $\\alpha$ of $\\alpha$},\n"
        "  note = {see https://a.example/~b_c%20d}\n"
        "}\n"
        "\n"
        "@InProceedings{li25,\n"
        "  title = {A Title},\n"
        "  author = {Li, Yi},\n"
        "  pages = {1--10}\n"
        "}\n"
    )
    assert publisher_check(text) == []


def test_the_same_rows_give_the_same_bytes_in_any_order() -> None:
    bring_in(bib(paper("a25"), paper("b25")))
    volume, papers = volume_and_papers()

    assert bibliography(volume, papers) == bibliography(volume, list(papers.order_by("-key")))


def test_only_the_papers_given_are_delivered() -> None:
    bring_in(bib(paper("a25"), paper("b25")))
    volume, papers = volume_and_papers()

    text = bibliography(volume, papers.filter(key="b25"))

    assert "@InProceedings{b25," in text
    assert "a25" not in text


@pytest.mark.parametrize("name", ["acml2025-v304", "colt2024-v247", "copa2024-v230", "l4dc2025-v283"])
def test_real_volumes_go_in_out_and_in_without_a_difference(name: str) -> None:
    bring_in(Source.read(f"{name}.bib", (DATA / f"{name}-facts.bib").read_bytes()))
    text = bibliography(*volume_and_papers())

    again = as_seen_again(text)

    assert publisher_check(text) == []
    assert again.volume_change is Change.UNCHANGED
    assert (again.of(Change.NEW), again.of(Change.REJECTED), again.gone) == ([], [], ())
    changed = {one.label for plan in again.of(Change.CHANGED) for one in plan.differences}
    assert changed <= {"title_latex"}, "braces around names are written on export only"
    assert text == bibliography(*volume_and_papers())


def test_a_title_edited_in_the_admin_goes_out_as_edited() -> None:
    bring_in(bib(paper("a25", "{BASE} Layers")))
    Paper.objects.update(title="Größere Layers & more")

    text = bibliography(*volume_and_papers())

    assert 'title = {Gr{\\"o}{\\ss}ere Layers \\& more}' in text


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", "中文", "U+4E2D"),
        ("abstract", "中", "U+4E2D"),
        ("abstract", "a } b", "braces do not match"),
        ("pages", "1–中", "U+4E2D"),
    ],
)
def test_what_has_no_form_is_named(field: str, value: str, message: str) -> None:
    bring_in(bib(paper("a25")))
    Paper.objects.update(**{field: value})

    with pytest.raises(UnwritableError) as caught:
        bibliography(*volume_and_papers())

    (finding,) = caught.value.findings
    assert (finding.paper, finding.field) == ("a25", field)
    assert message in finding.message


def test_every_obstacle_is_named_at_once() -> None:
    bring_in(bib(paper("a25"), paper("b25")))
    Author.objects.filter(family="Li").update(family="李")
    Volume.objects.update(address="中")

    with pytest.raises(UnwritableError) as caught:
        bibliography(*volume_and_papers())

    places = [(one.paper, one.field) for one in caught.value.findings]
    assert places == [("TEST2025", "address"), ("a25", "author"), ("b25", "author")]


def test_a_date_corrected_in_the_admin_replaces_what_the_file_had() -> None:
    bring_in(bib(paper("a25"), volume=VOLUME.replace("2025-11-03", "soon")))
    assert "  published = {soon}" in bibliography(*volume_and_papers())

    Volume.objects.update(published=date(2025, 12, 1))

    assert re.findall("published.*", bibliography(*volume_and_papers())) == ["published = {2025-12-01},"]


def test_the_package_begins_with_the_file() -> None:
    bring_in(bib(paper("a25")))
    volume, papers = volume_and_papers()
    text = bibliography(volume, papers)

    (only,) = public_items(volume, papers, text)

    assert only.name == "v901.bib"
    assert only.open().read() == text.encode("ascii")


def test_one_query_for_all_authors(django_assert_num_queries: Callable[[int], Any]) -> None:
    bring_in(bib(*(paper(f"p{number}a25") for number in range(5))))
    volume, papers = volume_and_papers()

    with django_assert_num_queries(3):  # papers, authors, words of titles
        bibliography(volume, papers)
    with django_assert_num_queries(3):
        bibliography(volume, papers.prefetch_related("authors"))
