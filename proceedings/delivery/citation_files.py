"""A published paper -> where it is, and files by which others cite it."""

from proceedings.models import Paper
from proceedings.models.as_records import paper_records, volume_record
from proceedings.publisher import citations, rules


def address_of(paper: Paper) -> str:
    """The page of a paper whose public id is known."""
    return rules.address(volume_record(paper.volume), paper.public_id)


def citation_files(paper: Paper) -> dict[str, str]:
    """How a paper whose public id is known is cited, by name of file: BibTeX, RIS, CSL-JSON."""
    facts = (volume_record(paper.volume), paper_records([paper])[0], paper.public_id, address_of(paper))
    return {
        f"{paper.public_id}.bib": citations.bibtex(*facts),
        f"{paper.public_id}.ris": citations.ris(*facts),
        f"{paper.public_id}.json": citations.csl_json(*facts),
    }
