"""Authors of notes: names, profile ids, addresses, affiliations; from the notes and from a file of profiles. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proceedings.bibtex.name_matching import plain_words
from proceedings.bibtex.names import Name, NotANameError, Reading
from proceedings.importing.openreview.json_items import read_items
from proceedings.importing.openreview.values import objects, strings, text_of, value_of
from proceedings.importing.submissions import Person, read_person

_MASKED = re.compile(r"\*{2,}[^@]*@|@[^@]*\*{2,}")
_PROFILE_ID = re.compile(r"~\S+\Z")


@dataclass(frozen=True, slots=True)
class NameParts:
    """A name as its bearer split it. `first` includes middle names."""

    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What a profile says about a person; all names that the person has had."""

    id: str = ""
    names: tuple[NameParts, ...] = ()
    emails: tuple[str, ...] = ()
    affiliation: str = ""
    orcid: str = ""


@dataclass(slots=True)
class Profiles:
    """Profiles by each of their ids and addresses, and the lines of the file that could not be read."""

    known: dict[str, Profile] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def of(self, *ids: str) -> Profile:
        """Returns the profile with one of these ids or addresses; an empty one if there is none."""
        return next((self.known[one.lower()] for one in ids if one.lower() in self.known), Profile())


def read_profiles(text: str) -> Profiles:
    """Reads a file of profiles: JSON, with the profiles as a list, under ``profiles``, or one per line."""
    found = Profiles()
    read = read_items(text, ("profiles",))
    found.problems += read.problems
    for line, one in read.items:
        content = one.get("content") if isinstance(one, dict) else None
        if not isinstance(content, dict):
            found.problems.append((line, "this is not a profile, because it has no content"))
            continue
        profile = _profile(one, content)
        usernames = [name for entry in objects(value_of(content, "names")) for name in strings(entry.get("username"))]
        for key in {profile.id, *usernames, *profile.emails} - {""}:
            found.known.setdefault(key.lower(), profile)
    if not found.known and not found.problems:
        found.problems.append((1, "the file has no profiles"))
    return found


def _profile(whole: Mapping[str, Any], content: Mapping[str, Any]) -> Profile:
    emails = [
        *strings(value_of(content, "preferredEmail")),
        *strings(value_of(content, "emailsConfirmed")),
        *strings(value_of(content, "emails")),
    ]
    return Profile(
        id=next(iter(strings(whole.get("id"))), ""),
        names=tuple(_names(content)),
        emails=tuple(emails),
        affiliation=_current(objects(value_of(content, "history"))),
        orcid=text_of(content, "orcid"),
    )


def _names(holder: Mapping[str, Any]) -> Iterator[NameParts]:
    """Yields the names of an author or a profile, the preferred one first."""
    entries = objects(value_of(holder, "names"))
    for entry in [*sorted(entries, key=lambda entry: entry.get("preferred") is not True), holder]:
        given = [text_of(entry, *fields) for fields in (("first", "given", "firstName"), ("middle", "middleName"))]
        if last := text_of(entry, "last", "family", "lastName"):
            yield NameParts(" ".join(part for part in given if part), last)


def _current(history: Sequence[Mapping[str, Any]]) -> str:
    """Returns the newest institution of a history: one without an end, else the last that ended."""

    def rank(entry: Mapping[str, Any]) -> tuple[int, int]:
        years = [_year(entry.get(name)) for name in ("end", "start")]
        return years[0] or 9_999, years[1]

    named = [(entry, name) for entry in history if (name := "; ".join(_institutions(entry.get("institution"))))]
    return max(named, key=lambda pair: rank(pair[0]))[1] if named else ""


def _year(value: Any) -> int:
    digits = re.match(r"\s*(\d{4})\b", str(value), re.ASCII) if isinstance(value, int | str) else None
    return int(digits[1]) if digits else 0


def _institutions(value: Any) -> list[str]:
    """Returns names of institutions, each once; of one without a name, its domain."""
    named = [*strings(value), *(text_of(one, "name", "fullname", "domain") for one in objects(value))]
    return list(dict.fromkeys(name for name in named if name))


@dataclass(slots=True)
class Authors:
    """The authors of a note that could be read, and what was wrong with the others."""

    people: list[Person] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    masked: int = 0
    mismatch: str = ""


def read_authors(content: Mapping[str, Any], profiles: Profiles) -> Authors:
    """Returns the authors of a note: texts with ``authorids`` beside them, or objects."""
    found = Authors()
    authors = value_of(content, "authors")
    authors = authors if isinstance(authors, list) else [authors] if authors else []
    if [one for one in authors if isinstance(one, str) and one.strip().lower() in ("anonymous", "anonymous authors")]:
        found.unread.append("the authors are hidden: export the notes with the account of the venue’s organisers")
        return found
    ids = value_of(content, "authorids")
    ids = ids if isinstance(ids, list) else [ids] if ids else []
    if ids and len(ids) != len(authors):
        found.mismatch = f"{len(authors)} authors, but {len(ids)} ids: we use none of the ids"
        ids = []
    contacts = _contacts(content)
    for place, author in enumerate(authors):
        known = strings(ids[place]) if ids else []
        try:
            found.people.append(_person(author, known, profiles, contacts, found))
        except NotANameError as error:
            found.unread.append(f"name {place + 1}: {error}")
    return found


def _contacts(content: Mapping[str, Any]) -> set[str]:
    """Returns ids, addresses or names of the corresponding author, in small letters, if the venue asks for one."""
    names = [name for name in content if re.fullmatch(r"(?:corresponding|contact)[ _-]?authors?", name, re.IGNORECASE)]
    return {text.lower() for name in names for text in strings(value_of(content, name)) if text}


def _person(author: Any, ids: Sequence[str], profiles: Profiles, contacts: set[str], found: Authors) -> Person:
    """Reads one author. Raises NotANameError."""
    holder: Mapping[str, Any] = author if isinstance(author, dict) else {}
    typed = text_of(holder, "fullname", "fullName", "name") if holder else next(iter(strings(author)), "")
    ids = [*strings(value_of(holder, "username")), *strings(value_of(holder, "id")), *ids]
    emails = [*strings(value_of(holder, "email")), *(one for one in ids if "@" in one)]
    profile = profiles.of(*ids, *emails)
    own_names = tuple(_names(holder)) + profile.names
    reading = _read_name(typed, own_names)
    emails += profile.emails
    usable = [one for one in emails if not _MASKED.search(one)]
    found.masked += bool(emails) and not usable
    named = next((one for one in (*ids, profile.id) if _PROFILE_ID.match(one)), "")
    affiliation = _institutions(
        value_of(holder, "institutions") or value_of(holder, "institution") or value_of(holder, "affiliation")
    )
    return Person(
        reading.name,
        usable[0] if usable else "",
        "; ".join(affiliation) or profile.affiliation,
        is_corresponding=bool(contacts & {one.lower() for one in (*ids, *emails, typed) if one}),
        doubts=reading.doubts,
        orcid=text_of(holder, "orcid") or profile.orcid,
        profile=named,
    )


def _read_name(typed: str, own_names: Sequence[NameParts]) -> Reading:
    """Reads a name. Where its bearer has said what the family name is, nothing is doubtful. Raises NotANameError."""
    for parts in own_names:
        split = _split(typed, parts) if typed else (parts.first, parts.last)
        if split is None:
            continue
        first, last = split
        try:
            return Reading(read_person(f"{last}, {first}").name if first else Name(last))
        except NotANameError:
            continue
    return read_person(typed)


def _split(typed: str, parts: NameParts) -> tuple[str, str] | None:
    """Splits a name as typed into given names and family name, by the family name in `parts`. None if it is another."""
    words, family = typed.replace(",", " ").split(), plain_words(parts.last)
    given = sorted(plain_words(parts.first))
    if not family:
        return None
    for at in range(len(words)):
        head, tail = words[:at], words[at:]
        if plain_words(" ".join(tail)) == family:
            # A particle that the bearer counts among the middle names is still one.
            small = next((place for place, word in enumerate(head) if place and word.islower()), len(head))
            return " ".join(head[:small]), " ".join(head[small:] + tail)
        if plain_words(" ".join(head)) == family and sorted(plain_words(" ".join(tail))) == given:
            return " ".join(tail), " ".join(head)
    return None
