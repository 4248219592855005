r"""Finds the entries and fields of a BibTeX file, as written and with their lines. Pure.

The reader is lenient where BibTeX is, and goes on where BibTeX stops: a missing brace, quote or comma costs a problem
with its line, never an entry. It keeps what the publisher's check looks at (2.2 and 2.4): delimiters, lines, blanks.

``\{`` and ``\}`` are text, so they open and close nothing. An ``@`` in a value with matching braces is text too.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from proceedings.bibtex.raw_entries import Part, Problem, RawEntry, RawField, Stray

# The beginning of an entry at the beginning of a line. `@article{x, and so on}` without a field is text.
_HEAD = re.compile(
    r"^[ \t]*@[ \t]*(?:(?i:inproceedings|proceedings|string|comment|preamble)\s*[{(]|[A-Za-z]\w*\s*[{(][^={}()]*="
    r"|(?i:inproceedings|proceedings)[ \t]+[^\s,{}()=]+[ \t]*,)",
    re.MULTILINE,
)
_INLINE_HEAD = re.compile(r"(?<![\w.])@[ \t]*[A-Za-z]\w*[ \t]*\{")
_START = re.compile(r"@[ \t]*(?P<kind>[A-Za-z]\w*)\s*(?P<opening>[{(]?)")
_FIELD = re.compile(r"(?P<name>[A-Za-z][\w:.+/-]*)\s*=\s*")
_ODD_FIELD = re.compile(r"(?P<name>[^\s=,{}()\"#@%][^=,{}()\"#@\n]{0,60}?)\s*=\s*(?=[{\"\d])")
# A field at the beginning of a line: where a value without its closing brace ends.
_FIELD_LINE = re.compile(r"^[ \t]*,?[ \t]*(?P<name>[A-Za-z][\w:.+/-]*)[ \t]*=[ \t]*(?=[{\"\d])", re.MULTILINE)
_MORE_FIELDS = re.compile(r"[\s,}]*(?P<field>[A-Za-z][\w:.+/-]*[ \t]*=[ \t]*[{\"])")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_QUOTE_OR_BRACE = re.compile(r"\\.|[{}\"]", re.DOTALL)
_FLAT = re.compile(r"\{([^{}\\]*)\}")
_BARE = re.compile(r"[^\s,{}()\"#=]+")
_BLANKS = re.compile(r"\s*")
_SEPARATORS = re.compile(r"[\s,]*")
_ENTRY_END = re.compile(r"^[ \t]*[})][ \t]*$|^[ \t]*[A-Za-z]\w*[ \t]*=[ \t]*[{\"]", re.MULTILINE)
_KEY = re.compile(r"[^,{}()=\"#\n]*")
_LINE_OR_BRACE = re.compile(r"\\.|[{},]|\n(?=[ \t]*(?:@|[A-Za-z]\w*[ \t]*=))", re.DOTALL)
_JUNK_END = re.compile(r"[,{}]|\n(?=[ \t]*(?:@|[A-Za-z]\w*[ \t]*=))")
_CLOSED = re.compile(r"\s*[,}#]")
_NEXT_FIELD = re.compile(r"\n[ \t]*\w+[ \t]*=[ \t]*\Z")
# A value that quotes more entries, or has more braces in braces, lacks its end. So no damaged file costs hours.
_MAX_HEADS_IN_VALUE = 20
_MAX_DEPTH = 50
# Fields that volumes use: with these names, a line inside a value is a field even without a comma before it.
_KNOWN = frozenset(
    {"title", "author", "authors", "abstract", "pages", "section", "year", "editor", "booktitle", "volume", "series"}
    | {"month", "publisher", "url", "pdf", "openreview", "software", "video", "note", "doi", "keywords", "crossref"}
    | {"name", "shortname", "start", "end", "address", "published", "sections", "conference_url"}
)


def scan(text: str) -> list[RawEntry]:
    """Returns every entry of `text`, as far as it can be read. Raises nothing."""
    return [one for one in scan_all(text) if isinstance(one, RawEntry) and one.kind != "string"]


def scan_all(text: str) -> Iterator[RawEntry | Stray]:
    """Yields everything in `text` in order: entries, also those of kind ``string``, and text outside of entries."""
    text = re.sub(r"\r\n?", "\n", text.removeprefix("\ufeff"))
    return _Scanner(text).read()


@dataclass(slots=True)
class _Open:
    """The entry that is being read."""

    closing: str
    fields: list[RawField] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class _Scanner:
    """Reads a text from left to right. `at` is the position of the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.breaks = [found.start() for found in re.finditer("\n", text)]
        self.heads = [found.start() for found in _HEAD.finditer(text)]
        self.entry = _Open("}")

    def line(self, place: int) -> int:
        return bisect_left(self.breaks, place) + 1

    def next_head(self, place: int) -> int:
        """Returns where the next entry at the beginning of a line starts, at or after `place`."""
        index = bisect_left(self.heads, place)
        return self.heads[index] if index < len(self.heads) else len(self.text)

    def at_head(self, place: int) -> bool:
        """Whether an entry starts at the beginning of the line of `place`, with only blanks between."""
        index = bisect_right(self.heads, place) - 1
        return index >= 0 and not self.text[self.heads[index] : place].strip(" \t")

    def add_problem(self, place: int, message: str, field: str = "", rule: str = "syntax") -> None:
        self.entry.problems.append(Problem(self.line(place), message, field, rule))

    def _next_sign(self, place: int) -> str:
        """Returns the first character after `place` that is no blank."""
        after = _end(_BLANKS, self.text, place)
        return self.text[after : after + 1]

    # --- between entries

    def read(self) -> Iterator[RawEntry | Stray]:
        while self.at < len(self.text):
            start = self.at
            inline = _INLINE_HEAD.search(self.text, start, head := self.next_head(start))
            found = inline.start() if inline else head
            if between := self.text[start:found].strip():
                yield Stray("", self.line(start + self.text[start:found].index(between[0])), between)
            self.at = found
            if start_of_entry := _START.search(self.text, found):
                yield self._block(start_of_entry)

    def _block(self, head: re.Match[str]) -> RawEntry | Stray:
        kind, line = head["kind"].lower(), self.line(head.start())
        self.entry = _Open(")" if head["opening"] == "(" else "}")
        self.at = head.end()
        if kind in ("comment", "preamble"):
            end = self._balanced(head.end() - 1) if head["opening"] == "{" else None
            self.at = end = end or self.next_head(head.end())  # BibTeX skips up to the next entry
            return Stray(kind, line, self.text[head.end() : end].strip())
        if not head["opening"]:
            self.add_problem(head.start(), f"an opening brace is missing after @{head['kind']}: add it")
        key = "" if kind == "string" else self._key()
        alone = self._fields()
        entry = self.entry
        return RawEntry(kind, key, line, tuple(entry.fields), alone, tuple(entry.problems))

    def _key(self) -> str:
        """Reads the key up to its comma. Without a comma the key is the first word or line."""
        self.at = _end(_BLANKS, self.text, self.at)
        if self.at_head(self.at):
            return ""
        start, end = self.at, _end(_KEY, self.text, self.at)
        written = self.text[start:end].rstrip()
        key, after = written, self.text[end : end + 1]
        if after == "=":  # the name of the first field, with no key before it or no comma between
            name = written.split()[-1] if written else ""
            key = written.removesuffix(name).strip()
            end = start + len(written) - len(name)
        if key and (after == "=" or (after == "\n" and self._next_sign(end) not in (",", "}"))):
            self.add_problem(start, f"a comma is missing after the key {key[:80]}: add it", rule="comma")
        self.at = end
        return key

    # --- the fields of an entry

    def _fields(self) -> bool:
        """Reads the fields up to the end of the entry. Returns whether its closing brace is alone in column 0."""
        text, entry = self.text, self.entry
        while True:
            self.at = _end(_SEPARATORS, text, self.at)
            if self.at >= len(text) or self.at_head(self.at):
                while text[self.at - 1].isspace():
                    self.at -= 1
                self.add_problem(self.at, "the closing brace of the entry is missing: add it")
                return False
            if text[self.at] in (entry.closing, "}"):
                end = self.at + 1
                more = _MORE_FIELDS.match(text, end)
                if more is None:
                    line = text[text.rfind("\n", 0, self.at) + 1 : end + 80].split("\n", 1)[0]
                    self.at = end
                    return line.rstrip() == "}"
                shown = more["field"].strip().rstrip('{" ')
                self.add_problem(self.at, f"a brace closes too early, before '{shown}': remove it")
                self.at = more.start("field")
            elif found := _FIELD.match(text, self.at):
                self._field(found)
            elif found := _ODD_FIELD.match(text, self.at):
                shown = " ".join(found["name"].split())[:30]
                self.add_problem(
                    self.at, f"'{shown}' is not a field name: add the missing comma or brace before it, or rename it"
                )
                self.at = found.end()
                if parts := self._parts(found["name"], found.start()):
                    quoted = " ".join("".join(part.value for part in parts).split())
                    self.add_problem(
                        found.start(), f"the value of '{shown}' was skipped: '{quoted[:200]}'", rule="skipped"
                    )
            else:
                self._skip()

    def _skip(self) -> None:
        """Skips text that is not a field, up to the next comma, field, end of the entry or entry."""
        start = self.at
        limit = self.next_head(start + 1)
        if self.text[start] == "{":
            following = _FIELD_LINE.search(self.text, start + 1, limit)
            self.at = self._balanced(start) or (following.start() if following else limit)
        else:
            stop = _JUNK_END.search(self.text, start + 1, limit)
            self.at = stop.start() if stop else limit
        shown = " ".join(self.text[start : self.at].split())[:60]
        message = f"'{shown}' is not a field and was skipped: remove it, or write it as name = {{...}}"
        self.add_problem(start, message, rule="skipped")

    def _field(self, found: re.Match[str]) -> None:
        start, name = found.start(), found["name"].lower()
        before = self.text[self.text.rfind("\n", 0, start) + 1 : start]
        self.at = found.end()
        parts = self._parts(name, start)
        opening, value = (parts[0].opening, parts[0].value) if len(parts) == 1 else ("", "")
        if len(parts) > 1:
            value = self.text[found.end() : self.at].strip()
        own_line = not before.strip(" \t,")
        self.entry.fields.append(RawField(name, self.line(start), opening, value, own_line, tuple(parts)))

    def _parts(self, name: str, field: int) -> list[Part]:
        """Reads the value of the field that begins at `field`, and what stands between it and the next comma."""
        start, known = self.at, len(self.entry.problems)
        parts: list[Part] = []
        while True:
            if (part := self._part(name)) is None:
                break
            parts.append(part)
            after = _end(_BLANKS, self.text, self.at)
            if self.text[after : after + 1] != "#":
                break
            self.at = _end(_BLANKS, self.text, after + 1)
        if not parts:
            self.add_problem(field, "the value is missing: write it in braces", name)
        elif len(self.entry.problems) == known:
            return self._rest(name, start, parts)
        return parts

    def _rest(self, name: str, start: int, parts: list[Part]) -> list[Part]:
        """Looks at what follows a value. Text there belongs to it: somebody wrote the value without outer braces."""
        text = self.text
        after = _end(_BLANKS, text, self.at)
        if text[after : after + 1] in ("", ",", "}", self.entry.closing) or self.at_head(after):
            return parts
        if following := _FIELD.match(text, after):
            shown = following["name"][:30]
            self.add_problem(start, f"a comma is missing after this field, before '{shown}': add it", name, "comma")
            return parts
        self.at = self._end_of_unbraced(after)
        whole = text[start : self.at].strip()
        shown = " ".join(whole.split())[:60]
        self.add_problem(start, f"'{shown}' is not in one pair of braces or quotes: write it as {{...}}", name)
        return [Part("", whole)]

    def _end_of_unbraced(self, at: int) -> int:
        """Returns where a value without outer braces ends: at a comma, brace or field outside of braces."""
        depth = 0
        for mark in _LINE_OR_BRACE.finditer(self.text, at):
            depth += mark[0] == "{"
            depth -= mark[0] == "}"
            if depth < 0 or (depth == 0 and (mark[0] == "\n" or mark[0] == ",")):
                return mark.start()
        return self.next_head(at)

    def _part(self, name: str) -> Part | None:
        """Reads one part of a value; None if there is none."""
        text, start = self.text, self.at
        opening = text[start : start + 1]
        if opening not in ("{", '"'):
            bare = _BARE.match(text, start)
            if bare is None or self.at_head(start):
                return None
            self.at = bare.end()
            return Part("", bare[0])
        if flat := _FLAT.match(text, start):
            end: int | None = flat.end()
        else:
            end = self._balanced(start) if opening == "{" else self._end_of_quoted(start)
        if end is None or self._swallowed(start, end):
            return self._without_end(name, start, opening)
        self.at = end
        return Part(opening, text[start + 1 : end - 1])

    def _balanced(self, start: int) -> int | None:
        """Returns the position after the brace that closes the one at `start`; None if there is none."""
        depth = 0
        for mark in _BRACE.finditer(self.text, start, self._farthest_end(start)):
            depth += mark[0] == "{"
            depth -= mark[0] == "}"
            if depth == 0 and mark[0] == "}":
                return mark.end()
            if depth > _MAX_DEPTH:
                return None
        return None

    def _end_of_quoted(self, start: int) -> int | None:
        depth = 0
        for mark in _QUOTE_OR_BRACE.finditer(self.text, start + 1, self._farthest_end(start)):
            if mark[0] == '"' and depth == 0:
                # A quote that opens the value of the next field is followed by that value.
                opens = _NEXT_FIELD.search(self.text, start, mark.start()) and not _CLOSED.match(self.text, mark.end())
                return None if opens else mark.end()
            depth += mark[0] == "{"
            depth -= mark[0] == "}"
            if depth < 0:
                return None
        return None

    def _farthest_end(self, start: int) -> int:
        """Returns where a value that begins at `start` must have ended: it holds few lines that begin an entry."""
        index = bisect_left(self.heads, start) + _MAX_HEADS_IN_VALUE
        return self.heads[index] if index < len(self.heads) else len(self.text)

    def _swallowed(self, start: int, end: int) -> bool:
        """Whether the value took what follows it, because its own end is missing.

        Then it ends with the brace of its entry, and another entry or nothing follows; or another entry begins in it
        after the end of its own.
        """
        head = self.next_head(start)
        if head < end and _ENTRY_END.search(self.text, start, head):
            return True
        if "\n" not in self.text[start:end]:
            return False
        after = _end(_SEPARATORS, self.text, end)
        return after >= len(self.text) or self.at_head(after)

    def _without_end(self, name: str, start: int, opening: str) -> Part:
        """Reads a value whose closing brace is missing: up to the next field, else up to the end of the entry."""
        limit = self.next_head(start)
        fields = (found for found in _FIELD_LINE.finditer(self.text, start + 1, limit) if self._is_field(found))
        following = next(fields, None)
        self.at = following.start() if following else limit
        value = self.text[start + 1 : self.at].rstrip(", \t\n")
        if following is None and value.endswith(self.entry.closing):  # the brace of the entry
            self.at = start + len(value)
            value = value[:-1].rstrip(", \t\n")
        closing = "}" if opening == "{" else '"'
        if value.endswith("\\" + closing) or opening == '"':
            value = value.removesuffix(closing)
        self.add_problem(start, f"the closing {closing} of this field is missing: add it", name)
        return Part(opening, value)

    def _is_field(self, found: re.Match[str]) -> bool:
        """Whether a line inside a value is the next field of the entry, not text."""
        before = self.text[max(0, found.start() - 200) : found.start()].rstrip()[-1:]
        return found["name"].lower() in _KNOWN or before in (",", "}", '"')


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Returns where a match of `pattern` at `at` ends; `at` without a match."""
    found = pattern.match(text, at)
    return found.end() if found else at
