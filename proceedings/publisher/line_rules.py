r"""Checks the lines of a BibTeX file, as the publisher's check of October 2026 does. Pure.

Some of its rules look at lines, whatever they belong to: control characters (C13), ligatures (C14), wrap hyphens (C15),
backslashes (T4), and listed words in whatever is called title (C16).
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.latex import describe, fold
from proceedings.bibtex.raw_entries import RawEntry
from proceedings.publisher.mending import LIGATURES
from proceedings.publisher.title_words import LISTED, protect, unprotected
from proceedings.publisher.wrap_hyphens import WRAP, join, vocabulary

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LIGATURE = re.compile("[\ufb00-\ufb06]")
_WHOLE = re.compile(r"\s*(?P<name>title|abstract)\s*=\s*\{.*\}\s*,?\s*\Z")
_NEXT_FIELD = re.compile(r"\s*[A-Za-z_]+\s*=|\s*\}\s*\Z|@")
_BRACE = re.compile(r"(?<!\\)[{}]")


class _Places:
    """Finds the entry and the field of a line."""

    def __init__(self, entries: Sequence[RawEntry]) -> None:
        self._known = sorted(
            [(entry.line, entry.key, "") for entry in entries]
            + [(field.line, entry.key, field.name) for entry in entries for field in entry.fields]
        )
        self._lines = [line for line, _, _ in self._known]

    def at(self, line: int) -> tuple[str, str]:
        """Returns key and field of the last entry or field that begins at `line` or before it."""
        place = bisect_right(self._lines, line) - 1
        return self._known[place][1:] if place >= 0 else ("", "")


def check_lines(
    text: str, entries: Sequence[RawEntry], file: str = "", words: Collection[str] = LISTED
) -> list[Finding]:
    """Returns the findings about the lines of `text`, whose entries are `entries`. Raises nothing."""
    text = re.sub(r"\r\n?", "\n", text)
    lines = text.split("\n")
    places = _Places(entries)
    found: list[Finding] = []
    for line, one in (*_signs(lines, places), *_wraps(text), *_fields(lines, entries, words)):
        paper, field = places.at(line)
        found.append(replace(one, file=file, line=line, paper=paper, field=field))
    return found


def _signs(lines: Sequence[str], places: _Places) -> Iterator[tuple[int, Finding]]:
    """C13, C14, and C7 outside fields, where no other rule looks."""
    for number, line in enumerate(lines, 1):
        if signs := dict.fromkeys(_CONTROL.findall(line)):
            shown = ", ".join(map(describe, signs))
            message = f"contains {shown}, which the publisher rejects"
            yield number, Finding(rule="control", message=message, fix="remove it")
        if ligatures := dict.fromkeys(_LIGATURE.findall(line)):
            shown = ", ".join(map(describe, ligatures))
            fix = ", ".join(f"{sign} -> {LIGATURES[sign]}" for sign in ligatures)
            yield number, Finding(rule="ligature", message=f"contains {shown}, which the publisher rejects", fix=fix)
        if r"\\" in line and not places.at(number)[1]:
            yield number, Finding(rule="double-backslash", message=r"the publisher rejects \\ anywhere")


def _fields(lines: Sequence[str], entries: Sequence[RawEntry], words: Collection[str]) -> Iterator[tuple[int, Finding]]:
    """T1, T3 and C16."""
    for field in (field for entry in entries for field in entry.fields):
        if field.name in ("title", "abstract") and re.search(r"(?<!\\)%", field.value):
            # T1 sees only a field that is whole on its line.
            severity = Severity.ERROR if _WHOLE.match(lines[field.line - 1]) else Severity.WARNING
            message = r"a plain % hides the rest of the line from LaTeX: write \%"
            yield field.line, Finding(rule="percent", message=message, severity=severity, fix=r"% -> \%")
        value = fold(field.value)
        if field.name.endswith("title") and (missing := unprotected(value, words)):
            message = f"{', '.join(missing)}: without braces, the publisher writes these in small letters"
            fix = f"{field.name} = {{{protect(value, words)}}}"
            yield field.line, Finding(rule="title-words", message=message, fix=fix)
        if field.name == "title" and _unbalanced_lines(lines, field.line):
            message = "the braces do not balance on the lines of the title"
            yield field.line, Finding(rule="braces", message=message, fix="close it with }, on its last line")


def _wraps(text: str) -> Iterator[tuple[int, Finding]]:
    """C15, also over a line end and between fields."""
    if not WRAP.search(text):
        return
    known = vocabulary([fold(text)])
    for found in WRAP.finditer(text):
        after = re.sub(r"\s+", " ", text[found.end() : found.end() + 80])
        one = join(found["left"], found["right"], known, after)
        message = f"'{fold(found[0])}' looks like a hyphen left from a line break, which the publisher rejects"
        line = text.count("\n", 0, found.start()) + 1
        yield line, Finding(rule="wrap-hyphen", message=message, fix=f"{one.found} -> {one.proposal}")


def _unbalanced_lines(lines: Sequence[str], first: int) -> bool:
    """T3: whether braces do not balance from the title's line to the next field."""
    depth = 0
    for at in range(first - 1, len(lines)):
        if at >= first and _NEXT_FIELD.match(lines[at]):
            break
        depth += sum(1 if brace == "{" else -1 for brace in _BRACE.findall(lines[at]))
    return depth != 0
