"""The columns of each system's table of papers, under our names for them. Pure.

Columns vary by conference and by export, so each of ours has the headings under which it was seen, the most telling
first. Headings are compared without case, blanks and punctuation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from proceedings.importing.tables.authors import COLUMNS as AUTHOR_COLUMNS
from proceedings.importing.tables.grid import heading

COLUMNS = (
    *("number", "title", "authors", "abstract", "emails", "contact", "section", "pages", "key", "decision"),
    "openreview",
)
"""Our columns of any table; only ``title`` and ``authors`` are required."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a table has what. `mark` are headings that together show the system; `people` is whether the people may
    stand in columns of their own, ``1: First Name``.
    """

    columns: Mapping[str, tuple[str, ...]]
    mark: tuple[str, ...]
    required: tuple[str, ...] = ("title", "authors")
    numbered_people: bool = False


ANY = Layout(
    {
        "number": (
            "number",
            "paperid",
            "submissionid",
            "submission#",
            "papernumber",
            "paper#",
            "submission",
            "id",
            "#",
        ),
        "title": ("title", "papertitle"),
        "authors": ("authors", "authornames", "authorlist", "author"),
        "abstract": ("abstract",),
        "emails": ("emails", "authoremails", "allauthoremails", "emailaddresses", "email", "emailaddress", "mail"),
        "contact": ("contact", "correspondingauthor", "corresponding", "contactauthor"),
        "decision": ("decision", "acceptancestatus", "status", "acceptance", "accepted"),
        # Only people add these. A subject area or track of a system is no section.
        "section": ("section",),
        "pages": ("pages",),
        "key": ("key", "bibtexkey", "bibkey"),
        "openreview": ("openreview", "openreviewid", "forum", "forumid"),
    },
    mark=("title", "authors"),
)
EASYCHAIR = Layout(
    {
        **ANY.columns,
        "number": ("#", "submission#"),
        "title": ("title",),
        "authors": ("authors",),
        "abstract": ("abstract",),
        "decision": ("decision",),
        "deleted": ("deleted",),
    },
    mark=("#", "title", "authors"),
)
CMT = Layout(
    {
        **ANY.columns,
        "number": ("paperid",),
        "title": ("papertitle",),
        "authors": ("authornames", "authors", "authordetails"),
        "affiliations": ("authors", "authordetails"),
        "abstract": ("abstract",),
        "emails": ("authoremails",),
        "contact": ("primarycontactauthoremail", "primarycontactauthorname"),
        "decision": ("status", "decision"),
    },
    mark=("paperid", "papertitle"),
)
HOTCRP = Layout(
    {
        **ANY.columns,
        "number": ("id", "pid", "paper"),
        "title": ("title",),
        "authors": ("authors",),
        "abstract": ("abstract",),
        "decision": ("decision", "status"),
    },
    mark=("id", "title", "authors"),
)
START = Layout(
    {
        **ANY.columns,
        "number": ("submissionid",),
        "title": ("title",),
        "authors": ("authors", "authorswithaffiliations"),
        "affiliations": ("authorswithaffiliations",),
        "abstract": ("abstract", "summary"),
        "emails": ("allauthoremails", "authoremails"),
        "contact": ("contactauthoremail", "correspondingauthoremail", "contactemail", "contactauthor"),
        "decision": ("acceptancestatus", "acceptance", "decision", "status"),
    },
    mark=("submissionid", "title"),
    required=("title",),
    numbered_people=True,
)


def is_known_heading(name: str) -> bool:
    """Whether any system has a column of this heading, as `grid.heading` writes it."""
    return name in _KNOWN


def guess_columns(head: Sequence[str]) -> dict[str, str]:
    """Maps our columns to the table's where a heading is known, or contains our name."""
    found: dict[str, str] = {}
    plain = {theirs: heading(theirs) for theirs in head}
    for ours in COLUMNS:
        names = ANY.columns.get(ours, (ours,))
        same = [theirs for name in names for theirs in head if plain[theirs] == name]
        part = ours.rstrip("s")
        # "Keywords" is no key, and "Author emails" has no names.
        within = [theirs for theirs in head if part in plain[theirs] and not _is_other(ours, plain[theirs])]
        left = [theirs for theirs in (*same, *within) if theirs not in found.values()]
        if left:
            found[ours] = left[0]
    return found


def _is_other(ours: str, name: str) -> bool:
    return ours in ("key", "pages", "number") or (ours == "authors" and ("email" in name or "affil" in name))


def named_layout(columns: Mapping[str, str]) -> Layout:
    """Returns the layout of a table whose columns a person has named: ours -> theirs, empty if the table has none.

    A column that is not named is found by our own name.
    """
    found = {ours: (heading(columns[ours]),) if ours in columns else (ours,) for ours in COLUMNS}
    return Layout({ours: tuple(filter(None, names)) for ours, names in found.items()}, mark=())


_KNOWN = frozenset(
    name
    for columns in (*(layout.columns for layout in (EASYCHAIR, CMT, HOTCRP, START, ANY)), AUTHOR_COLUMNS)
    for names in columns.values()
    for name in names
)
