"""The public package of a volume: its BibTeX file and the files of the papers that the caller passes as ready."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import BinaryIO, cast

from django.core.files.storage import storages

from proceedings.delivery.items import Item, item_from_bytes
from proceedings.models import Paper, Volume
from proceedings.models.as_records import paper_records, volume_record
from proceedings.models.checks import title_words
from proceedings.publisher.export import bib_file


def bibliography(volume: Volume, papers: Iterable[Paper]) -> str:
    """Returns the publisher's BibTeX file for `papers` in pure ASCII. The same rows give the same text.

    What the publisher rejects and needs no decision is mended. Raises UnwritableError with a finding for each character
    or field that has no form in ASCII LaTeX.
    """
    return bib_file(volume_record(volume), paper_records(papers), title_words()[0])


def public_items(volume: Volume, papers: Sequence[Paper], text: str) -> Iterator[Item]:
    """Yields the files of the public package: ``v247.bib`` with `text`, then each paper's files.

    Files are opened one after the other. Expects `papers` with their ``files``.
    """
    yield item_from_bytes(f"v{volume.number}.bib", text.encode("ascii"))
    for paper in papers:
        for file in sorted(paper.files.all(), key=lambda file: file.kind):
            file.paper = paper
            yield Item(file.name, file.size, file.sha256, partial(open_stored, file.stored_as), file.crc32)


def open_stored(stored_as: str) -> BinaryIO:
    """Opens a file in private storage for reading. Raises OSError."""
    return cast("BinaryIO", storages["private"].open(stored_as))
