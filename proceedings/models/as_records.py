"""Converts rows to the plain records of the BibTeX code."""

from collections.abc import Iterable

from django.db.models import prefetch_related_objects

from proceedings.bibtex.records import PaperRecord, VolumeRecord
from proceedings.models import Paper, Volume


def volume_record(volume: Volume) -> VolumeRecord:
    """Returns `volume` as a record."""
    return VolumeRecord(
        number=volume.number,
        bib_key=volume.bib_key,
        name=volume.name,
        shortname=volume.shortname,
        booktitle=volume.booktitle,
        year=volume.year,
        start=volume.start,
        end=volume.end,
        address=volume.address,
        conference_url=volume.conference_url,
        published=volume.published,
        editor_names=tuple(volume.editor_names),
        sections=tuple(volume.sections),
        extra=volume.extra,
    )


def paper_records(papers: Iterable[Paper]) -> list[PaperRecord]:
    """Returns `papers` as records. One query for all authors, unless the caller has prefetched them."""
    rows = list(papers)
    prefetch_related_objects(rows, "authors")
    return [
        PaperRecord(
            key=paper.key,
            position=paper.position,
            title=paper.title,
            title_latex=paper.title_latex,
            authors=tuple(author.name for author in paper.authors.all()),
            abstract=paper.abstract,
            pages=paper.pages,
            section=paper.section,
            extra=paper.extra,
            submission=paper.submission,
            licence=paper.licence,
        )
        for paper in rows
    ]
