"""The public package of a volume: its BibTeX file and its papers' files, for the papers it is GIVEN as cleared."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import BinaryIO, cast

from django.core.files.storage import storages
from django.db.models import prefetch_related_objects

from proceedings.bibtex.records import PaperRecord, VolumeRecord
from proceedings.bibtex.writer import write_volume_file
from proceedings.delivery.items import Item, item
from proceedings.models import Paper, Volume


def volume_record(volume: Volume) -> VolumeRecord:
    """`volume` as a record."""
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
    """`papers` as records. One query for all authors, unless the caller has prefetched them."""
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
        )
        for paper in rows
    ]


def bibliography(volume: Volume, papers: Iterable[Paper]) -> str:
    """The publisher's BibTeX file of `volume` with the `papers` given: pure ASCII; the same rows give the same text.

    Raises UnwritableError (of `dialect`) with a finding for each character or field that has no form in ASCII LaTeX.
    """
    return write_volume_file(volume_record(volume), paper_records(papers))


def public_items(volume: Volume, papers: Sequence[Paper], text: str) -> Iterator[Item]:
    """The files of the public package: ``v247.bib`` with `text`, then for each paper what is attached.

    Nothing is read before its turn comes. Expects `papers` with their ``files``.
    """
    yield item(f"v{volume.number}.bib", text.encode("ascii"))
    for paper in papers:
        for file in sorted(paper.files.all(), key=lambda file: file.kind):
            file.paper = paper
            yield Item(file.name, file.size, file.sha256, partial(open_stored, file.stored_as), file.crc32)


def open_stored(stored_as: str) -> BinaryIO:
    """A file in private storage, opened for reading. Raises OSError."""
    return cast("BinaryIO", storages["private"].open(stored_as))
