"""Detects the format of a submission system's export and selects its reader. Pure."""

import re
from collections.abc import Mapping
from enum import StrEnum

from proceedings.importing.openreview import read_openreview
from proceedings.importing.submissions import Submissions
from proceedings.importing.tables import first_rows, read_cmt, read_easychair, read_table


class Format(StrEnum):
    """The system that exported a file."""

    BIBTEX = "bibtex"
    EASYCHAIR = "easychair"
    CMT = "cmt"
    OPENREVIEW = "openreview"
    CSV = "csv"


def detect(name: str, text: str) -> Format | None:
    """Returns the format of a file if its beginning shows it, else None: the user must name it."""
    start = text.lstrip("\ufeff \t\r\n")
    if name.lower().endswith(".bib") or re.match(r"[@%]", start):
        return Format.BIBTEX
    if start[:1] in ("[", "{"):
        return Format.OPENREVIEW
    first = first_rows(text)
    for head in first:
        if {"paper id", "paper title"} <= set(head):
            return Format.CMT
        if {"#", "title", "authors"} <= set(head):
            return Format.EASYCHAIR
    return Format.CSV if first and {"title", "authors"} <= set(first[0]) else None


def read(
    kind: Format, text: str, file: str, *, authors: str = "", columns: Mapping[str, str] | None = None
) -> Submissions:
    """Reads the accepted papers in `text`. `authors` is EasyChair's second table, or OpenReview's profiles; `columns`
    maps our names to the table's.
    """
    if kind is Format.OPENREVIEW:
        return read_openreview(text, file, authors)
    if kind is Format.EASYCHAIR:
        return read_easychair(text, file, authors)
    if kind is Format.CMT:
        return read_cmt(text, file)
    return read_table(text, file, columns or {})
