"""Rules on the LaTeX of titles and abstracts. Pure.

Source: the publisher's checks of October 2026, C7 to C9.
"""

import re
from collections.abc import Collection, Iterator

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.latex import UnmappedError, ascii_latex, describe, read_latex
from proceedings.bibtex.parser import unbalanced
from proceedings.bibtex.records import PaperRecord
from proceedings.bibtex.writer import title_in_latex, unread_title
from proceedings.publisher.title_words import unlisted_capitals

_ESCAPES = re.compile(r"\\[${}_]")
_DELIMITERS = re.compile(r"\\left\\\{|\\right\\\}")


def check_latex(paper: PaperRecord, words: Collection[str]) -> Iterator[Finding]:
    """Returns findings about title and abstract of `paper`. `words` are the listed words of titles."""
    try:
        title = title_in_latex(paper)
    except UnmappedError as error:
        title = unread_title(paper)
        if not title:
            yield _error("unmapped", paper.key, "title", str(error))
    if title and (reading := read_latex(title)).unknown and r"\textbackslash" not in title:
        yield _error("latex", paper.key, "title", "; ".join(reading.problems), reading.proposal)
    for field, latex in (("title", title), ("abstract", paper.abstract)):
        if unmapped := ascii_latex(latex).unmapped:
            named = ", ".join(map(describe, unmapped))
            yield _error("unmapped", paper.key, field, f"no LaTeX form for {named}")
        if unbalanced(latex):
            yield _error("braces", paper.key, field, "the braces do not match: correct them")
        yield from _signs(paper.key, field, latex)
    if capitals := unlisted_capitals(title, words):
        message = f"{', '.join(capitals)}: without braces, the publisher may write these in small letters"
        yield _warning("capitals", paper.key, "title", message, fix=", ".join(f"{{{word}}}" for word in capitals))


def _signs(paper: str, field: str, latex: str) -> Iterator[Finding]:
    if "\\\\" in latex:
        message = r"the publisher rejects \\: write \cr between the rows of a matrix, and remove it elsewhere"
        yield _error("double-backslash", paper, field, message)
    if escapes := sorted(set(_ESCAPES.findall(_DELIMITERS.sub("", latex)))):
        message = (
            f"the publisher rejects {' '.join(escapes)}: write \\lbrace, \\rbrace, _, and mathematics between plain $"
        )
        yield _error("escapes", paper, field, message)
    if r"\textbackslash" in latex:
        message = r"the publisher rejects \textbackslash: write the macro that is meant, or $\backslash$"
        yield _error("textbackslash", paper, field, message)
    if len(re.findall(r"(?<!\\)\$", latex)) % 2:
        yield _warning("mathematics", paper, field, "a $ has no matching $")
    if re.search(r"\\(?:text)?color\b", latex):
        yield _warning("color", paper, field, "the publisher's page shows no colours: remove the macro")


def _error(rule: str, paper: str, field: str, message: str, fix: str = "") -> Finding:
    return Finding(rule=rule, message=message, severity=Severity.ERROR, paper=paper, field=field, fix=fix)


def _warning(rule: str, paper: str, field: str, message: str, fix: str = "") -> Finding:
    return Finding(rule=rule, message=message, severity=Severity.WARNING, paper=paper, field=field, fix=fix)
