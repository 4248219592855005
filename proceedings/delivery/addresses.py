"""The addresses that a volume's papers will have at the publisher."""

from dataclasses import dataclass

from proceedings.delivery.volume_check import load_papers
from proceedings.models import Paper, Volume
from proceedings.models.as_records import paper_records, volume_record
from proceedings.publisher.rules import predicted_ids, publication_url


@dataclass(frozen=True, slots=True)
class FutureAddress:
    """A paper's publisher ID and address. `confirmed` is whether an editor entered the ID, not our prediction."""

    paper: Paper
    public_id: str
    url: str
    confirmed: bool


def future_addresses(volume: Volume) -> list[FutureAddress]:
    """Returns the addresses of the accepted papers, in their order.

    The publisher computes IDs from all papers, so predicted ones are final only when the volume is complete.
    """
    papers = load_papers(volume)
    record = volume_record(volume)
    ids = predicted_ids(record, paper_records(papers))
    return [
        FutureAddress(paper, public_id, publication_url(record, public_id), bool(paper.public_id))
        for paper in papers
        if (public_id := paper.public_id or ids[paper.key])
    ]
