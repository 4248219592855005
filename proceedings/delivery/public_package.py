"""The public package of a volume: its BibTeX file and its papers' files, for the papers it is GIVEN as cleared."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import BinaryIO, cast

from django.core.files.storage import storages

from proceedings.bibtex.writer import write_volume_file
from proceedings.delivery.items import Item, item
from proceedings.models import Paper, Volume
from proceedings.models.as_records import paper_records, volume_record


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
