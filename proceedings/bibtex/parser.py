"""Converts BibTeX text to plain entries and back. Pure. The only package that imports bibtexparser.

A bad entry never stops the reading. It is reported with its line and kept as a broken entry, so that read and rejected
entries add up to the entries in the file. Values stay in LaTeX; white space is folded.
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bibtexparser.entrypoint import parse_string
from bibtexparser.model import (
    Block,
    DuplicateBlockKeyBlock,
    DuplicateFieldKeyBlock,
    ExplicitComment,
    ImplicitComment,
    ParsingFailedBlock,
    Preamble,
    String,
)
from bibtexparser.model import (
    Entry as ParsedEntry,
)

from proceedings.bibtex.findings import Finding, Severity, errors
from proceedings.bibtex.latex import describe, fold

# bibtexparser also logs each broken block; a finding reports it once, with what to do.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
# The abbreviations that every BibTeX style defines.
_STANDARD_STRINGS = {month[:3].lower(): month for month in _MONTHS}
_BRACE = re.compile(r"(?<!\\)[{}]")
_QUOTE_OR_BRACE = re.compile(r'(?<!\\)[{}"]')
_BARE = re.compile(r"[^\s{}\"#,=%()]+")
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_:.+-]*\Z")
_LINE_BREAK = re.compile(r"\r\n?")
_HEAD = re.compile(r"@\s*(\w*)\s*[{(]?\s*([^\s,{}()=]*)")
_STRAY_ENTRY = re.compile(r"^[ \t]*@\s*\w+", re.MULTILINE)
_STRAY_FIELD = re.compile(r"^[ \t,]*\w+\s*=\s*[{\"\w]", re.MULTILINE)
# Database columns reject these characters; a file that holds them is damaged.
_DAMAGE = re.compile("[\x00\ud800-\udfff]")
# Control and formatting characters: invisible, and missing in every font. Joiners stay, because some scripts need them.
_INVISIBLE = re.compile(
    "[\x01-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a file. `kind` and field names are in lower case; values are folded LaTeX."""

    kind: str
    key: str
    line: int
    fields: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Bibliography:
    """All entries of a file in order, including broken ones, and the findings."""

    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...] = ()


def read_bibtex(text: str, file: str = "") -> Bibliography:
    """Returns every entry in `text`. Raises nothing: every problem becomes a finding with its line."""
    text = _LINE_BREAK.sub("\n", text.removeprefix("\ufeff"))
    return _File(file).read(parse_string(text, parse_stack=[]).blocks)


def write_entry(kind: str, key: str, fields: Sequence[tuple[str, str]]) -> str:
    """Writes one entry as the publisher requires: one field per line, in braces, the last brace alone in column 0.

    The publisher's check reads entries line by line; in any other layout it misses the next entry (spec, 2.2).
    """
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields)
    return f"@{kind}{{{key},\n{lines}\n}}\n"


def unbalanced(value: str) -> bool:
    """Whether `value` between braces would end its field early or late."""
    depth = 0
    for brace in _BRACE.finditer(value):
        depth += 1 if brace[0] == "{" else -1
        if depth < 0:
            return True
    return depth != 0 or (len(value) - len(value.rstrip("\\"))) % 2 == 1


class _File:
    """The entries and findings of one file while it is read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.strings = dict(_STANDARD_STRINGS)
        self.entries: list[Entry] = []
        self.findings: list[Finding] = []
        self.seen: dict[str, int] = {}
        self.after_broken = False

    def read(self, blocks: Sequence[Block]) -> Bibliography:
        for block in blocks:
            self._block(block)
        return Bibliography(tuple(self.entries), tuple(self.findings))

    def _add_finding(
        self, rule: str, message: str, line: int, severity: Severity = Severity.ERROR, **where: str
    ) -> None:
        self.findings.append(Finding(rule=rule, message=message, severity=severity, file=self.name, line=line, **where))

    def _block(self, block: Block) -> None:
        line = (block.start_line or 0) + 1
        if isinstance(block, (DuplicateBlockKeyBlock, DuplicateFieldKeyBlock)):
            inner = block.ignore_error_block
            if inner is not None:  # the repeated block; its own problems are reported when it is read
                self._block(inner)
        elif isinstance(block, ParsingFailedBlock):
            self._broken(block, line)
            self.after_broken = True
            return
        elif isinstance(block, ParsedEntry):
            self._entry(block, line)
        elif isinstance(block, String):
            self._string(block, line)
        elif isinstance(block, ImplicitComment):
            self._stray(block.raw or "", line)
        elif isinstance(block, (ExplicitComment, Preamble)):
            what = "preamble" if isinstance(block, Preamble) else "comment"
            self._add_finding("comment", f"this {what} was skipped", line, Severity.NOTE)
        self.after_broken = False

    def _entry(self, block: ParsedEntry, line: int) -> None:
        before = len(errors(self.findings))
        key = self._key(block.key, line)
        fields: dict[str, str] = {}
        lines: dict[str, int] = {}
        for parsed in block.fields:
            name, at = parsed.key.lower(), parsed.start_line + 1
            if not _FIELD_NAME.match(name):
                shown = fold(parsed.key)[:30]
                self._add_finding(
                    "syntax", f"'{shown}' is not a field name: add the missing comma or brace before it", at, paper=key
                )
                continue
            if name in fields:
                self._add_finding(
                    "duplicate-field",
                    f"the field appears twice, first in line {lines[name]}: keep one",
                    at,
                    paper=key,
                    field=name,
                )
                continue
            lines[name] = at
            fields[name] = self._field(str(parsed.value), at, key, name)
        first = self.seen.setdefault(key.lower(), line)
        if first != line:
            self._add_finding(
                "duplicate-key",
                f"the key appears twice, first in line {first}: change this key, or remove the entry",
                line,
                paper=key,
            )
        broken = len(errors(self.findings)) > before
        self.entries.append(Entry(block.entry_type.lower(), key, line, fields, lines, broken))

    def _key(self, raw: str, line: int) -> str:
        """Returns the key without invisible characters. Rejects a key that had any: it cannot name a file."""
        key = _INVISIBLE.sub("", _DAMAGE.sub("", raw))
        if key != raw:
            found = ", ".join(f"U+{ord(char):04X}" for char in dict.fromkeys(raw) if char not in key)
            self._add_finding(
                "key", f"the key contains invisible characters ({found}): type it again", line, paper=key, fix=key
            )
        return key

    def _field(self, raw: str, line: int, key: str, name: str) -> str:
        """Returns the value of a field; '' after a finding if it cannot be read."""
        try:
            value = "".join(self._parts(raw))
        except _ValueError as error:
            self._add_finding(error.rule, str(error), line, paper=key, field=name)
            return ""
        if damage := _DAMAGE.search(value):
            self._add_finding(
                "damage",
                f"contains the invalid character U+{ord(damage[0]):04X}: type the text again",
                line,
                paper=key,
                field=name,
            )
            return ""
        if found := dict.fromkeys(_INVISIBLE.findall(value)):
            self._add_finding(
                "invisible",
                f"contained invisible characters, now removed: {', '.join(map(describe, found))}; check the text "
                "around them",
                line,
                Severity.WARNING,
                paper=key,
                field=name,
            )
            value = _INVISIBLE.sub("", value)
        return fold(value)

    def _parts(self, raw: str) -> Iterator[str]:
        """Yields the parts of a value: ``{...}``, ``"..."``, a number or an abbreviation, joined by ``#``."""
        at = 0
        while True:
            at += len(raw[at:]) - len(raw[at:].lstrip())
            if raw[at : at + 1] in ("{", '"'):
                end = _end_of_quoted(raw, at)
                yield raw[at + 1 : end - 1]
            elif bare := _BARE.match(raw, at):
                end = bare.end()
                yield self._bare(bare[0])
            else:
                raise _ValueError("syntax", "the value is missing or not in braces: write it as {...}")
            rest = raw[end:].lstrip()
            if not rest:
                return
            if not rest.startswith("#"):
                shown = fold(rest)[:30]
                raise _ValueError("comma", f"a comma is missing after this field, before '{shown}': add it")
            at = len(raw) - len(rest) + 1

    def _bare(self, word: str) -> str:
        if word.isdigit():
            return word
        if word.lower() in self.strings:
            return self.strings[word.lower()]
        raise _ValueError(
            "string",
            f"the abbreviation {word} is not defined: define it above with @string, or write the text in braces",
        )

    def _string(self, block: String, line: int) -> None:
        name = block.key.lower()
        if name in self.strings and name not in _STANDARD_STRINGS:
            self._add_finding(
                "string", f"{block.key} is defined twice; from here on, this definition counts", line, Severity.WARNING
            )
        try:
            self.strings[name] = "".join(self._parts(str(block.value)))
        except _ValueError as error:
            self._add_finding("string", f"@string {block.key}: {error}", line)

    def _broken(self, block: ParsingFailedBlock, line: int) -> None:
        head = _HEAD.match(block.raw or "")
        kind, key = (head[1].lower(), _INVISIBLE.sub("", _DAMAGE.sub("", head[2]))) if head else ("", "")
        self._add_finding(
            "syntax",
            f"this @{kind} cannot be read and was skipped: add the missing brace, quote or comma in or before it",
            line,
            paper=key,
        )
        if kind not in ("string", "comment", "preamble"):
            self.entries.append(Entry(kind, key, line, broken=True))

    def _stray(self, text: str, line: int) -> None:
        """Reports text between entries. A comment is only a note; the rest of an entry that closed too early is an
        error.
        """
        if entry := _STRAY_ENTRY.search(text):
            at = line + text.count("\n", 0, entry.start())
            self._add_finding("syntax", f"'{fold(entry[0])}' was skipped: add the missing brace after it", at)
            self.entries.append(Entry(entry[0].strip().lstrip("@").strip().lower(), "", at, broken=True))
        elif self.after_broken:
            return  # the rest of an entry that is already reported as unreadable
        elif stray := _STRAY_FIELD.search(text):
            at = line + text.count("\n", 0, stray.start())
            key = self.entries[-1].key if self.entries else ""
            self._add_finding(
                "syntax", f"'{fold(stray[0])}' is outside any entry: a brace above closes too early", at, paper=key
            )
            if self.entries:
                last = self.entries[-1]
                self.entries[-1] = Entry(last.kind, last.key, last.line, last.fields, last.lines, broken=True)
        elif text.strip("} \n\t"):
            self._add_finding(
                "comment", f"'{fold(text)[:40]}' is outside any entry and was skipped", line, Severity.NOTE
            )
        else:
            self._add_finding("syntax", "an extra closing brace was ignored", line, Severity.WARNING)


class _ValueError(ValueError):
    """The value of a field cannot be read."""

    def __init__(self, rule: str, message: str) -> None:
        self.rule = rule
        super().__init__(message)


def _end_of_quoted(raw: str, start: int) -> int:
    """Returns the position after the delimiter that closes the one at `start`. Escaped characters close nothing."""
    quoted = raw[start] == '"'
    depth = 0
    for mark in _QUOTE_OR_BRACE.finditer(raw, start + 1 if quoted else start):
        depth += {"{": 1, "}": -1}.get(mark[0], 0)
        if mark[0] == ('"' if quoted else "}") and depth == 0:
            return mark.end()
    raise _ValueError("syntax", "the braces or quotes in this field do not match: correct them")
