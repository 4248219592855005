"""Checks the entries of a BibTeX file as written: what the publisher's check reports, and what it misses. Pure.

The publisher finds fields by regular expressions, line by line (C1 to C12 of October 2026; notes on the workflow, 2.2
and 2.4), so these rules check the text as written. `line_rules` checks whole lines; `rules` the values, on records.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.latex import LatexError, ascii_latex, describe, fold, to_unicode
from proceedings.bibtex.names import NotANameError, find_doubts, read_name, split_names, write_name
from proceedings.bibtex.raw_entries import RawEntry, RawField
from proceedings.bibtex.scanner import scan
from proceedings.publisher.line_rules import check_lines
from proceedings.publisher.mending import plain_pages
from proceedings.publisher.title_words import LISTED

# C1. `published` may be missing (C2).
_REQUIRED = ("name", "shortname", "year", "editor", "start", "end", "address", "volume")
# The publisher's pages show them, but its check does not ask for them.
_WANTED = ("booktitle", "conference_url")
# What editors write instead (2.8).
_INSTEAD = {"conference_url": "url", "address": "location", "booktitle": "title"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_ESCAPE = re.compile(r"(?<!\\)\\[${}_]")
_DELIMITERS = re.compile(r"\\left\\\{|\\right\\\}")
_PLAIN = {r"\{": r"\lbrace", r"\}": r"\rbrace", r"\_": "_", r"\$": "$"}
_MACRO = re.compile(r"\\\\([A-Za-z]+)")


def check_text(text: str, file: str = "", words: Collection[str] = LISTED) -> list[Finding]:
    """Returns all findings about the text as written, in the order of its lines. Raises nothing.

    `words` are the listed words of titles.
    """
    entries = scan(text)
    found: list[Finding] = check_lines(text, entries, file, words)
    for entry in entries:
        rules = _VOLUME_RULES if entry.kind == "proceedings" else _PAPER_RULES
        for rule in (*rules, *_RULES):
            found += rule(entry, file)
    return sorted(found, key=lambda finding: finding.line or 0)


Rule = Callable[[RawEntry, str], Iterator[Finding]]


def _finding(
    entry: RawEntry,
    field: RawField | None,
    file: str,
    rule: str,
    message: str,
    *,
    severity: Severity = Severity.ERROR,
    fix: str = "",
    name: str = "",
) -> Finding:
    return Finding(
        rule=rule,
        message=message,
        severity=severity,
        file=file,
        line=field.line if field else entry.line,
        paper=entry.key,
        field=field.name if field else name,
        fix=fix,
    )


# --- the volume's own entry


def _required(entry: RawEntry, file: str) -> Iterator[Finding]:
    for name in (*_REQUIRED, *_WANTED):
        severity = Severity.ERROR if name in _REQUIRED else Severity.WARNING
        field = entry.field(name)
        if field is None or not field.value.strip():
            instead = entry.field(_INSTEAD.get(name, ""))
            fix = f"{name} = {{{fold(instead.value)}}}" if instead else ""
            message = "is missing or empty"
            yield _finding(entry, field, file, "required", message, severity=severity, fix=fix, name=name)
        elif field.opening != "{":
            # C1 names the volume; the other fields are only hard to find without braces.
            severity = Severity.ERROR if name == "volume" else Severity.WARNING
            message = "must be in braces: the publisher's check ignores numbers and quotes"
            fix = f"{name} = {{{fold(field.value)}}}"
            yield _finding(entry, field, file, "braces", message, severity=severity, fix=fix)


def _days(entry: RawEntry, file: str) -> Iterator[Finding]:
    """C2: `published` may be missing, but is one day if it is there. The other days are not checked."""
    for name in ("start", "end", "published"):
        field = entry.field(name)
        if field and (field.value.strip() or name == "published") and not _DAY.match(field.value.strip()):
            message = f"'{fold(field.value)}' is not a date: write YYYY-MM-DD"
            if name == "published":
                message += ", or leave the field out"
            first = field.value.strip()[:10]
            severity = Severity.ERROR if name == "published" else Severity.WARNING
            fix = first if _DAY.match(first) else ""
            yield _finding(entry, field, file, "dates", message, severity=severity, fix=fix)


def _editor_names(entry: RawEntry, file: str) -> Iterator[Finding]:
    yield from _names_in(entry, "editor", file)


# --- a paper's entry


def _author_names(entry: RawEntry, file: str) -> Iterator[Finding]:
    field = entry.field("author")
    if field and field.opening == '"':
        message = "is in quotes: the publisher's check finds no authors there"
        yield _finding(entry, field, file, "quotes", message, severity=Severity.WARNING, fix="write it in braces")
    yield from _names_in(entry, "author", file)


def _names_in(entry: RawEntry, name: str, file: str) -> Iterator[Finding]:
    """C6 and T2: a comma in every name, a capital in every family name, braces around groups and single names."""
    field = entry.field(name)
    for place, text in enumerate(split_names(fold(field.value)) if field else [], 1):
        if not text:
            message = f"name {place} is missing between two 'and'"
            yield _finding(entry, field, file, "names", message)
            continue
        if re.fullmatch(r"\{[^{}]*\}", text):
            continue
        if not _comma_outside_braces(text):
            message = (
                f"name {place}, '{text}', has no comma: write Last, First, or put a group or single name in braces"
            )
            yield _finding(entry, field, file, "names", message, fix=_with_comma(text))
        elif _small(text):
            message = f"name {place}, '{text}': the publisher rejects a family name in lower case"
            yield _finding(entry, field, file, "names", message, fix=_capitalised(text))
        if re.search(r",\s*(,|\Z)", text):
            message = f"name {place}, '{text}', has an extra comma"
            fix = re.sub(r"\s*,(?:\s*,)+", ",", text).rstrip(", ")
            whole = name == "author" and field and "\n" not in field.value and re.search(r",\s*,", text)
            severity = Severity.ERROR if whole else Severity.WARNING
            yield _finding(entry, field, file, "names", message, severity=severity, fix=fix)


def _comma_outside_braces(text: str) -> bool:
    depth = 0
    for sign in re.findall(r"\\.|[{},]", text):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            return True
    return False


def _with_comma(text: str) -> str:
    """Returns the most likely reading of a name without a comma."""
    try:
        reading = read_name(text)
    except NotANameError:
        return ""
    read = reading.name if reading.name.given else None
    proposal = next((doubt.proposal for doubt in reading.doubts if doubt.proposal), read)
    if proposal:
        again = next((doubt.proposal for doubt in find_doubts(proposal) if doubt.proposal), None)
        return write_name(again or proposal)
    return f"{{{text}}}" if text[:1].isupper() else ""


def _small(text: str) -> bool:
    try:
        words = re.findall(r"[^\W\d_]+", to_unicode(text.split(",", 1)[0]))
    except LatexError:
        return False
    return bool(words) and words[0][0].islower() and not any(word[0].isupper() for word in words)


def _capitalised(text: str) -> str:
    """Returns `text` with a capital in its family name, or with the parts swapped if that fits better."""
    last, _, rest = text.partition(",")
    fixed = re.sub(r"(?:^|(?<=[\s-]))[a-z]", lambda letter: letter[0].upper(), last) + "," + rest
    try:
        proposals = [doubt.proposal for doubt in read_name(fixed).doubts if doubt.proposal]
    except NotANameError:
        return fixed
    return write_name(proposals[0]) if proposals else fixed


def _escapes(entry: RawEntry, file: str) -> Iterator[Finding]:
    r"""C8 and C9: ``\$ \{ \} \_`` but not ``\left\{``, and ``\textbackslash``, in title and abstract."""
    for name in ("title", "abstract"):
        field = entry.field(name)
        if field is None:
            continue
        if signs := list(dict.fromkeys(_ESCAPE.findall(_DELIMITERS.sub("", field.value)))):
            message = f"the publisher rejects {' '.join(signs)} here"
            fix = ", ".join(f"{sign} -> {_PLAIN[sign]}" for sign in signs)
            yield _finding(entry, field, file, "escapes", message, fix=fix)
        if r"\textbackslash" in field.value:
            message = r"the publisher rejects \textbackslash: write the macro that is meant, or $\backslash$"
            yield _finding(entry, field, file, "textbackslash", message)


def _pages(entry: RawEntry, file: str) -> Iterator[Finding]:
    """C12."""
    field = entry.field("pages")
    if field and field.opening == "{" and re.fullmatch(r"\s*\{.*\}\s*", field.value, re.DOTALL):
        message = "is in double braces, which the publisher rejects"
        yield _finding(entry, field, file, "page-braces", message, fix=f"pages = {{{plain_pages(fold(field.value))}}}")


def _ampersand(entry: RawEntry, file: str) -> Iterator[Finding]:
    field = entry.field("abstract")
    if field and re.search(r"(?<!\\)&", field.value) and not re.search(r"\\begin\s*\{|\\[A-Za-z]*matrix", field.value):
        message = r"a plain & is for tables only: write \&"
        yield _finding(entry, field, file, "ampersand", message, severity=Severity.WARNING, fix=r"& -> \&")


# --- every entry


def _closing(entry: RawEntry, file: str) -> Iterator[Finding]:
    """C1 asks for it in the volume's entry only; elsewhere it is a slip."""
    if not entry.alone:
        message = "the closing brace must be alone in column 0: the publisher's check reads on into the next entry"
        severity = Severity.ERROR if entry.kind == "proceedings" else Severity.WARNING
        yield _finding(entry, None, file, "closing-brace", message, severity=severity, fix="put } on a line of its own")


def _own_lines(entry: RawEntry, file: str) -> Iterator[Finding]:
    severity = Severity.ERROR if entry.kind == "proceedings" else Severity.WARNING
    for field in entry.fields:
        if not field.own_line:
            message = "must begin on its own line, or the publisher's check does not find it"
            yield _finding(entry, field, file, "own-line", message, severity=severity)


def _double_backslash(entry: RawEntry, file: str) -> Iterator[Finding]:
    r"""C7 and T4: ``\\`` anywhere."""
    for field in entry.fields:
        if "\\\\" in field.value:
            macro = _MACRO.search(field.value)
            fix = f"\\{macro[1]}" if macro else r"\cr between the rows of a matrix, nothing elsewhere"
            yield _finding(entry, field, file, "double-backslash", r"the publisher rejects \\ anywhere", fix=fix)


def _quotes(entry: RawEntry, file: str) -> Iterator[Finding]:
    r"""C11: the publisher's parser drops an entry with ``\"`` between quotes without reporting it."""
    for field in entry.fields:
        if field.opening == '"' and '\\"' in field.value:
            message = r"contains \" between quotes: the publisher's parser drops the whole entry without a message"
            yield _finding(entry, field, file, "quotes", message, fix="write it in braces")


def _unicode(entry: RawEntry, file: str) -> Iterator[Finding]:
    for field in entry.fields:
        if field.value.isascii():  # nearly always, and much faster than to look at each character
            continue
        if letters := list(dict.fromkeys(char for char in field.value if not char.isascii())):
            fix = ", ".join(filter(None, map(_replacement, letters[:8])))
            message = f"contains {', '.join(map(describe, letters[:8]))}: the publisher asks for LaTeX instead"
            if any(map(_is_invisible, letters)):
                message += "; the invisible ones come from another encoding, so check the text around them"
            yield _finding(entry, field, file, "unicode", message, severity=Severity.WARNING, fix=fix)


def _is_invisible(letter: str) -> bool:
    """Whether it is a control or formatting character. Joiners are none, because some scripts need them."""
    return unicodedata.category(letter) in ("Cc", "Cf") and letter not in "\u200c\u200d"


def _replacement(letter: str) -> str:
    """Returns what to write for `letter`; '' if unknown."""
    if _is_invisible(letter):
        return f"U+{ord(letter):04X} -> remove it"
    latex = ascii_latex(letter).text
    return f"{letter} -> {latex}" if latex.isascii() else ""


def _padding(entry: RawEntry, file: str) -> Iterator[Finding]:
    """Blanks at the ends of a value are printed on the publisher's page (2.8)."""
    for field in entry.fields:
        if field.value.strip() and field.value != field.value.strip():
            message = "has spaces at its beginning or end, which the publisher's page shows"
            yield _finding(
                entry, field, file, "padding", message, severity=Severity.WARNING, fix=fold(field.value)[:60]
            )


_VOLUME_RULES: tuple[Rule, ...] = (_required, _days, _editor_names)
_PAPER_RULES: tuple[Rule, ...] = (_author_names, _escapes, _pages, _ampersand)
_RULES: tuple[Rule, ...] = (_closing, _own_lines, _double_backslash, _quotes, _unicode, _padding)
