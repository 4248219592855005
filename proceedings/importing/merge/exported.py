"""What the publisher's file has for a paper as it is here, so that a file which we exported is no change of the source.

An export mends what needs no decision: braces in titles, ``\\%``, wrap hyphens. The paper itself stays as it is.
"""

from collections.abc import Collection
from dataclasses import replace
from functools import cached_property
from typing import Any

from proceedings.bibtex.latex import UnmappedError, ascii_latex, fold, without_escapes
from proceedings.bibtex.records import PaperRecord
from proceedings.bibtex.writer import title_in_latex
from proceedings.importing.merge.fields import PAPER_FIELDS, values_of
from proceedings.models import Paper
from proceedings.models.checks import title_words
from proceedings.publisher.mending import Mender


class Exported:
    """The exported values of a volume's papers. One query, when the first of them is needed."""

    def __init__(self, rows: Collection[Paper]) -> None:
        self._rows = rows

    @cached_property
    def _mender(self) -> Mender:
        return Mender([_record(row) for row in self._rows if row.status == Paper.Status.ACCEPTED], title_words()[0])

    def values(self, row: Paper) -> dict[str, Any]:
        """The fields of `row` as reading the exported file gives them, in the terms of `values_of`."""
        mended = self._mender.paper(_record(row))[0]
        try:
            latex = title_in_latex(mended)
        except UnmappedError:
            latex = mended.title_latex
        extra = {name: _written(value) for name, value in mended.extra.items()}
        return values_of(
            replace(
                mended,
                title_latex=self._mender.title(_written(latex)),
                abstract=_written(mended.abstract),
                extra=extra,
            ),
            PAPER_FIELDS,
        )


def _record(row: Paper) -> PaperRecord:
    """Without authors, which no mend of a field looks at."""
    return PaperRecord(
        key=row.key,
        position=row.position,
        title=row.title,
        title_latex=row.title_latex,
        authors=(),
        abstract=row.abstract,
        pages=row.pages,
        section=row.section,
        extra=row.extra,
        submission=row.submission,
        licence=row.licence,
    )


def _written(latex: str) -> str:
    return without_escapes(ascii_latex(fold(latex)).text)
