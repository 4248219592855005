"""Page numbers of a volume by the lengths of its PDFs, as rows."""

from collections.abc import Iterable

from proceedings.delivery.volume_check import pdf_facts_of
from proceedings.models import Paper, Volume
from proceedings.publisher.page_numbers import NewPages, Sheet, number


def new_page_numbers(volume: Volume) -> list[NewPages]:
    """Returns new pages of the accepted papers of `volume`. Locks them, so it needs a transaction.

    Raises NoLengthError if papers have no PDF.
    """
    papers = volume.papers.filter(status=Paper.Status.ACCEPTED).select_for_update().prefetch_related("files")
    sheets = []
    for paper in papers:
        facts = pdf_facts_of(paper)
        sheets.append(Sheet(paper.key, paper.position, paper.section, paper.pages, facts.pages if facts else 0))
    return number(sheets, volume.sections)


def write_page_numbers(volume: Volume, numbers: Iterable[NewPages]) -> None:
    """Writes new pages, in the transaction in which they were computed."""
    for one in numbers:
        volume.papers.filter(key=one.key).update(pages=one.new)
