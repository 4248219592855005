"""Damaged .bib files: no fault in one field costs another entry, and no file breaks the reader."""

from dataclasses import dataclass, fields
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proceedings.bibtex.names import Name
from proceedings.bibtex.records import LIMITS, NO_TITLE, PaperRecord, VolumeFile, VolumeRecord, read_volume_file
from proceedings.publisher import rules, text_rules

TITLES = (
    r"{LLM}s for $O(\sqrt{n})$ Bandits",
    r"On Bostr\"{o}m's {M}arkov Chains: A 5\% Rule",
    "Learning -- with `quotes' and {Braces {in} Braces}",
    r"Sets $\{x_1, \dots, x_n\}$ and $\alpha$-Divergences",
)
AUTHORS = (
    r"Adan, Omar and Nguy{\~{\^e}}n, Th{\d i} and van der Berg, Jr, Sara",
    r"Mu\~noz, I\~nigo and {Research and Development Group} and {\L}uk, Zo{\"e}",
    "Bell, Yuri",
    r"O'Cole, Ilan J. and Cruz-Vidal, Jos{\'e} and Xi, Bo",
)
ABSTRACTS = (
    "We study\n  sets $\\{1, 2\\}$, and show that 5\\% of them\n  are small; see e.g. (Adan, 2020).",
    'A first line with an address, a@b.example.\n@somebody said so.\n\nAnother {paragraph} with = and "quotes".',
    "Code: for i in {0..9}; do f(i), g = h # comment\n  title of nothing\n  done",
    "",
)
SEPARATORS = ("\n", "\n\n", "\n\n% A comment with {braces}\n\n")


@dataclass(frozen=True)
class Made:
    """An entry in the form of the real volumes, with invented content."""

    key: str
    title: str
    author: str
    abstract: str
    style: int

    @property
    def fields(self) -> list[tuple[str, str]]:
        pages = ("pages", f"{self.style * 10 + 1}--{self.style * 10 + 9}")
        abstract = [("abstract", self.abstract)] if self.abstract else []
        return [("title", self.title), ("author", self.author), pages, *abstract]

    @property
    def text(self) -> str:
        if self.style == 1:
            lines = "".join(f"\ttitle\t= {{{value}}},\n".replace("title", name) for name, value in self.fields)
            return f"@inproceedings{{{self.key},\n{lines}}}\n"
        if self.style == 2:
            inner = ",\n  ".join(f"{name}={{{value}}}" for name, value in self.fields)
            return f"@InProceedings{{{self.key}, {inner}}}\n"
        inner = ",\n".join(f"  {name} = {{{value}}}" for name, value in self.fields)
        return f"@InProceedings{{{self.key},\n{inner}\n}}\n"


MADE = st.builds(
    Made,
    key=st.from_regex(r"[a-z]{2,8}2[4-6][a-c]?", fullmatch=True),
    title=st.sampled_from(TITLES),
    author=st.sampled_from(AUTHORS),
    abstract=st.sampled_from(ABSTRACTS),
    style=st.integers(0, 2),
)
FILES = st.lists(MADE, min_size=1, max_size=5, unique_by=lambda made: made.key)
VOLUME = (
    "@Proceedings{TEST2025,\n  name = {The Test},\n  shortname = {TEST},\n  year = {2025},\n  volume = {901}\n}\n\n"
)
SCRAPS = st.sampled_from(
    [
        *'{}",=#\\$%&~@()\n\t aA1ö中\x00\x87\u200b\ud800',
        "\\foo",
        "\\'",
        "\\\\",
        " and ",
        "@",
        "{{",
        "}}",
        "title = {",
        "\r",
    ]
)


def mutated(draw: st.DrawFn, text: str) -> str:
    """Returns `text` with one piece removed, doubled, replaced or added."""
    start = draw(st.integers(0, len(text)))
    end = min(len(text), start + draw(st.integers(0, 12)))
    middle = draw(st.sampled_from(["", text[start:end] * 2]) | st.lists(SCRAPS, max_size=3).map("".join))
    return text[:start] + middle + text[end:]


@st.composite
def damaged_files(draw: st.DrawFn) -> str:
    text = VOLUME + draw(st.sampled_from(SEPARATORS)).join(made.text for made in draw(FILES))
    for _ in range(draw(st.integers(1, 6))):
        text = mutated(draw, text)
    return text


@st.composite
def damaged_fields(draw: st.DrawFn) -> tuple[list[Made], int, str]:
    """A file in which one entry is damaged behind its key: the entries, the place of the damaged one, the text."""
    entries = draw(FILES)
    hurt = draw(st.integers(0, len(entries) - 1))
    texts = [made.text for made in entries]
    head, comma, rest = texts[hurt].partition(",")
    texts[hurt] = head + comma + mutated(draw, rest.rstrip("\n")) + "\n"
    return entries, hurt, VOLUME + draw(st.sampled_from(SEPARATORS)).join(texts)


def check(file: VolumeFile) -> None:
    """What holds for every file: each entry is a paper with a key of its own, or a finding says why it is none."""
    records = [entry.record for entry in file.papers if entry.record]
    assert len({record.key.lower() for record in records}) == len(records)
    for entry in file.papers:
        if entry.record is None:
            assert any(one.line == entry.line and one.rule == "required" for one in file.findings)
    for record in records:
        assert record.title
        assert all(author.family for author in record.authors)
        assert_storable(record)
        for author in record.authors:
            assert_storable(author)
    if file.volume:
        assert_storable(file.volume)


def assert_storable(record: VolumeRecord | PaperRecord | Name) -> None:
    """Every text fits its column and holds nothing that a database rejects."""
    for field in fields(record):
        value = getattr(record, field.name)
        texts = [value] if isinstance(value, str) else []
        texts += value.values() if field.name == "extra" else ()
        for text in texts:
            assert "\x00" not in text
            text.encode()
        if isinstance(value, str):
            assert len(value) <= LIMITS.get(field.name, len(value))


@given(damaged_files())
def test_no_damaged_file_breaks_the_reader_or_the_rules(text: str) -> None:
    file = read_volume_file(text, "v.bib")

    check(file)
    text_rules.check_text(text)
    if file.volume:
        rules.check_all(file.volume, [entry.record for entry in file.papers if entry.record])


@given(damaged_fields())
def test_a_fault_in_one_field_costs_no_other_entry_anything(case: tuple[list[Made], int, str]) -> None:
    entries, hurt, text = case
    whole = read_volume_file(VOLUME + "\n".join(made.text for made in entries))

    file = read_volume_file(text)

    check(file)
    found = {entry.key: entry.record for entry in file.papers}
    for place, entry in enumerate(whole.papers):
        record: Any = found.get(entry.key)
        assert record, f"{entry.key} was lost"
        if place != hurt:
            assert (record.title, record.authors, record.pages, record.abstract) == (
                entry.record.title if entry.record else NO_TITLE,
                entry.record.authors if entry.record else (),
                entry.record.pages if entry.record else "",
                entry.record.abstract if entry.record else "",
            )
