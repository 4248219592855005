"""Parses BibTeX into plain entries, reports each problem with its line, and writes the publisher's dialect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.bibtex.findings import Severity
from proceedings.bibtex.parser import Bibliography, read_bibtex, unbalanced, write_entry


def said(bibliography: Bibliography) -> list[tuple[str, int | None, str, str]]:
    return [(one.rule, one.line, one.paper, one.field) for one in bibliography.findings]


def test_entries_come_with_folded_latex_and_lines() -> None:
    text = "@Proceedings{COLT2024,\n  volume = 247\n}\n\n"
    text += '@InProceedings{a24,\n  Title =\t{A {B}\n\n   \\"{o} c},\n  pages = "1--2"\n}\n'

    volume, paper = read_bibtex(text).entries

    assert (volume.kind, volume.key, volume.line, dict(volume.fields)) == (
        "proceedings",
        "COLT2024",
        1,
        {"volume": "247"},
    )
    assert dict(paper.fields) == {"title": 'A {B} \\"{o} c', "pages": "1--2"}
    assert dict(paper.lines) == {"title": 6, "pages": 9}
    assert not paper.broken


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_counted_whatever_ends_them(newline: str) -> None:
    text = "\ufeff" + newline.join(["@InProceedings{a24,", "  title = {A},", "  pages = {1--2}", "}"])

    assert dict(read_bibtex(text).entries[0].lines) == {"title": 2, "pages": 3}


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("{a}", "a"),
        ('"a"', "a"),
        ('"Bostr\\"{o}m"', 'Bostr\\"{o}m'),
        ('"a {"} b"', 'a {"} b'),
        ("2024", "2024"),
        ("pmlr", "Proc. of R"),
        ('pmlr # " and " # {more}', "Proc. of R and more"),
        ('1 # "~" # jun', "1~June"),
        ("{a \\{ b}", "a \\{ b"),
        ("{}", ""),
    ],
)
def test_every_way_to_write_a_value(value: str, read: str) -> None:
    text = f'@string{{PMLR = "Proc. of " # {{R}}}}\n@InProceedings{{a24, title = {value}, pages = {{1}}}}'

    bibliography = read_bibtex(text)

    assert bibliography.findings == ()
    assert bibliography.entries[0].fields["title"] == read


@pytest.mark.parametrize(
    ("entry", "rule", "line", "field"),
    [
        ("@InProceedings{a24,\n title = {A}\n pages = {1},\n}", "comma", 2, "title"),
        ("@InProceedings{a24,\n title = {A},\n pages = nope\n}", "string", 3, "pages"),
        ("@InProceedings{a24,\n title = {A},\n pages = \n}", "syntax", 3, "pages"),
        ("@InProceedings{a24,\n title = {A},\n TITLE = {B}\n}", "duplicate-field", 3, "title"),
        ("@InProceedings{a24,\n title = {A\x00},\n}", "damage", 2, "title"),
        ("@InProceedings{a24,\n title = {A\ud800},\n}", "damage", 2, "title"),
        ("@InProceedings{a24\x87,\n title = {A},\n}", "key", 1, ""),
        ("@InProceedings{a24,\n title = {A\n}", "syntax", 1, ""),
        ("@InProceedings{a24\n title = {A}\n}", "syntax", 1, ""),
        ("@InProceedings{a24,\n title = {A}}, pages = {1}\n}", "syntax", 2, ""),
    ],
)
def test_a_broken_entry_is_named_with_its_line_and_the_rest_is_read(
    entry: str, rule: str, line: int, field: str
) -> None:
    bibliography = read_bibtex(f"{entry}\n\n@InProceedings{{b24,\n title = {{B}}\n}}\n", "v.bib")

    bad, good = bibliography.entries
    assert said(bibliography) == [(rule, line, "a24", field)]
    assert (bad.key, bad.broken) == ("a24", True)
    assert (good.key, good.broken, good.fields["title"]) == ("b24", False, "B")


def test_the_message_names_the_file_and_what_to_do() -> None:
    (finding,) = read_bibtex("@InProceedings{a24,\n title = {A}\n pages = {1}\n}", "v.bib").findings

    assert str(finding) == "v.bib:2: a24, title: a comma is missing after this field, before 'pages = {1}': add it"


def test_the_first_of_two_equal_keys_stands() -> None:
    bibliography = read_bibtex("@InProceedings{a24,\n title={A}}\n@InProceedings{A24,\n title={B}}")

    assert said(bibliography) == [("duplicate-key", 3, "A24", "")]
    assert [entry.broken for entry in bibliography.entries] == [False, True]


def test_an_entry_without_a_brace_still_counts() -> None:
    bibliography = read_bibtex("@InProceedings a24, title = {A} }\n@InProceedings{b24, title={B}}")

    assert said(bibliography) == [("syntax", 1, "", "")]
    assert [(entry.kind, entry.broken) for entry in bibliography.entries] == [
        ("inproceedings", True),
        ("inproceedings", False),
    ]


def test_comments_are_set_aside_and_said() -> None:
    text = '%1\n@comment{x}\n@preamble{"y"}\n@InProceedings{a24, title={A}}\nend\n'

    bibliography = read_bibtex(text)

    assert said(bibliography) == [
        ("comment", 1, "", ""),
        ("comment", 2, "", ""),
        ("comment", 3, "", ""),
        ("comment", 5, "", ""),
    ]
    assert {finding.severity for finding in bibliography.findings} == {Severity.NOTE}
    assert len(bibliography.entries) == 1


def test_an_abbreviation_that_is_redefined_is_said() -> None:
    bibliography = read_bibtex("@string{p = {A}}\n@string{p = {B}}\n@InProceedings{a24, title=p}")

    assert said(bibliography) == [("string", 2, "", "")]
    assert bibliography.entries[0].fields["title"] == "B"


def test_invisible_characters_are_left_out_and_said() -> None:
    bibliography = read_bibtex("@InProceedings{a24,\n author = {Zikelic\x87, D\x90or\u00adde\u200b and می\u200cA, B}}")

    (finding,) = bibliography.findings
    assert bibliography.entries[0].fields["author"] == "Zikelic, Dorde and می\u200cA, B"
    assert (finding.line, finding.field, finding.severity) == (2, "author", Severity.WARNING)
    assert all(code in finding.message for code in ("U+0087", "U+0090", "U+00AD", "U+200B"))


SCRAPS = st.sampled_from([*'@{}()",=#\\%\n aA1ö\x00\x87', "\n@InProceedings{", "title = {"])


@given(st.lists(SCRAPS, max_size=40).map("".join))
def test_no_text_breaks_the_reader(text: str) -> None:
    bibliography = read_bibtex(text)

    for entry in bibliography.entries:
        assert not entry.broken or bibliography.findings


KEYS = st.from_regex(r"[a-z]{1,8}[0-9]{2}[a-c]?", fullmatch=True)
WORDS = st.text(st.sampled_from("abcXYZ ,.:-$'"), min_size=1, max_size=20).map(str.strip).filter(bool)


@given(st.lists(st.tuples(KEYS, WORDS, WORDS), unique_by=lambda entry: entry[0], max_size=5), st.integers(0, 4))
def test_cutting_a_brace_loses_no_entry(entries: list[tuple[str, str, str]], hurt: int) -> None:
    """However one entry is damaged, each entry is read or rejected with a finding; the others are read correctly."""
    texts = [write_entry("InProceedings", key, [("title", title), ("note", note)]) for key, title, note in entries]
    if hurt < len(texts):
        texts[hurt] = texts[hurt].replace("}", "", 1)

    bibliography = read_bibtex("\n".join(texts))

    assert len(bibliography.entries) == len(entries)
    for place, ((key, title, note), entry) in enumerate(zip(entries, bibliography.entries, strict=True)):
        assert entry.broken == (place == hurt)
        assert entry.broken or (entry.key, entry.fields["title"], entry.fields["note"]) == (
            key,
            " ".join(title.split()),
            " ".join(note.split()),
        )


def test_an_entry_is_written_line_by_line_with_the_last_brace_in_column_0() -> None:
    text = write_entry("Proceedings", "COLT2024", [("name", "COLT"), ("volume", "247")])

    assert text == "@Proceedings{COLT2024,\n  name = {COLT},\n  volume = {247}\n}\n"


@pytest.mark.parametrize(
    ("value", "wrong"), [("a{b}c", False), (r"a\{b", False), ("a}b{", True), ("{a", True), ("a\\", True)]
)
def test_braces_that_would_end_a_field_are_seen(value: str, wrong: bool) -> None:
    assert unbalanced(value) is wrong
