"""The publisher's rules for the values of a volume, including those that its own checks miss, as findings. Pure.

Sources: the publisher's checks as of October 2026 (T1 to T4, C1 to C16), and its specification in section 2 of the
project's notes on the publishing workflow. Where they differ, the checks win: what they accept is no error here. A
warning is for an editor to review.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import count as count_up
from itertools import pairwise

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.forum_ids import read_forum_id
from proceedings.bibtex.latex import LatexError, UnmappedError, to_latex, to_unicode
from proceedings.bibtex.names import Name, NotANameError, find_doubts, read_name, write_name
from proceedings.bibtex.records import CUT, LIMITS, NO_TITLE, PaperRecord, VolumeRecord
from proceedings.bibtex.records import KEY as NAMES_A_FILE
from proceedings.bibtex.writer import name_in_latex
from proceedings.publisher.latex_rules import check_latex
from proceedings.publisher.mending import plain_pages
from proceedings.publisher.same_papers import check_same_papers
from proceedings.publisher.section_rules import check_sections
from proceedings.publisher.title_words import LISTED
from proceedings.publisher.wrap_hyphens import Vocabulary, find_wraps, has_wraps, keep_hyphens, vocabulary

HOME = "https://proceedings.mlr.press"
KEY = re.compile(r"[a-z0-9][a-z0-9-]*\Z")
_ENDING = re.compile(r"(?P<stem>.*?)(?P<year>\d{2})(?P<letter>[a-z]*)\Z")
_PAGES = re.compile(r"(?P<first>\d+|[ivxlcdm]+)--?(?P<last>\d+|[ivxlcdm]+)\Z")
_PLAIN_URL = re.compile(r"https?://[^\s,;|]+\Z")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
# C1, with what editors write instead (2.8).
_REQUIRED = {"name": "", "shortname": "", "editor_names": "", "start": "", "end": "", "address": "location"}
# The publisher's pages show these, but its check does not ask for them.
_WANTED = {"booktitle": "title", "conference_url": "url"}
_DATES = ("start", "end", "published")


def check_all(volume: VolumeRecord, papers: Sequence[PaperRecord], words: Collection[str] = LISTED) -> list[Finding]:
    """Returns everything that the publisher would find in `volume` with `papers`, and what it would miss.

    First the volume, then each paper in order, then the comparison of papers. `words` are the listed words of titles.
    """
    return [*check_volume(volume), *check_papers(volume, papers, words)]


def check_papers(volume: VolumeRecord, papers: Sequence[PaperRecord], words: Collection[str] = LISTED) -> list[Finding]:
    """Applies the rules for papers, each alone and then together. Only year and sections of `volume` matter."""
    found: list[Finding] = []
    wraps = any(has_wraps(text) for paper in papers for _, text in _texts(paper))
    known = vocabulary(text for paper in papers for text in (paper.title, paper.abstract)) if wraps else Vocabulary()
    for paper in papers:
        found += check_paper(volume, paper, words, known)
    for rule in (_duplicate_keys, check_same_papers, _letters, _page_order):
        found += rule(volume, papers)
    return found + check_sections(volume, papers)


def check_volume(volume: VolumeRecord) -> Iterator[Finding]:
    """Applies the rules for the volume's own entry."""
    yield from _volume_fields(volume)
    yield from _volume_dates(volume)
    for place, text in enumerate(volume.editor_names, 1):
        yield from _editor(volume, place, text)
    for field in ("booktitle", "name", "shortname", "address"):
        yield from _writable(volume.bib_key, field, getattr(volume, field))
    yield from _writable(volume.bib_key, "sections", " ".join(volume.sections))
    texts = [*((field, getattr(volume, field)) for field in ("booktitle", "name", "address")), *volume.extra.items()]
    texts += [("sections", "|".join(volume.sections)), ("editor", " and ".join(volume.editor_names))]
    yield from _wraps(volume.bib_key, texts, Vocabulary())


def _volume_fields(volume: VolumeRecord) -> Iterator[Finding]:
    for fields, finding in ((_REQUIRED, _error), (_WANTED, _warning)):
        for field, instead in fields.items():
            if not getattr(volume, field) and not (field in _DATES and field in volume.extra):
                name = "editor" if field == "editor_names" else field
                fix = volume.extra.get(instead, "")
                if field == "conference_url" and not _PLAIN_URL.match(fix):
                    fix = ""
                yield finding("required", volume.bib_key, name, "is missing or empty", fix=fix)
    if shown := re.search(r"\b(?:19|20)\d{2}\b", volume.shortname):
        fix = volume.shortname.replace(shown[0], "").strip(" '’-")
        yield _warning("shortname", volume.bib_key, "shortname", "the short name must not contain the year", fix=fix)


def _volume_dates(volume: VolumeRecord) -> Iterator[Finding]:
    for field in _DATES:
        if field in volume.extra and not getattr(volume, field):
            message = f"'{volume.extra[field]}' is not a date: write YYYY-MM-DD"
            # C2 looks at the date of publication only; it may also be missing.
            finding = _error if field == "published" else _warning
            yield finding("dates", volume.bib_key, field, message, fix=_first_day(volume.extra[field]))
    if volume.start and volume.start.year != volume.year:
        message = f"the conference starts in {volume.start.year}, but the volume's year is {volume.year}"
        yield _warning("dates", volume.bib_key, "start", message)
    if volume.published and volume.published.year != volume.year:
        message = (
            f"the publisher's IDs use the year of publication, {volume.published.year}; the keys use {volume.year}"
        )
        yield _warning("dates", volume.bib_key, "published", message)


def _first_day(text: str) -> str:
    """Returns the first date in `text` as YYYY-MM-DD; empty without one."""
    found = re.search(r"\d{4}-\d{2}-\d{2}", text)
    try:
        return date.fromisoformat(found[0]).isoformat() if found else ""
    except ValueError:
        return ""


def check_paper(
    volume: VolumeRecord,
    paper: PaperRecord,
    words: Collection[str] = LISTED,
    known: Vocabulary | None = None,
) -> Iterator[Finding]:
    """Applies the rules for a single paper. Fast enough for every save in the admin.

    `known` are the words of the volume, for wrap hyphens; without them those of the paper count.
    """
    yield from _key(volume, paper)
    yield from _fields(paper)
    yield from _authors(paper)
    yield from _pages(paper)
    yield from check_latex(paper, words)
    yield from _extra(paper)
    yield from _wraps(paper.key, _texts(paper), known)


def _texts(paper: PaperRecord) -> list[tuple[str, str]]:
    """Returns every field of a paper as text, by the field's name in the file."""
    authors = " and ".join(str(name) for name in paper.authors)
    named = [("title", paper.title_latex), ("abstract", paper.abstract), ("section", paper.section)]
    return [*named, ("author", authors), *paper.extra.items()]


def key_stem(author: Name) -> str:
    """Returns a family name as keys have it: lower-case ASCII, without accents, blanks and particle (2.1)."""
    plain = unicodedata.normalize("NFKD", author.family.lower().translate(_LETTERS))
    return re.sub(r"[^a-z0-9-]", "", plain)


_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def predicted_ids(volume: VolumeRecord, papers: Iterable[PaperRecord]) -> dict[str, str]:
    """Returns key -> predicted publisher ID: the publisher computes its own, always with a letter (2.6)."""
    year = (volume.published.year if volume.published else volume.year) % 100
    given: Counter[str] = Counter()
    ids = {}
    for paper in papers:
        stem = f"{key_stem(paper.authors[0]) if paper.authors else paper.key}{year:02}"
        ids[paper.key] = stem + key_suffix(given[stem])
        given[stem] += 1
    return ids


def publication_url(volume: VolumeRecord, public_id: str) -> str:
    """Returns the URL of the published paper."""
    return f"{HOME}/v{volume.number}/{public_id}.html"


def key_suffixes() -> Iterator[str]:
    """Yields a, b, … z, aa, ab, … without end."""
    return map(key_suffix, count_up())


def key_suffix(count: int) -> str:
    """Returns the suffix with this index: a, b, … z, aa, ab, …"""
    letters = ""
    count += 1
    while count:
        count, rest = divmod(count - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters


def _error(rule: str, paper: str, field: str, message: str, fix: str = "") -> Finding:
    return Finding(rule=rule, message=message, severity=Severity.ERROR, paper=paper, field=field, fix=fix)


def _warning(rule: str, paper: str, field: str, message: str, fix: str = "") -> Finding:
    return Finding(rule=rule, message=message, severity=Severity.WARNING, paper=paper, field=field, fix=fix)


def _editor(volume: VolumeRecord, place: int, text: str) -> Iterator[Finding]:
    try:
        name = read_name(text).name.map(to_unicode)
        name_in_latex(name)
    except (NotANameError, LatexError, UnmappedError) as error:
        yield _error("names", volume.bib_key, "editor", f"name {place}, '{text}': {error}")
        return
    yield from _doubtful(volume.bib_key, "editor", place, name)


def _key(volume: VolumeRecord, paper: PaperRecord) -> Iterator[Finding]:
    """2.1, and a gap named in 2.4: the publisher does not see a key whose first character is not a letter."""
    if not paper.authors:
        return
    year = f"{volume.year % 100:02}"
    stem = key_stem(paper.authors[0])
    if not KEY.match(paper.key):
        plain = re.sub(r"[^a-z0-9-]", "", unicodedata.normalize("NFKD", paper.key.lower()))
        message = "a key may contain lower-case ASCII letters, digits and hyphens only"
        # C10 asks for ASCII. Other characters than these cannot name a file everywhere.
        finding = _warning if NAMES_A_FILE.match(paper.key) else _error
        yield finding("key", paper.key, "key", message, fix=plain)
        return
    parts = _ENDING.match(paper.key)
    if parts is None or parts["year"] != year:
        message = f"a key must end in the year of the conference, {year}, plus a letter if papers share the name"
        yield _warning("key", paper.key, "key", message, fix=f"{stem}{year}")
    elif parts["stem"] != stem:
        message = f"a key must begin with the first author's family name; the publisher will use {stem}{year}…"
        yield _warning("key", paper.key, "key", message, fix=f"{stem}{year}{parts['letter']}")


def _fields(paper: PaperRecord) -> Iterator[Finding]:
    """2.3 and 2.4: the publisher omits a paper without authors and hardly reports it."""
    for field, name in (("title", "title"), ("authors", "author")):
        if not getattr(paper, field) or getattr(paper, field) == NO_TITLE:
            yield _error("required", paper.key, name, "is missing or empty")
    if len(paper.title) == LIMITS["title"] and paper.title.endswith(CUT):
        yield _error("length", paper.key, "title", f"was cut at {LIMITS['title']} characters: shorten it")
    if not paper.pages:
        yield _warning("required", paper.key, "pages", "is missing or empty: number the pages by the PDFs")
    if not paper.abstract:
        yield _warning("required", paper.key, "abstract", "is missing or empty; only a preface may have none")


def _authors(paper: PaperRecord) -> Iterator[Finding]:
    for place, name in enumerate(paper.authors, 1):
        try:
            name_in_latex(name)
        except UnmappedError as error:
            yield _error("unmapped", paper.key, "author", f"name {place}, {name}: {error}")
        if _all_small(name):
            fix = write_name(family_in_capitals(name))
            message = f"name {place}, {name}: the publisher rejects a family name in lower case"
            yield _error("names", paper.key, "author", message, fix=fix)
        else:
            yield from _doubtful(paper.key, "author", place, name)


def family_in_capitals(name: Name) -> Name:
    """Returns `name` with capitals in its family name if the publisher would reject it without."""
    return Name(name.family.title(), name.given, name.particle, name.suffix) if _all_small(name) else name


def _all_small(name: Name) -> bool:
    """C6: in scripts with capitals, a word of the family name must begin with one."""
    if not (name.given or name.particle or name.suffix):
        return False  # written in braces
    words = re.findall(r"[^\W\d_]+", f"{name.particle} {name.family}")
    return not any(word[0].isupper() for word in words) and any(letter.islower() for letter in name.family)


def _doubtful(paper: str, field: str, place: int, name: Name) -> Iterator[Finding]:
    for doubt in find_doubts(name):
        fix = write_name(doubt.proposal) if doubt.proposal else ""
        found = _warning("names", paper, field, f"name {place}, {name}, {doubt.reason}", fix=fix)
        yield replace(found, person=write_name(name))


def _pages(paper: PaperRecord) -> Iterator[Finding]:
    if not paper.pages:
        return
    span = page_range(paper.pages)
    if span is None:
        message = f"'{paper.pages}' is not a page range: write the first and last page, such as 1--10"
        yield _warning("pages", paper.key, "pages", message, fix=proposed_pages(paper.pages))
    elif span[1] < span[0]:
        yield _warning("pages", paper.key, "pages", f"'{paper.pages}' ends before it begins: correct it")


def proposed_pages(pages: str) -> str:
    """Returns the range in ``1/1--42``, the form of a volume, its part and the pages; empty if there is none."""
    _, slash, rest = plain_pages(pages).rpartition("/")
    return rest if slash and page_range(rest) else ""


def page_range(pages: str) -> tuple[int, int] | None:
    """Returns the first and last page; Roman numerals count as numbers. None if `pages` is not a range."""
    found = _PAGES.match(plain_pages(pages))
    if found is None or found["first"].isdigit() != found["last"].isdigit():
        return None
    return _number(found["first"]), _number(found["last"])


def _number(text: str) -> int:
    if text.isdigit():
        return int(text)
    values = [_ROMAN[letter] for letter in text]
    return sum(-value if value < after else value for value, after in pairwise([*values, 0]))


def _extra(paper: PaperRecord) -> Iterator[Finding]:
    for field in ("software", "video"):
        if (value := paper.extra.get(field, "")) and not _PLAIN_URL.match(value):
            found = re.search(r"https?://[^\s,;|{}]+", value)
            message = "must be a single address that starts with https://"
            yield _warning("links", paper.key, field, message, fix=found[0] if found else "")
    if (value := paper.extra.get("openreview", "")) and read_forum_id(value) != value:
        message = "must be the bare forum id, such as Ab3dEf9Gh1"
        yield _warning("links", paper.key, "openreview", message, fix=read_forum_id(value))
    for field in paper.extra:
        if field.startswith("opt"):
            yield _warning("dropped", paper.key, field, "the publisher drops fields whose names begin with 'opt'")


def _wraps(owner: str, texts: Iterable[tuple[str, str]], known: Vocabulary | None) -> Iterator[Finding]:
    """C15."""
    for field, text in texts:
        if has_wraps(text):
            for one in find_wraps(text, vocabulary([text]) if known is None else known):
                message = f"'{one.found}' looks like a hyphen left from a line break, which the publisher rejects"
                fix = keep_hyphens(one.found) if field in ("author", "editor") else one.proposal
                yield _error("wrap-hyphen", owner, field, message, fix=fix)


def _duplicate_keys(_volume: VolumeRecord, papers: Sequence[PaperRecord]) -> Iterator[Finding]:
    """Keys are compared without case, because they name files."""
    for key, count in Counter(paper.key.lower() for paper in papers).items():
        if count > 1:
            yield _error("duplicate-key", key, "key", f"{count} papers have this key")


def _letters(_volume: VolumeRecord, papers: Sequence[PaperRecord]) -> Iterator[Finding]:
    """2.1: if several papers share name and year, all of them have a letter."""
    groups: Mapping[tuple[str, str], list[str]] = defaultdict(list)
    for paper in papers:
        if parts := _ENDING.match(paper.key):
            groups[parts["stem"], parts["year"]].append(parts["letter"])
    for (stem, year), letters in groups.items():
        if len(letters) > 1 and "" in letters:
            free = next(letter for letter in map(key_suffix, range(len(letters) + 1)) if letter not in letters)
            message = "other papers have this key with a letter, so this key needs one too"
            yield _warning("key", stem + year, "key", message, fix=stem + year + free)


def _page_order(_volume: VolumeRecord, papers: Sequence[PaperRecord]) -> Iterator[Finding]:
    """A gap named in 2.4: ranges that overlap or skip pages. Roman pages are counted separately."""
    spans = [(span, paper.key) for paper in papers if paper.pages[:1].isdigit() and (span := page_range(paper.pages))]
    expected = 1
    owner = ""
    for (first, last), key in sorted(spans):
        if first < expected:
            yield _warning("pages", key, "pages", f"page {first} already belongs to {owner}")
        elif first > expected:
            yield _warning(
                "pages", key, "pages", f"starts at page {first}, but the last paper ends at page {expected - 1}"
            )
        if last >= expected:
            expected, owner = last + 1, key


def _writable(owner: str, field: str, text: str) -> Iterator[Finding]:
    try:
        to_latex(text)
    except UnmappedError as error:
        yield _error("unmapped", owner, field, str(error))
