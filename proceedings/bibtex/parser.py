r"""Converts BibTeX text to plain entries and back. Pure.

A bad entry never stops the reading, and a bad field never costs its entry: what can be read is read, and the rest is
reported with its line. Values stay in LaTeX; white space is folded.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.latex import describe, fold
from proceedings.bibtex.raw_entries import Part, RawEntry, RawField, Stray
from proceedings.bibtex.scanner import scan_all

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
# The abbreviations that every BibTeX style defines.
_STANDARD_STRINGS = {month[:3].lower(): month for month in _MONTHS}
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_ABBREVIATION = re.compile(r"[^\s{}\"#,=%()\\]+\Z")
_LETTER = re.compile(r"[^\W\d_]")
_STRAY_ENTRY = re.compile(r"^[ \t]*@\s*\w+", re.MULTILINE)
_OTHER_NAMES = {"authors": "author", "editors": "editor"}
"""Names that people write for a field."""
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


@dataclass(frozen=True, slots=True)
class Bibliography:
    """All entries of a file in order, and the findings."""

    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...] = ()


def read_bibtex(text: str, file: str = "") -> Bibliography:
    """Returns every entry in `text`. Raises nothing: every problem becomes a finding with its line."""
    return _File(file).read(scan_all(text))


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
        depth += brace[0] == "{"
        depth -= brace[0] == "}"
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

    def read(self, blocks: Iterable[RawEntry | Stray]) -> Bibliography:
        for block in blocks:
            if isinstance(block, Stray):
                self._stray(block)
            elif block.kind == "string":
                self._string(block)
            else:
                self._entry(block)
        return Bibliography(tuple(self.entries), tuple(self.findings))

    def _add_finding(
        self, rule: str, message: str, line: int, severity: Severity = Severity.ERROR, **where: str
    ) -> None:
        self.findings.append(Finding(rule=rule, message=message, severity=severity, file=self.name, line=line, **where))

    def _entry(self, block: RawEntry) -> None:
        key = self._key(block.key, block.line)
        for problem in block.problems:
            self._add_finding(problem.rule, problem.message, problem.line, paper=key, field=problem.field)
        fields: dict[str, str] = {}
        lines: dict[str, int] = {}
        for raw in sorted(block.fields, key=lambda one: one.name in _OTHER_NAMES):
            name = self._field_name(raw, fields, key)
            value = self._value(raw, key)
            if name not in fields or (value and not fields[name]):
                fields[name], lines[name] = value, raw.line
            else:
                self._repeated(raw, name, value, fields[name], lines[name], key)
        self.entries.append(Entry(block.kind, key, block.line, fields, lines))

    def _field_name(self, raw: RawField, fields: Mapping[str, str], key: str) -> str:
        """Returns the name of a field: ``author`` for ``authors``."""
        usual = _OTHER_NAMES.get(raw.name)
        if usual is None:
            return raw.name
        if fields.get(usual):
            message = f"the entry has {usual} too, which we read: remove this field"
            self._add_finding("field-name", message, raw.line, Severity.WARNING, paper=key, field=raw.name)
            return raw.name
        self._add_finding("field-name", f"was read as {usual}: rename the field", raw.line, paper=key, field=raw.name)
        return usual

    def _repeated(self, raw: RawField, name: str, value: str, first: str, line: int, key: str) -> None:
        if value == first or not value:
            message, severity = f"the field appears twice with the same value, first in line {line}", Severity.WARNING
        else:
            message = (
                f"the field appears twice: line {line} has '{first[:100]}', which we took, and this line has "
                f"'{value[:100]}'"
            )
            severity = Severity.ERROR
        self._add_finding("duplicate-field", f"{message}: keep one", raw.line, severity, paper=key, field=name)

    def _key(self, raw: str, line: int) -> str:
        """Returns the key without invisible characters, because it names files."""
        key = _INVISIBLE.sub("", _DAMAGE.sub("", raw))
        if key != raw:
            found = ", ".join(f"U+{ord(char):04X}" for char in dict.fromkeys(raw) if char not in key)
            self._add_finding(
                "key", f"the key contains invisible characters ({found}): type it again", line, paper=key, fix=key
            )
        return key

    def _value(self, raw: RawField, key: str) -> str:
        """Returns the value of a field, without characters that cannot be stored or seen."""
        value = "".join(self._part(part, raw.line, key, raw.name) for part in raw.parts)
        if damage := _DAMAGE.search(value):
            message = f"contained the invalid character U+{ord(damage[0]):04X}, which we removed: check the text"
            self._add_finding("damage", message, raw.line, paper=key, field=raw.name)
            value = _DAMAGE.sub("", value)
        if found := dict.fromkeys(_INVISIBLE.findall(value)):
            self._add_finding(
                "invisible",
                f"{', '.join(map(describe, found))} was removed: check the text around it",
                raw.line,
                Severity.WARNING,
                paper=key,
                field=raw.name,
            )
            value = _INVISIBLE.sub("", value)
        return fold(value)

    def _part(self, part: Part, line: int, paper: str, field: str) -> str:
        """Returns the text of one part of a value. An abbreviation that nobody defined stays as it is written."""
        if part.opening or not _ABBREVIATION.match(part.value) or not _LETTER.search(part.value):
            return part.value
        if (known := self.strings.get(part.value.lower())) is not None:
            return known
        message = (
            f"the abbreviation {part.value[:40]} is not defined, so we took it as text: define it above with "
            "@string, or write the text in braces"
        )
        self._add_finding("string", message, line, paper=paper, field=field)
        return part.value

    def _string(self, block: RawEntry) -> None:
        for problem in block.problems:
            self._add_finding("string", f"@string: {problem.message}", problem.line)
        for raw in block.fields:
            if raw.name in self.strings and raw.name not in _STANDARD_STRINGS:
                message = f"{raw.name} is defined twice; from here on, this definition counts"
                self._add_finding("string", message, raw.line, Severity.WARNING)
            self.strings[raw.name] = "".join(self._part(part, raw.line, "", raw.name) for part in raw.parts)

    def _stray(self, stray: Stray) -> None:
        """Reports text outside of entries."""
        if stray.kind:
            self._add_finding("comment", f"this {stray.kind} was skipped", stray.line, Severity.NOTE)
        elif entry := _STRAY_ENTRY.search(stray.text):
            line = stray.line + stray.text.count("\n", 0, entry.start())
            shown = fold(stray.text[entry.start() :])[:60]
            message = f"'{shown}' was skipped: if it is an entry, add the missing brace after @ and its kind"
            self._add_finding("skipped", message, line)
        elif stray.text.strip("}) \n\t,"):
            message = f"'{fold(stray.text)[:40]}' is outside any entry and was skipped"
            self._add_finding("comment", message, stray.line, Severity.NOTE)
        else:
            self._add_finding("syntax", "an extra closing brace was ignored", stray.line, Severity.WARNING)
