"""Converts submissions to records of a volume: titles and abstracts in LaTeX, keys by the publisher's rule. Pure.

A submission is matched by its number, else by its forum at OpenReview, else by its key, else by title and authors. It
then keeps its key. Fields that the system does not know, such as pages, are unsaid. New ones get new keys.
"""

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.forum_ids import forum_of
from proceedings.bibtex.latex import (
    LatexError,
    UnmappedError,
    ascii_latex,
    describe,
    fold,
    to_latex,
    to_unicode,
    without_escapes,
)
from proceedings.bibtex.names import write_name
from proceedings.bibtex.records import KEY, LIMITS, Details, PaperEntry, PaperRecord, VolumeFile, VolumeRecord
from proceedings.email_address import AddressError, clean_address
from proceedings.importing.merge.matching import Identity, match_papers
from proceedings.importing.submissions import Person, Submission, Submissions
from proceedings.people.licences import GRANTED, contradicts
from proceedings.people.orcid import OrcidError, read_orcid
from proceedings.publisher.rules import key_stem, key_suffixes

_MATHEMATICS = re.compile(r"\$[^$]+\$|\\\(.+?\\\)|\\\[.+?\\\]", re.DOTALL)
_BARE = re.compile(r"(?<!\\)[%&#]")


def map_submissions(
    submissions: Submissions,
    volume: VolumeRecord,
    known: Sequence[PaperRecord],
    file: str,
    *,
    smtputf8: bool = False,
) -> VolumeFile:
    """Returns `submissions` as a file of `volume`, whose present papers are `known`. Raises nothing.

    `smtputf8` says whether our mail server takes addresses with other letters than ASCII before the ``@``.
    """
    mapper = _Mapper(volume, known, file, smtputf8=smtputf8)
    entries = mapper.map_all(submissions.submissions)
    return VolumeFile(volume, tuple(entries), (*submissions.findings, *mapper.findings))


@dataclass(frozen=True, slots=True)
class _Text:
    """A text in Unicode and in LaTeX, and its characters without a LaTeX form."""

    unicode: str
    latex: str
    unmapped: tuple[str, ...] = ()


class _Mapper:
    def __init__(self, volume: VolumeRecord, known: Sequence[PaperRecord], file: str, *, smtputf8: bool) -> None:
        self.volume = volume
        self.file = file
        self.smtputf8 = smtputf8
        self.findings: list[Finding] = []
        self.known = list(known)

    def add_finding(
        self, one: Submission, rule: str, message: str, severity: Severity = Severity.ERROR, **more: str
    ) -> None:
        self.findings.append(
            Finding(
                rule=rule,
                message=message,
                severity=severity,
                file=self.file,
                line=one.line or None,
                paper=one.number,
                **more,
            )
        )

    def map_all(self, submissions: Sequence[Submission]) -> list[PaperEntry]:
        """Returns one entry per submission: known papers in their present order, then new ones in the file's order."""
        wanted = [_identity(one) for one in submissions]
        twice = self._find_twice(submissions, wanted)
        single = [at for at in range(len(submissions)) if at not in twice]
        known = [
            Identity(one.title, one.authors, one.submission, (one.key,), forum_of(one.extra)) for one in self.known
        ]
        places = match_papers([wanted[at] for at in single], known)
        old = {at: self.known[place] for at, place in zip(single, places, strict=True) if place is not None}
        keys = self._keys([submissions[at] for at in single if at not in old])
        order = sorted(single, key=lambda at: (at not in old, old[at].position if at in old else at))
        entries = []
        for position, at in enumerate(order, 1):
            one = submissions[at]
            before = old.get(at)
            said = one.key if KEY.match(one.key) else ""
            key = (said or before.key) if before else keys[id(one)]
            entries.append(PaperEntry(key, one.line, self._record(one, key, position, before)))
        return entries + [PaperEntry(submissions[at].number, submissions[at].line, None) for at in twice]

    def _find_twice(self, submissions: Sequence[Submission], wanted: Sequence[Identity]) -> list[int]:
        """Returns rows that repeat a number, or title and authors without another number, after a finding for each."""
        first: dict[Hashable, int] = {}
        twice = []
        for at, (one, identity) in enumerate(zip(submissions, wanted, strict=True)):
            if not one.title or not one.people:
                continue
            same = first.setdefault(one.number or identity.content, at)
            if same != at:
                what = f"the number {one.number}" if one.number else "the same title and authors"
                message = f"{what} is already in line {submissions[same].line}: remove one of them"
                self.add_finding(one, "duplicate", message)
                twice.append(at)
        return twice

    def _keys(self, new: Sequence[Submission]) -> dict[int, str]:
        """2.1: name and year. If several share them, all new ones get a letter, after those already used."""
        year = f"{self.volume.year % 100:02}"
        stems = {id(one): f"{_stem(one)}{year}" for one in new}
        wanted = Counter(stems.values())
        taken = {record.key.lower() for record in self.known}
        keys = {}
        for one in new:
            stem = stems[id(one)]
            alone = wanted[stem] == 1 and not any(re.fullmatch(f"{re.escape(stem)}[a-z]*", key) for key in taken)
            key = (
                stem
                if alone
                else next(f"{stem}{letter}" for letter in key_suffixes() if f"{stem}{letter}" not in taken)
            )
            if one.key and KEY.match(one.key) and one.key.lower() not in taken:
                key = one.key
            keys[id(one)] = key
            if not alone or one.key:
                taken.add(key.lower())
        return keys

    def _record(self, one: Submission, key: str, position: int, before: PaperRecord | None) -> PaperRecord | None:
        if not one.title or not one.people:
            missing = "title" if not one.title else "authors"
            self.add_finding(
                one,
                "required",
                f"the paper has no {missing}: add them in the submission system or on the paper's page",
                field=missing,
            )
            return None
        title = self._title(one)
        if title is None:
            return None
        abstract = self._abstract(one)
        record = PaperRecord(
            key=key,
            position=position,
            title=title.unicode,
            title_latex=title.latex,
            authors=tuple(person.name for person in one.people),
            abstract=abstract,
            pages=one.pages[: LIMITS["pages"]],
            section=one.section[: LIMITS["section"]],
            extra=dict(one.extra),
            line=one.line,
            submission=one.number[: LIMITS["submission"]],
            licence=one.licence[: LIMITS["licence"]],
            details=tuple(self._details(one, place, person) for place, person in enumerate(one.people, 1)),
            contact=self._contact(one),
            doubts=tuple((person.name, doubt) for person in one.people for doubt in person.doubts),
        )
        self._doubts(one)
        self._check_licence(one)
        if too_long := self._too_long(record):
            self.add_finding(one, "length", too_long)
            return None
        return _with_known_fields(record, before, says_key=bool(one.key))

    def _title(self, one: Submission) -> _Text | None:
        try:
            title = title_text(one.title)
        except LatexError as error:
            self.add_finding(one, "latex", str(error), field="title")
            return None
        if title.unmapped:
            named = ", ".join(map(describe, title.unmapped))
            message = f"we know no LaTeX form for {named}: change it before you deliver the volume"
            self.add_finding(one, "unmapped", message, Severity.WARNING, field="title")
        return title

    def _abstract(self, one: Submission) -> str:
        written = ascii_latex(prose_to_latex(one.abstract))
        if written.unmapped:
            named = ", ".join(map(describe, written.unmapped))
            message = f"we know no LaTeX form for {named}: change it before you deliver the volume"
            self.add_finding(one, "unmapped", message, Severity.WARNING, field="abstract")
        return without_escapes(written.text)

    def _details(self, one: Submission, place: int, person: Person) -> Details:
        email = ""
        try:
            email = clean_address(person.email, smtputf8=self.smtputf8) if person.email.strip() else ""
        except AddressError as error:
            message = f"name {place}: {error}. The address was left out"
            self.add_finding(one, "email", message, Severity.WARNING, field="emails")
        affiliation = person.affiliation[: LIMITS["affiliation"]]
        return Details(email, affiliation, self._orcid(one, place, person), person.profile[: LIMITS["profile"]])

    def _orcid(self, one: Submission, place: int, person: Person) -> str:
        try:
            return read_orcid(person.orcid)
        except OrcidError as error:
            self.add_finding(one, "orcid", f"name {place}: {error}. We left it out", Severity.WARNING, field="orcid")
            return ""

    def _check_licence(self, one: Submission) -> None:
        if contradicts(one.licence):
            message = (
                f"the licence is '{one.licence[:80]}', but the agreement grants {GRANTED}: ask the authors before they "
                "sign"
            )
            self.add_finding(one, "licence", message, Severity.WARNING, field="licence")

    def _contact(self, one: Submission) -> int | None:
        marked = [place for place, person in enumerate(one.people) if person.is_corresponding]
        if len(marked) > 1:
            names = "; ".join(str(one.people[place].name) for place in marked)
            message = f"{len(marked)} corresponding authors are marked ({names}): choose one; we set none"
            self.add_finding(one, "two-contacts", message, Severity.WARNING, field="authors")
            return None
        return marked[0] if marked else None

    def _doubts(self, one: Submission) -> None:
        for place, person in enumerate(one.people, 1):
            for doubt in person.doubts:
                fix = f"{write_name(doubt.proposal)} ({doubt.confidence})" if doubt.proposal else ""
                message = f"name {place}, {person.name}, {doubt.reason}"
                more = {"field": "authors", "fix": fix, "person": write_name(person.name)}
                self.add_finding(one, "doubtful-name", message, Severity.WARNING, **more)

    @staticmethod
    def _too_long(record: PaperRecord) -> str:
        if len(record.title) > LIMITS["title"]:
            return f"the title is longer than {LIMITS['title']} characters: shorten it"
        parts = ("given", "particle", "family", "suffix")
        long = [str(name) for name in record.authors if any(len(getattr(name, part)) > LIMITS[part] for part in parts)]
        return f"a name is too long: {long[0][:60]}…" if long else ""


def _with_known_fields(record: PaperRecord, before: PaperRecord | None, *, says_key: bool) -> PaperRecord:
    """Returns `record` with the fields that only the database knows, each of them unsaid."""
    empty = {name for name in ("abstract", "pages", "section", "submission", "licence") if not getattr(record, name)}
    unsaid = frozenset({"title_latex", *empty, "extra"} | (set() if says_key else {"key"}))
    if before is None:
        return replace(record, unsaid=unsaid)
    return replace(
        record,
        position=before.position,
        title_latex=before.title_latex if before.title == record.title else record.title_latex,
        unsaid=unsaid,
    )


def _identity(one: Submission) -> Identity:
    try:
        title = title_text(one.title).unicode
    except LatexError:
        title = one.title
    names = tuple(person.name for person in one.people)
    return Identity(title, names, one.number, (one.key,) if one.key else (), forum_of(one.extra))


def _stem(one: Submission) -> str:
    """Returns the first author's family name as keys have it, or the submission's number if it has no Latin letter."""
    return (
        key_stem(one.people[0].name) if one.people else ""
    ) or f"paper{re.sub(r'[^a-z0-9]', '', one.number.lower())}"


def title_text(typed: str) -> _Text:
    """Returns a typed title as text. Raises LatexError if its LaTeX cannot be read."""
    text = fold(typed)
    if text.count("$") % 2:
        text = re.sub(r"(?<!\\)\$", r"\\$", text)  # a price, not mathematics
    try:
        return _Text(text, to_latex(text))
    except UnmappedError as error:
        if "\\" not in error.characters:
            return _Text(text, text, error.characters)
    written = ascii_latex(prose_to_latex(text))
    latex = without_escapes(written.text)
    return _Text(to_unicode(latex), latex, written.unmapped)


def prose_to_latex(typed: str) -> str:
    """Returns a typed text as LaTeX. A bare ``%``, ``&`` or ``#`` outside mathematics means the character itself."""
    pieces = []
    at = 0
    text = fold(typed)
    for formula in _MATHEMATICS.finditer(text):
        pieces += [_BARE.sub(r"\\\g<0>", text[at : formula.start()]), formula[0]]
        at = formula.end()
    return "".join([*pieces, _BARE.sub(r"\\\g<0>", text[at:])])
