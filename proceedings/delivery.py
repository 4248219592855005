"""The public package of a volume: its BibTeX file, for the papers it is GIVEN as cleared for publication."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from django.db.models import prefetch_related_objects

from proceedings.dialect import write_volume_file
from proceedings.models import Paper, Volume
from proceedings.records import PaperRecord, VolumeRecord


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
        )
        for paper in rows
    ]


def bibliography(volume: Volume, papers: Iterable[Paper]) -> str:
    """The publisher's BibTeX file of `volume` with the `papers` given: pure ASCII; the same rows give the same text.

    Raises UnwritableError (of `dialect`) with a finding for each character or field that has no form in ASCII LaTeX.
    """
    return write_volume_file(volume_record(volume), paper_records(papers))


def write_public(volume: Volume, papers: Iterable[Paper], folder: Path) -> list[Path]:
    """Write the public package into `folder`, which is made if missing, and return the files written: ``v247.bib``.

    Each file appears whole or not at all. Raises UnwritableError before anything is written, and OSError.
    """
    text = bibliography(volume, papers)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"v{volume.number}.bib"
    _write_whole(target, text.encode("ascii"))
    return [target]


def _write_whole(target: Path, content: bytes) -> None:
    """Write beside the target, then move into its place: a reader, or a crash, never sees half a file."""
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".part", delete=False) as part:
        scratch = Path(part.name)
        try:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
            scratch.chmod(0o644)
            scratch.replace(target)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise
