"""Exports of submission systems: each format gives the same plan, and nothing is guessed without a finding."""

import io
import json
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from proceedings.bibtex.findings import Severity
from proceedings.bibtex.latex import LatexError
from proceedings.bibtex.records import VolumeRecord
from proceedings.bibtex.source import Source
from proceedings.delivery.volume_check import check_rows
from proceedings.importing.formats import Format, open_export, read_export
from proceedings.importing.mapping import map_submissions, prose_to_latex, title_text
from proceedings.importing.submissions import Submissions, UnreadableFileError
from proceedings.importing.tables.layouts import COLUMNS
from proceedings.models import Author, Paper, Volume
from tests.proceedings.bib_files import bib, bring_in

EASYCHAIR = """#,title,authors,submitted,decision,abstract,deleted?
1,Größere Layers & more,"Mike Lewis, Mihaela van der Schaar and Yee Whye Teh",2025,Accept,"5% of $x$ & \\emph{more}",
2,Masked Gradients,Yi Li,2025-01-02,accept (oral),We mask.,
3,Not Good Enough,Yi Li,2025-01-03,Reject,We fail.,
4,Gone,Yi Li,2025-01-03,accept,We go.,✔
"""
AUTHORS = """submission #,first name,last name,email,country,affiliation,Web page,person #,corresponding?
1,Mike,Lewis,mike@a.example,US,Lab A,,11,✔
1,Mihaela,van der Schaar,mihaela@a.example,UK,Lab B,,12,
1,Yee Whye,Teh,,UK,,,13,
2,,Sukarno,not an address,ID,,,14,✔
2,Yi,Li,yi@a.example,CN,,,15,✔
"""
CMT = """Paper ID,Paper Title,Abstract,Author Names,Author Emails,Status
7,Steering Models,We steer.,Mike Lewis (Lab A)*; Shruti Bhosale (Lab B; Lab C),mike@a.example; shruti@a.example,Accept
"""
OPENREVIEW = {
    "notes": [
        {
            "id": "AbC_1-x",
            "forum": "AbC_1-x",
            "number": 12,
            "content": {
                "title": {"value": "On $\\ell_1$ Balls"},
                "authors": {"value": ["Mike Lewis", "José García-Márquez"]},
                "authorids": {"value": ["~Mike_Lewis1", "jose@a.example"]},
                "abstract": {"value": "We show $x_1$ — 5% more."},
                "venueid": {"value": "test.example/2025/Conference"},
            },
            "details": {"directReplies": [{"content": {"decision": {"value": "Accept (poster)"}}}]},
        },
        {"number": 13, "content": {"title": {"value": "No"}, "venueid": {"value": "x/Rejected_Submission"}}},
        "nonsense",
    ]
}


def read(kind: Format, text: str, file: str) -> Submissions:
    return read_export(open_export(Source(file, text), kind))


def run(folder: Path, name: str, text: str, *arguments: str, **options: Any) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    out = io.StringIO()
    call_command("import_volume", folder / name, *arguments, stdout=out, no_color=True, **options)
    return out.getvalue()


@pytest.fixture
def volume(db: None) -> Volume:
    bring_in(bib())
    return Volume.objects.get(number=901)


def authors() -> list[tuple[str, str, str, str, bool]]:
    rows = Author.objects.order_by("paper__position", "position")
    return [(row.paper.key, str(row), row.email, row.affiliation, row.is_corresponding) for row in rows]


def test_easychair_in_two_tables(volume: Volume, tmp_path: Path) -> None:
    (tmp_path / "author.csv").write_text(AUTHORS, encoding="utf-8")

    shown = run(tmp_path, "submission.csv", EASYCHAIR, "--apply", volume="901", authors=tmp_path / "author.csv")

    assert "2 in the file: 2 new, 0 changed, 0 unchanged, 0 rejected" in shown
    assert authors() == [
        ("lewis25", "Mike Lewis", "mike@a.example", "Lab A", True),
        ("lewis25", "Mihaela van der Schaar", "mihaela@a.example", "Lab B", False),
        ("lewis25", "Yee Whye Teh", "", "", False),
        ("sukarno25", "Sukarno", "", "", False),
        ("sukarno25", "Yi Li", "yi@a.example", "", False),
    ]
    first = Paper.objects.get(submission="1")
    assert (first.title, first.title_latex) == ("Größere Layers & more", 'Gr{\\"o}{\\ss}ere Layers \\& more')
    assert first.abstract == r"5\% of $x$ \& \emph{more}"
    assert Author.objects.get(family="Schaar").particle == "van der"
    for said in (
        "skipped: its decision is 'Reject'",
        "skipped: it is marked as deleted",
        "'not an address' is not an email address",
        "2 corresponding authors are marked (Sukarno; Yi Li)",
    ):
        assert said in shown


def test_easychair_in_one_table_leaves_its_names_to_review(volume: Volume, tmp_path: Path) -> None:
    shown = run(tmp_path, "submission.csv", EASYCHAIR, "--apply", volume="901")

    names = [name for key, name, *_ in authors() if key == "lewis25"]
    assert names == ["Mike Lewis", "Mihaela van der Schaar", "Yee Whye Teh"]
    assert "doubtful-name" not in shown
    assert "no comma" not in shown


@pytest.mark.parametrize("titles", ["", "CMT,,,,,\nSubmissions,,,,,\n"])
@pytest.mark.parametrize("separator", [",", "\t"])
def test_cmt_in_both_forms_of_its_head(volume: Volume, tmp_path: Path, titles: str, separator: str) -> None:
    text = titles + CMT
    if separator == "\t":
        text = text.replace(",", "\t")

    run(tmp_path, "papers.csv", text, "--apply", volume="901")

    assert authors() == [
        ("lewis25", "Mike Lewis", "mike@a.example", "Lab A", True),
        ("lewis25", "Shruti Bhosale", "shruti@a.example", "Lab B; Lab C", False),
    ]


def test_openreview_notes(volume: Volume, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Some input has errors"):
        run(tmp_path, "notes.json", json.dumps(OPENREVIEW), "--apply", volume="901")

    paper = Paper.objects.get()
    assert (paper.key, paper.submission, paper.title) == ("lewis25", "12", "On $\\ell_1$ Balls")
    assert paper.abstract == r"We show $x_1$ --- 5\% more."
    assert paper.extra == {"openreview": "AbC_1-x"}
    assert [row[1:3] for row in authors()] == [("Mike Lewis", ""), ("José García-Márquez", "jose@a.example")]


def test_any_table_with_its_columns_named(volume: Volume, tmp_path: Path) -> None:
    text = "Nr;Titel;Autoren;Kontakt\n1;Masken;Li, Yi;1\n2;Masken zwei;Li, Wei; Wang, Bo\n"
    text = text.replace("Li, Wei; Wang, Bo", '"Li, Wei; Wang, Bo"').replace("Li, Yi;1", "Li, Yi;1")
    with pytest.raises(CommandError, match="has an unknown format"):
        run(tmp_path, "papers.csv", text, volume="901")

    columns = "number=Nr,title=Titel,authors=Autoren,contact=Kontakt"
    run(tmp_path, "papers.csv", text, "--apply", volume="901", format="csv", columns=columns)

    assert [row[:2] for row in authors()] == [("li25a", "Yi Li"), ("li25b", "Wei Li"), ("li25b", "Bo Wang")]


def test_a_second_import_changes_nothing_and_a_later_one_keeps_edits_made_in_the_admin(
    volume: Volume, tmp_path: Path
) -> None:
    run(tmp_path, "papers.csv", CMT, "--apply", volume="901")
    assert "0 new, 0 changed, 1 unchanged" in run(tmp_path, "papers.csv", CMT, "--apply", volume="901")
    Paper.objects.update(pages="1--9", section="Talks", key="lewis25x")
    Author.objects.filter(family="Lewis").update(email="better@a.example")

    more = CMT.replace("Steering Models", "Steering Large Models") + "8,More,We do.,Mike Lewis*,mike@a.example,Accept\n"
    shown = run(tmp_path, "papers.csv", more, "--apply", volume="901")

    assert "1 new, 1 changed, 0 unchanged" in shown
    old, new = Paper.objects.order_by("position")
    assert (old.key, old.title, old.pages, old.section) == ("lewis25x", "Steering Large Models", "1--9", "Talks")
    assert old.authors.get(is_corresponding=True).email == "better@a.example"
    assert new.key == "lewis25a"


def test_a_paper_of_the_bibtex_file_is_known_by_its_title(volume: Volume, tmp_path: Path) -> None:
    entry = "@InProceedings{lewis25,\n title = {{STEERING} Models},\n author = {Lewis, Mike and Bhosale, Shruti},\n}\n"
    bring_in(bib(entry))

    shown = run(tmp_path, "papers.csv", CMT, "--apply", volume="901")

    assert "0 new, 1 changed" in shown
    assert Paper.objects.get().submission == "7"
    # The .bib file has no number and removes none.
    bring_in(bib(entry))
    assert Paper.objects.get().submission == "7"


def test_what_is_missing_is_named(volume: Volume, tmp_path: Path) -> None:
    for arguments, message in (
        ({}, "add --volume"),
        ({"volume": "901", "format": "csv", "columns": "titel=x"}, "titel is not in the form OURS=THEIRS"),
        ({"volume": "901", "contacts": tmp_path / "c.csv"}, "Cannot read"),
        ({"volume": "901", "columns": "title=Paper Title"}, "For --columns add --format csv"),
        ({"volume": "902"}, "There is no volume"),
    ):
        with pytest.raises(CommandError, match=message):
            run(tmp_path, "papers.csv", CMT, **arguments)
    with pytest.raises(CommandError, match="Some input has errors"):
        run(tmp_path, "papers.csv", "a,b\n1,2\n", volume="901", format="cmt")


def test_a_number_that_stands_twice_is_rejected_once(volume: Volume, tmp_path: Path) -> None:
    twice = CMT + CMT.splitlines()[1] + "\n"

    with pytest.raises(CommandError, match="Some input has errors"):
        run(tmp_path, "papers.csv", twice, "--apply", volume="901")

    assert Paper.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("v.bib", "", Format.BIBTEX),
        ("v.txt", "@Proceedings{", Format.BIBTEX),
        ("x.json", " [1]", Format.OPENREVIEW),
        ("x.csv", EASYCHAIR, Format.EASYCHAIR),
        ("x.csv", "\ufeff" + CMT, Format.CMT),
        ("x.csv", "title,authors\n", Format.CSV),
        ("x.csv", "Titel,Autoren\n", None),
        ("x.csv", "Submission ID,Title,Authors\n", Format.START),
        ("x.csv", "Submission ID,Title,1: Last Name\n", Format.START),
        ("x.csv", "Submission ID,Title,Speakers\n", None),
    ],
)
def test_a_format_is_taken_only_where_it_is_plain(name: str, text: str, kind: Format | None) -> None:
    assert open_export(Source(name, text)).kind is kind


@pytest.mark.parametrize(
    ("typed", "title", "latex"),
    [
        ("R&D 5%", "R&D 5%", r"R\&D 5\%"),
        (r"The \emph{Best} of $x^2$", "The Best of $x^2$", r"The \emph{Best} of $x^2$"),
        ("Only $5", r"Only \$5", r"Only \$5"),
        ("Nguyễn’s “way”", "Nguyễn's “way”", "Nguy{\\~{\\^e}}n's ``way''"),
        ("中文", "中文", "中文"),
    ],
)
def test_a_title_as_somebody_typed_it(typed: str, title: str, latex: str) -> None:
    found = title_text(typed)

    assert (found.unicode.replace("’", "'"), found.latex) == (title, latex)


def test_prose_keeps_its_formulas() -> None:
    assert prose_to_latex(r"5% of $a_b % c$ & \(x & y\) 10\% #1") == r"5\% of $a_b % c$ \& \(x & y\) 10\% \#1"


YEAR = VolumeRecord(number=1, bib_key="X", name="n", shortname="s", booktitle="b", year=2026)
CELL = st.text(st.sampled_from('ab Ü;,"\n\t$\\{}%*()@.中\x00\ud800') | st.characters(), max_size=12)


@given(st.sampled_from(list(Format)[1:]), st.lists(st.lists(CELL, max_size=6), max_size=5), st.sampled_from(",;\t"))
def test_no_table_breaks_the_reading_and_no_row_is_lost(kind: Format, cells: list[list[str]], separator: str) -> None:
    head = {Format.CMT: "Paper ID,Paper Title,Author Names,Abstract,Author Emails", Format.EASYCHAIR: "#,title,authors"}
    lines = [head.get(kind, ",".join(COLUMNS)).replace(",", separator)]
    lines += [separator.join(f'"{cell}"' if "," in cell else cell for cell in row) for row in cells]

    try:
        found = read(kind, "\n".join(lines), "f.csv")
    except UnreadableFileError:  # JSON is wanted
        return
    adopted = map_submissions(found, YEAR, [], "f.csv")

    refused = {one.line for one in found.findings if one.severity is not Severity.WARNING}
    assert len(found.submissions) <= found.rows
    assert kind is Format.OPENREVIEW or len(found.submissions) + len(refused) >= found.rows
    assert len(adopted.papers) == len(found.submissions)
    keys = [entry.key for entry in adopted.papers if entry.record]
    assert len(set(keys)) == len(keys)


JSON = st.recursive(
    st.none() | st.integers() | CELL,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["content", "title", "authors", "value", "number", "details"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_json_breaks_the_reading(data: Any) -> None:
    found = read(Format.OPENREVIEW, json.dumps({"notes": data}), "f.json")
    map_submissions(found, YEAR, [], "f.json")


@given(st.text())
def test_a_title_is_read_or_rejected(typed: str) -> None:
    try:
        found = title_text(typed)
    except LatexError:
        return
    assert found.latex.isascii() or found.unmapped


def test_what_came_in_passes_the_publishers_rules(volume: Volume, tmp_path: Path) -> None:
    (tmp_path / "author.csv").write_text(AUTHORS, encoding="utf-8")
    run(tmp_path, "submission.csv", EASYCHAIR, "--apply", volume="901", authors=tmp_path / "author.csv")
    Paper.objects.filter(submission="1").update(pages="1--5")
    Paper.objects.filter(submission="2").update(pages="6--7")

    left = [one for one in check_rows(volume).findings if one.rule != "missing-file"]

    assert left == []


def test_orcid_ids_of_a_table_of_authors_are_read_in_any_form(volume: Volume, tmp_path: Path) -> None:
    head = AUTHORS.splitlines()[0]
    table = "\n".join(
        [
            f"{head},ORCID iD",
            "1,Mike,Lewis,mike@a.example,US,Lab A,,11,✔,https://orcid.org/0000-0002-1694-233x",
            "1,Mihaela,van der Schaar,mihaela@a.example,UK,Lab B,,12,,0000-0002-1825-0098",
            "1,Yee Whye,Teh,,UK,,,13,,",
        ]
    )
    (tmp_path / "author.csv").write_text(table, encoding="utf-8")
    shown = run(tmp_path, "submission.csv", EASYCHAIR, "--apply", volume="901", authors=tmp_path / "author.csv")
    stored = dict(Author.objects.filter(paper__submission="1").values_list("family", "orcid"))
    assert stored == {"Lewis": "0000-0002-1694-233X", "Schaar": "", "Teh": ""}
    assert "'0000-0002-1825-0098' is not an ORCID iD, because its check digit is wrong" in shown


UNCLEAR = "number,title,authors,decision\n1,One,Ann Lee,Accept\n2,Two,Bo Kim,Conditional accept\n3,Three,Cy Wu,yes\n"


def test_unclear_decisions_are_asked_on_the_command_line_and_remembered(volume: Volume, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        run(tmp_path, "papers.csv", UNCLEAR, "--apply", volume="901")
    assert '  "Conditional accept": 1\n  "yes": 1\n' in str(caught.value)
    assert '--accept "DECISION" or --reject "DECISION"' in str(caught.value)
    assert not Paper.objects.exists()

    shown = run(tmp_path, "papers.csv", UNCLEAR, volume="901", accept=["conditional accept"], reject=["Yes"])
    assert "2 in the file: 2 new" in shown
    volume.refresh_from_db()
    assert volume.columns == {}  # a plan changes nothing

    run(tmp_path, "papers.csv", UNCLEAR, "--apply", volume="901", accept=["conditional accept"], reject=["Yes"])
    assert "2 in the file: 0 new, 0 changed, 2 unchanged" in run(tmp_path, "papers.csv", UNCLEAR, volume="901")


def test_a_second_table_of_authors_that_is_none_stops_the_import(volume: Volume, tmp_path: Path) -> None:
    for text, message in (("paper,email,name\n1,a@b.example,A\n", "is no table of authors"), ("a,b\n", "is no table")):
        (tmp_path / "author.csv").write_text(text, encoding="utf-8")
        with pytest.raises(CommandError, match=message):
            run(tmp_path, "s.csv", EASYCHAIR, "--apply", volume="901", authors=tmp_path / "author.csv")
    assert not Paper.objects.exists()


def test_contacts_beside_an_export_name_its_papers_by_number(volume: Volume, tmp_path: Path) -> None:
    contacts = tmp_path / "c.csv"
    contacts.write_text("Paper ID;E-mail;Name\n7;new@a.example;Shruti Bhosale\n99;x@a.example;X\n", encoding="utf-8")

    with pytest.raises(CommandError, match="Some input has errors"):
        run(tmp_path, "papers.csv", CMT, "--apply", volume="901", contacts=contacts)

    assert [row[2:] for row in authors()] == [
        ("mike@a.example", "Lab A", False),
        ("new@a.example", "Lab B; Lab C", True),
    ]


@pytest.mark.parametrize(
    ("typed", "kept", "said"),
    [
        ("mike@straße.example", "mike@xn--strae-oqa.example", ""),
        ("\u200bMike Lewis <mike@A.example>", "mike@a.example", ""),
        ("míke@a.example", "", "name 1: our mail server cannot send to 'míke@a.example'"),
    ],
)
def test_addresses_of_authors_are_cleaned_or_left_out_with_the_reason(typed: str, kept: str, said: str) -> None:
    text = json.dumps(
        {
            "notes": [
                {
                    "number": 1,
                    "content": {"title": "On T", "authors": ["Mike Lewis"], "authorids": [typed], "decision": "Accept"},
                }
            ]
        }
    )
    adopted = map_submissions(read(Format.OPENREVIEW, text, "f.json"), YEAR, [], "f.json")
    (entry,) = adopted.papers
    assert entry.record is not None
    assert entry.record.details[0].email == kept
    assert [one.message for one in adopted.findings if one.rule == "email"] == ([ANY] if said else [])
    assert all(one.message.startswith(said) for one in adopted.findings if one.rule == "email")
