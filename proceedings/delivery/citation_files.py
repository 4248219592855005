"""The URL of a published paper, and its citation files."""

from proceedings.models import Paper
from proceedings.models.as_records import paper_records, volume_record
from proceedings.publisher import citations, rules


def publication_url(paper: Paper) -> str:
    """Returns the URL of the paper's page at the publisher. Needs its publisher ID."""
    return rules.publication_url(volume_record(paper.volume), paper.public_id)


def citation_files(paper: Paper) -> dict[str, str]:
    """Returns the citation of a paper as file name -> content: BibTeX, RIS, CSL-JSON. Needs its publisher ID."""
    facts = (volume_record(paper.volume), paper_records([paper])[0], paper.public_id, publication_url(paper))
    return {
        f"{paper.public_id}.bib": citations.bibtex(*facts),
        f"{paper.public_id}.ris": citations.ris(*facts),
        f"{paper.public_id}.json": citations.csl_json(*facts),
    }
