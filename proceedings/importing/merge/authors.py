"""Three-way comparison of a paper's authors: the list of names, each author's details, the corresponding author. Pure.

Authors are known by their rows, so that a name corrected here keeps its details.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from proceedings.bibtex.names import Name, write_name
from proceedings.bibtex.records import Details
from proceedings.email_address import address_key
from proceedings.importing.authorship import AuthorState, carry_over, contact_of, with_contact
from proceedings.importing.merge.fields import Said, difference, origin
from proceedings.importing.plan import Difference

PARTS = ("family", "given", "particle", "suffix")
DETAILS = tuple(field.name for field in fields(Details))

Contact = tuple[int, str] | None
"""Index and email address of the corresponding author in a list of names, if the file names one."""


def recognise(
    before: Sequence[AuthorState], names: Sequence[Name], details: Sequence[Details], contact: Contact, said: Said
) -> tuple[AuthorState, ...]:
    """Returns the authors as the file has them: its names and details, and the row of each that is known."""
    if len(details) != len(names):
        details = [Details()] * len(names)
    known = carry_over(before, names, details, called=_called(said)) if before else tuple(map(AuthorState, names))
    theirs = []
    for author, own in zip(known, details, strict=True):
        values: dict[str, Any] = {name: getattr(own, name) for name in DETAILS}
        values["email"] = _spelled_as(author.email, own.email)
        theirs.append(AuthorState(author.name, pk=author.pk, **values))
    if contact:
        at, email = contact
        email = _spelled_as(known[at].email, email)
        theirs[at] = replace(theirs[at], email=email, is_corresponding=True)
    return tuple(theirs)


def _spelled_as(known: str, email: str) -> str:
    """Returns `email`, or the known address if it is only another spelling of the same."""
    return known if known and email and address_key(known) == address_key(email) else email


def with_answers(said: Said, answers: Mapping[Name, Name]) -> Said:
    """Returns `said` with the names that were resolved since, as `answers` are applied to the file's names too.

    Or an unchanged file would seem to have changed in every paper with such a name.
    """
    if not answers or "authors" not in said:
        return said
    names = [[pk, *_parts_of(answers.get(name, name))] for pk, name in _called(said)]
    return {**said, "authors": {**said["authors"], "value": names}}


def _called(said: Said) -> list[tuple[int, Name]]:
    """The authors' rows with the names that the last import read."""
    return [(pk, Name(**dict(zip(PARTS, parts, strict=True)))) for pk, *parts in _value(said, "authors") or []]


def compare_authors(before: Sequence[AuthorState], theirs: Sequence[AuthorState], said: Said) -> list[Difference]:
    """Returns the differences between the authors here and in the file."""
    found = []
    rows = {author.pk: author for author in before}
    ours_names, their_names = (_names(authors) for authors in (before, theirs))
    base = dict(said["authors"]) if "authors" in said else None
    if base:
        base["value"] = [parts for _, *parts in base["value"]]
    if where := origin({"authors": base} if base else {}, "authors", their_names, ours_names):
        if base:
            base["value"] = list(map(_written, base["value"]))
        written = ([write_name(author.name) for author in authors] for authors in (theirs, before))
        found.append(difference("authors", where, base, *written, label="authors", binding=True))
    found += _compare_contact(before, theirs, said)
    for author in theirs:
        for detail in DETAILS:
            value = getattr(author, detail)
            if not value or author.pk not in rows or (detail == "email" and author.is_corresponding):
                continue
            field, row = detail_field(detail, author.pk), rows[author.pk]
            if where := origin(said, field, value, getattr(row, detail)):
                label = f"{detail} of {row.name}"
                binding = detail == "email" and row.is_corresponding
                found.append(
                    difference(field, where, said.get(field), value, getattr(row, detail), label=label, binding=binding)
                )
    return found


def _compare_contact(before: Sequence[AuthorState], theirs: Sequence[AuthorState], said: Said) -> list[Difference]:
    old, new = contact_of(before), contact_of(theirs)
    if new is None:
        return []
    where = origin(said, "contact", _contact(new), _contact(old) if old else "")
    if where is None:
        return []
    base = said.get("contact")
    if base:
        pk, email = base["value"]
        name = next((f"{author.name} " for author in (*before, *theirs) if author.pk == pk is not None), "")
        base = {**base, "value": f"{name}<{email}>"}
    return [
        difference(
            "contact",
            where,
            base,
            new.address,
            old.address if old else "",
            label="corresponding author",
            binding=True,
        )
    ]


def merged(
    before: Sequence[AuthorState], theirs: Sequence[AuthorState], taken: Collection[str]
) -> tuple[AuthorState, ...]:
    """Returns the authors after an import that takes the fields in `taken`."""
    rows = {author.pk: author for author in before if author.pk}
    after = list(before)
    if "authors" in taken:
        after = [
            replace(rows[one.pk], name=one.name) if one.pk in rows else replace(one, is_corresponding=False)
            for one in theirs
        ]
    places: dict[int | None, int] = {author.pk: at for at, author in enumerate(after) if author.pk}
    for index, one in enumerate(theirs):
        at = index if "authors" in taken else places.get(one.pk)
        if at is None:
            continue
        changes = {name: getattr(one, name) for name in DETAILS if detail_field(name, one.pk) in taken}
        after[at] = replace(after[at], **changes)
        if one.is_corresponding and "contact" in taken:
            after = list(with_contact(after, at, one.email))
    return tuple(after)


def can_take_contact(theirs: Sequence[AuthorState], taken: Collection[str]) -> bool:
    """Whether the corresponding author of the file is among the authors after the import."""
    new = contact_of(theirs)
    return new is not None and (new.pk is not None or "authors" in taken)


def stated_authors(theirs: Sequence[AuthorState], pks: Sequence[int | None]) -> dict[str, Any]:
    """What the file says about authors whose rows are `pks`; None for one who is not a row."""
    pairs = list(zip(theirs, pks, strict=True))
    values: dict[str, Any] = {"authors": [[pk, *_parts(author)] for author, pk in pairs]}
    for author, pk in pairs:
        if author.is_corresponding:
            values["contact"] = [pk, author.email]
        values |= {
            detail_field(detail, pk): getattr(author, detail)
            for detail in DETAILS
            if pk and getattr(author, detail) and not (detail == "email" and author.is_corresponding)
        }
    return values


def detail_field(detail: str, pk: int | None) -> str:
    """The name of an author's detail among the fields of a paper: ``email.17``."""
    return f"{detail}.{pk}"


def _value(said: Said, field: str) -> Any:
    return said[field]["value"] if field in said else None


def _names(authors: Sequence[AuthorState]) -> list[list[str]]:
    return [_parts(author) for author in authors]


def _parts(author: AuthorState) -> list[str]:
    return _parts_of(author.name)


def _parts_of(name: Name) -> list[str]:
    return [getattr(name, part) for part in PARTS]


def _written(parts: Sequence[str]) -> str:
    return write_name(Name(**dict(zip(PARTS, parts, strict=True))))


def _contact(author: AuthorState) -> list[Any]:
    return [author.pk, author.email]
