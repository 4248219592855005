"""What submission systems export: whose a file is, and the reader for it. Pure."""

import re
from collections.abc import Mapping
from enum import StrEnum

from proceedings.importing.openreview import read_openreview
from proceedings.importing.submissions import Submissions
from proceedings.importing.tables import heads, read_cmt, read_easychair, read_table


class Format(StrEnum):
    """Where a file comes from."""

    BIBTEX = "bibtex"
    EASYCHAIR = "easychair"
    CMT = "cmt"
    OPENREVIEW = "openreview"
    CSV = "csv"


def detect(name: str, text: str) -> Format | None:
    """The format of a file, where it is plain from its beginning; None where somebody has to say it."""
    start = text.lstrip("\ufeff \t\r\n")
    if name.lower().endswith(".bib") or re.match(r"[@%]", start):
        return Format.BIBTEX
    if start[:1] in ("[", "{"):
        return Format.OPENREVIEW
    first = heads(text)
    for head in first:
        if {"paper id", "paper title"} <= set(head):
            return Format.CMT
        if {"#", "title", "authors"} <= set(head):
            return Format.EASYCHAIR
    return Format.CSV if first and {"title", "authors"} <= set(first[0]) else None


def read(
    kind: Format, text: str, file: str, *, authors: str = "", columns: Mapping[str, str] | None = None
) -> Submissions:
    """The accepted papers in `text`. `authors` is EasyChair's second table; `columns` maps ours to a table's own."""
    if kind is Format.OPENREVIEW:
        return read_openreview(text, file)
    if kind is Format.EASYCHAIR:
        return read_easychair(text, file, authors)
    if kind is Format.CMT:
        return read_cmt(text, file)
    return read_table(text, file, columns or {})
