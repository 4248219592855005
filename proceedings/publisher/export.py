"""The publisher's .bib file of a volume, with everything mended that needs no decision. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from proceedings.bibtex.records import PaperRecord, VolumeRecord
from proceedings.bibtex.writer import write_volume_file
from proceedings.publisher.mending import Mender
from proceedings.publisher.section_rules import section_name
from proceedings.publisher.title_words import LISTED


def bib_file(
    volume: VolumeRecord,
    papers: Sequence[PaperRecord],
    words: Iterable[str] = LISTED,
    *,
    all_papers: Sequence[PaperRecord] = (),
) -> str:
    """Returns the file of `volume` with `papers`. `words` get braces in titles.

    The words of `all_papers`, if given, decide how wrap hyphens are joined, so that a paper reads the same in every
    package. Raises UnwritableError with one finding for every value that has no form in ASCII LaTeX.
    """
    mender = Mender(all_papers or papers, words)
    mended = [mender.paper(paper)[0] for paper in papers]
    if len(papers) < len(all_papers):
        # Some papers are left out on purpose, and with them the sections that only they use.
        used = {paper.section for paper in papers}
        kept = tuple(section for section in volume.sections if section_name(section) in used)
        volume = replace(volume, sections=kept)
    return write_volume_file(mender.volume(volume)[0], mended, mender.title)
