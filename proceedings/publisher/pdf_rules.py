"""Checks whether a PDF is the paper that it is attached to, by comparing it with the paper's record. Pure.

An agreement instead of a paper, another paper's file, or an unreadable file: each has been published (notes on the
workflow, section 4, number 12), and the publisher's checks find none of them (2.4).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.name_matching import plain_words
from proceedings.bibtex.records import PaperRecord
from proceedings.publisher.rules import page_range

MIN_TITLE_SHARE = 0.6
"""Share of the title's words that must be on the first page; hyphenation and ligatures hide some."""
_AGREEMENT = re.compile(r"publication\s*agreement", re.IGNORECASE)
_PUBLISHER = re.compile(r"PMLR|proceedings\s*of\s*machine\s*learning\s*research", re.IGNORECASE)
_MATHEMATICS = re.compile(r"\$[^$]*\$")


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfFacts:
    """Facts read from a PDF. If it cannot be read, `pages` is 0 and `problem` says why."""

    pages: int = 0
    first_page: str = ""
    """Text of the first page, as far as it can be extracted; white space folded."""
    title: str = ""
    """The title in the metadata, which is often wrong."""
    agreement: bool = False
    """Whether its text is a publication agreement."""
    encrypted: bool = False
    problem: str = ""


def is_agreement(text: str) -> bool:
    """Whether `text` is a publication agreement: it has the heading and the publisher's name."""
    return bool(_AGREEMENT.search(text) and _PUBLISHER.search(text))


def check_pdf(paper: PaperRecord, facts: PdfFacts, file: str = "") -> Iterator[Finding]:
    """Returns findings about a file attached to `paper`. An error means that it cannot be the paper."""
    refusal = rejection_reason(facts)
    if refusal:
        yield _finding(paper, file, "pdf", refusal)
        return
    span = page_range(paper.pages)
    if span and span[1] >= span[0] and span[1] - span[0] + 1 != facts.pages:
        wanted = span[1] - span[0] + 1
        message = f"has {facts.pages} pages, but the range {paper.pages} has {wanted}"
        fix = f"{span[0]}--{span[0] + facts.pages - 1}" if paper.pages[:1].isdigit() else ""
        yield _finding(paper, file, "page-count", message, fix=fix, field="pages")
    yield from _first_page(paper, facts, file)


def rejection_reason(facts: PdfFacts) -> str:
    """Returns why a file cannot be a paper; empty if it can."""
    if facts.encrypted:
        return "is encrypted: save it without a password"
    if facts.problem:
        return f"does not open as a PDF: {facts.problem}"
    if facts.pages == 0:
        return "has no pages"
    if facts.agreement:
        return "is a publication agreement, not a paper: upload the paper instead"
    return ""


def _first_page(paper: PaperRecord, facts: PdfFacts, file: str) -> Iterator[Finding]:
    page = " ".join(plain_words(facts.first_page))
    if not page:
        yield _finding(
            paper,
            file,
            "first-page",
            "has no text on its first page: open it and check that it is this paper",
            Severity.WARNING,
        )
        return
    letters = page.replace(" ", "")
    words = [word for word in plain_words(_MATHEMATICS.sub(" ", paper.title)) if len(word) > 1]
    found = [word for word in words if word in letters]
    if words and len(found) < MIN_TITLE_SHARE * len(words):
        message = (
            f"has {len(found)} of the {len(words)} words of the title on its first page: check that it is this paper"
        )
        yield _finding(paper, file, "pdf-title", message, Severity.WARNING)
    missing = [str(name) for name in paper.authors if not _printed(plain_words(name.family), letters)]
    if missing and (len(missing) * 2 > len(paper.authors) or str(paper.authors[0]) in missing):
        shown = "; ".join(missing[:5])
        message = f"lacks {len(missing)} of {len(paper.authors)} authors on its first page: {shown}"
        yield _finding(paper, file, "pdf-authors", message, Severity.WARNING)
    stated = plain_words(facts.title)
    if len(stated) > 2 and words and sum(word in words for word in stated) * 2 < len(stated):
        message = f"has the title '{facts.title[:80]}' in its metadata"
        yield _finding(paper, file, "pdf-metadata", message, Severity.NOTE)


def _printed(words: list[str], letters: str) -> bool:
    return all(word in letters for word in words)


def duplicates(digests: Mapping[str, str]) -> Iterator[Finding]:
    """Returns findings about equal files of two papers. `digests` maps each file's name to its SHA-256."""
    same: Mapping[str, list[str]] = defaultdict(list)
    for name, digest in digests.items():
        same[digest].append(name)
    for names in same.values():
        for name in names[1:]:
            message = f"is the same file as {names[0]}: replace the wrong one"
            yield Finding(rule="duplicate-file", message=message, file=name, paper=key_of(name), field="file")


def key_of(name: str) -> str:
    """Returns the key in a file's name: ``smith24`` of ``smith24.pdf`` and of ``smith24-supp.zip``."""
    return re.sub(r"(?:-supp)?\.[A-Za-z0-9.]+\Z", "", name.rpartition("/")[2])


def _finding(
    paper: PaperRecord,
    file: str,
    rule: str,
    message: str,
    severity: Severity = Severity.ERROR,
    *,
    fix: str = "",
    field: str = "file",
) -> Finding:
    return Finding(rule=rule, message=message, severity=severity, file=file, paper=paper.key, field=field, fix=fix)


def findings_of(papers: Iterable[tuple[PaperRecord, PdfFacts | None]]) -> Iterator[Finding]:
    """Returns findings about the files of `papers`. A missing file is an error."""
    for paper, facts in papers:
        if facts is None:
            message = "has no PDF"
            yield _finding(paper, "", "missing-file", message, fix=f"{paper.key}.pdf")
        else:
            yield from check_pdf(paper, facts)
