"""Parses BibTeX into plain entries, reports each problem with its line, and writes the publisher's dialect."""

import time

import pytest
from bibtexparser.entrypoint import parse_string
from hypothesis import given
from hypothesis import strategies as st

from proceedings.bibtex.findings import Severity
from proceedings.bibtex.latex import fold
from proceedings.bibtex.parser import Bibliography, read_bibtex, unbalanced, write_entry

KEYS = st.from_regex(r"[a-z]{1,8}[0-9]{2}[a-c]?", fullmatch=True)
WORDS = st.text(st.sampled_from("abcXYZ ,.:-$'"), min_size=1, max_size=20).map(str.strip).filter(bool)


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
        ('"\n  A="', "A="),
        ('"a,\n  note = " # {b}', "a, note = b"),
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
        ("@InProceedings{a24,\n title = {A},\n TITLE = {A}\n}", "duplicate-field", 3, "title"),
        ("@InProceedings{a24,\n title = {A},\n authors = {B, C}\n}", "field-name", 3, "authors"),
        ("@InProceedings{a24,\n title = {A},\n two words = {B}\n}", "syntax", 3, ""),
        ("@InProceedings{a24,\n title = {A} pages = {1}\n}", "comma", 2, "title"),
        ("@InProceedings{a24 title = {A}\n}", "comma", 1, ""),
        ("@InProceedings{a24,\n title = {A},\n pages = {1}\n", "syntax", 3, ""),
        ("@InProceedings(a24,\n title = {A},\n pages = {1},\n", "syntax", 3, ""),
        ("@InProceedings a24,\n title = {A},\n pages = {1},\n}", "syntax", 1, ""),
        ('@InProceedings{a24,\n title = {A},\n pages = "1\n}', "syntax", 3, "pages"),
        ("@InProceedings{a24,\n title = {A\x00},\n}", "damage", 2, "title"),
        ("@InProceedings{a24,\n title = {A\ud800},\n}", "damage", 2, "title"),
        ("@InProceedings{a24\x87,\n title = {A},\n}", "key", 1, ""),
        ("@InProceedings{a24,\n title = {A\n}", "syntax", 2, "title"),
        ("@InProceedings{a24\n title = {A}\n}", "comma", 1, ""),
        ("@InProceedings{a24,\n title = {A}}, pages = {1}\n}", "syntax", 2, ""),
    ],
)
def test_a_fault_is_named_with_its_line_and_everything_is_read(entry: str, rule: str, line: int, field: str) -> None:
    bibliography = read_bibtex(f"{entry}\n\n@InProceedings{{b24,\n title = {{B}}\n}}\n", "v.bib")

    bad, good = bibliography.entries
    assert said(bibliography)[0] == (rule, line, "a24", field)
    assert (bad.key, bad.fields["title"]) == ("a24", "A")
    assert (good.key, good.fields["title"]) == ("b24", "B")


def test_the_message_names_the_file_and_what_to_do() -> None:
    (finding,) = read_bibtex("@InProceedings{a24,\n title = {A}\n pages = {1}\n}", "v.bib").findings

    assert str(finding) == "v.bib:2: a24, title: a comma is missing after this field, before 'pages': add it"


@pytest.mark.parametrize(
    ("entry", "fields"),
    [
        # values
        ("title = {A}}, pages = {1}", {"title": "A", "pages": "1"}),
        ("title = {A {B},\n  author = {C, D}", {"title": "A {B}", "author": "C, D"}),
        ("title = {A {B,\n  author = {C, D}", {"title": "A {B", "author": "C, D"}),
        ("author = {C, D},\n  title = {A {B}\n", {"title": "A {B}", "author": "C, D"}),
        ('title = "A,\n  author = "C, D"', {"title": "A", "author": "C, D"}),
        (r"title = {A \{ b}, author = {C, D}", {"title": r"A \{ b", "author": "C, D"}),
        (r"title = {A \} b}, author = {C, D}", {"title": r"A \} b", "author": "C, D"}),
        (r"title = {A \\}, author = {C, D}", {"title": "A \\\\", "author": "C, D"}),
        ("title = {A \\},\n author = {C, D}", {"title": "A \\", "author": "C, D"}),
        ("title = A title of words,\n author = {C, D}", {"title": "A title of words", "author": "C, D"}),
        ("title = {B}ayes and {Y}ou,\n author = {C, D}", {"title": "{B}ayes and {Y}ou", "author": "C, D"}),
        ("title = nope, pages = 12", {"title": "nope", "pages": "12"}),
        # fields
        ("title = {A}, title = {A}", {"title": "A"}),
        ("title = {A}, title = {B}", {"title": "A"}),
        ("title = {}, title = {B}", {"title": "B"}),
        ("authors = {C, D}, title = {A}", {"title": "A", "author": "C, D"}),
        ("authors = {C, D}, author = {E, F}", {"authors": "C, D", "author": "E, F"}),
        ("title = {A},,, pages = {1},", {"title": "A", "pages": "1"}),
        ("title = {A}, {junk}, pages = {1}", {"title": "A", "pages": "1"}),
        # entries in a value
        (
            "abstract = {We cite\n@article{x,\n  title = {B}}\nas it is.}, pages = {1}",
            {"abstract": "We cite @article{x, title = {B}} as it is.", "pages": "1"},
        ),
        (
            "abstract = {We cite\n@article{x, as it is.},\n  pages = {1}",
            {"abstract": "We cite @article{x, as it is.}", "pages": "1"},
        ),
        ("abstract = {Write to\n@somebody}, pages = {1}", {"abstract": "Write to @somebody", "pages": "1"}),
        ("abstract = {A\n  n = 3, we say}, pages = {1}", {"abstract": "A n = 3, we say", "pages": "1"}),
    ],
)
@pytest.mark.parametrize(("start", "end"), [("{", "\n}"), ("{", "}"), ("(", "\n)")])
def test_an_entry_is_read_as_people_meant_it(entry: str, fields: dict[str, str], start: str, end: str) -> None:
    before = "@InProceedings{a24,\n  title = {First}\n}\n"
    after = "\n@InProceedings{c24,\n  title = {Last}\n}\n"

    first, middle, last = read_bibtex(f"{before}@InProceedings{start}b24,\n  {entry}{end}{after}").entries

    assert (first.key, dict(first.fields)) == ("a24", {"title": "First"})
    assert (middle.key, dict(middle.fields)) == ("b24", fields)
    assert (last.key, dict(last.fields)) == ("c24", {"title": "Last"})


@pytest.mark.parametrize(
    "text",
    [
        "@InProceedings{a24,\n title={A}\n\n@InProceedings{b24,\n title={B}}",
        "@InProceedings{a24,\n title={A\n}\n\n@InProceedings{b24,\n title={B}}",
        "@InProceedings{a24,\n title={A}} @InProceedings{b24,\n title={B}}",
        "@InProceedings a24, title = {A} }\n@InProceedings{b24, title={B}}",
        "@InProceedings{a24, title={A},\n@InProceedings\n{b24\n, title={B}}",
        "@inproceedings (a24, title={A} )\n@INPROCEEDINGS{b24, TITLE={B}}",
    ],
)
def test_a_missing_end_is_found_at_the_next_entry(text: str) -> None:
    one, other = read_bibtex(text).entries

    assert (one.key, one.fields["title"], other.key, other.fields["title"]) == ("a24", "A", "b24", "B")


def test_both_values_of_a_field_given_twice_are_quoted() -> None:
    (finding,) = read_bibtex("@InProceedings{a24,\n title = {A},\n title = {B}}").findings

    assert "line 2 has 'A', which we took, and this line has 'B'" in finding.message


def test_an_entry_needs_no_key() -> None:
    entries = read_bibtex("@InProceedings{title = {A}}\n@InProceedings{, title = {B}}\n@misc{}").entries

    assert [(entry.kind, entry.key, entry.fields.get("title")) for entry in entries] == [
        ("inproceedings", "", "A"),
        ("inproceedings", "", "B"),
        ("misc", "", None),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "@InProceedings{a24, title = {A {B, author = {C}}\n" * 3_000,
        "@InProceedings{a24,\n" + "title = {A\n" * 20_000,
        "@InProceedings{a24,\n" + "{" * 200_000,
        "@InProceedings{a24,\n" + "}" * 200_000,
        "@InProceedings{a24, x" + " " * 200_000 + "\n}",
        "@InProceedings{a24, title = " + "\\" * 200_001,
        '@InProceedings{a24, title = "' + '{"' * 100_000,
        "@x(" * 100_000,
        "\n@x{a," * 50_000,
    ],
)
def test_a_damaged_file_is_read_in_time(text: str) -> None:
    """The end of a value is looked for in a few entries, not in the rest of the file."""
    start = time.process_time()

    read_bibtex(text)

    assert time.process_time() - start < 10


@given(st.data())
def test_a_file_without_faults_is_read_as_another_parser_reads_it(data: st.DataObject) -> None:
    """bibtexparser splits the same text in its own way."""
    value = st.lists(st.sampled_from(["A", "{B c}", r"\'{e}", " ", "\n  ", "-", r"$x_{1}$", "="]), max_size=6)
    wrapped = st.tuples(st.sampled_from(["{%s}", '"%s"']), value.map("".join)).map(lambda pair: pair[0] % pair[1])
    names = st.lists(st.sampled_from(["title", "author", "note", "x-y"]), unique=True)
    entries = data.draw(st.lists(st.tuples(KEYS, names.map(tuple)), unique_by=lambda entry: entry[0], max_size=4))
    text = ""
    for key, fields in entries:
        lines = "".join(f"  {name} = {data.draw(wrapped)},\n" for name in fields)
        text += f"@InProceedings{{{key},\n{lines}}}\n\n"

    ours = read_bibtex(text)
    theirs = parse_string(text, parse_stack=[]).entries

    assert [(entry.key, list(entry.fields)) for entry in ours.entries] == [
        (entry.key, [field.key for field in entry.fields]) for entry in theirs
    ]
    for entry, other in zip(ours.entries, theirs, strict=True):
        for field in other.fields:
            assert entry.fields[field.key] == fold(field.value[1:-1])
            assert entry.lines[field.key] == field.start_line + 1


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
    for entry in read_bibtex(text).entries:
        assert entry.kind
        assert set(entry.fields) == set(entry.lines)


@given(st.lists(st.tuples(KEYS, WORDS, WORDS), unique_by=lambda entry: entry[0], max_size=5), st.integers(0, 4))
def test_cutting_a_brace_loses_nothing(entries: list[tuple[str, str, str]], hurt: int) -> None:
    texts = [write_entry("InProceedings", key, [("title", title), ("note", note)]) for key, title, note in entries]
    if hurt < len(texts):
        texts[hurt] = texts[hurt].replace("}", "", 1)

    bibliography = read_bibtex("\n".join(texts))

    assert bool(bibliography.findings) == (hurt < len(texts))
    assert [(entry.key, entry.fields["note"]) for entry in bibliography.entries] == [
        (key, " ".join(note.split())) for key, _, note in entries
    ]
    for (_, title, _), entry in zip(entries, bibliography.entries, strict=True):
        assert entry.fields["title"].rstrip(", ") == " ".join(title.split()).rstrip(", ")


def test_an_entry_is_written_line_by_line_with_the_last_brace_in_column_0() -> None:
    text = write_entry("Proceedings", "COLT2024", [("name", "COLT"), ("volume", "247")])

    assert text == "@Proceedings{COLT2024,\n  name = {COLT},\n  volume = {247}\n}\n"


@pytest.mark.parametrize(
    ("value", "wrong"),
    [("a{b}c", False), (r"a\{b", False), ("a}b{", True), ("{a", True), ("a\\", True), (r"a\\{b", True)],
)
def test_braces_that_would_end_a_field_are_seen(value: str, wrong: bool) -> None:
    assert unbalanced(value) is wrong
