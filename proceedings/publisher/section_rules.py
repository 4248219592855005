"""Sections, exact both ways (reference of October 2026, C3), and what to write when they are not. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from proceedings.bibtex.findings import Finding
from proceedings.bibtex.records import PaperRecord, VolumeRecord


def section_name(section: str) -> str:
    """Returns the name of a declared section: ``Talks`` of ``Talks = All Talks``."""
    return section.partition("=")[0].strip()


def check_sections(volume: VolumeRecord, papers: Sequence[PaperRecord]) -> list[Finding]:
    """Returns findings about sections: without declared ones no paper has one, else every paper has one of them, and
    every declared one has a paper.
    """
    names = [section_name(section) for section in volume.sections]
    proposed = proposed_sections(volume, papers)
    found = []
    for paper in papers:
        fix = proposed.get(paper.key, "")
        if paper.section and not names:
            message = f"the section '{paper.section}' is not declared: the volume has no sections"
            found.append(_error(paper.key, "section", message, "declare it in the volume’s sections"))
        elif names and not paper.section:
            found.append(_error(paper.key, "section", "is in no section, but the volume has sections", fix))
        elif names and paper.section not in names:
            message = f"the section '{paper.section}' is not a section of the volume, letter by letter"
            found.append(_error(paper.key, "section", message, fix or "declare it in the volume’s sections"))
    used = {paper.section for paper in papers}
    missing = [name for name in names if name not in used] if papers else []
    return found + [
        _error(volume.bib_key, "sections", f"no paper is in the section '{name}'", "remove it") for name in missing
    ]


def declared_sections(volume: VolumeRecord, papers: Sequence[PaperRecord]) -> tuple[str, ...]:
    """Returns the sections that the volume should declare: its own that have papers, then those that only papers name.

    `papers` are those with the proposed sections.
    """
    used = dict.fromkeys(paper.section for paper in papers if paper.section)
    kept = [section for section in volume.sections if section_name(section) in used]
    known = {section_name(section) for section in kept}
    return (*kept, *(name for name in used if name not in known))


def proposed_sections(volume: VolumeRecord, papers: Sequence[PaperRecord]) -> Mapping[str, str]:
    """Returns key -> section for papers whose section is missing or nearly a declared one.

    Case, blanks, and the title of a section instead of its name are slips. A paper without a section gets that of the
    paper before it, else the most frequent one.
    """
    near: dict[str, str] = {}
    for section in volume.sections:
        name, _, title = section.partition("=")
        for text in (title, name):
            if text.strip():
                near[_key(text)] = name.strip()
    names = {section_name(section) for section in volume.sections}
    used = Counter(paper.section for paper in papers if paper.section)
    usual = used.most_common(1)[0][0] if used else (section_name(volume.sections[0]) if volume.sections else "")
    result: dict[str, str] = {}
    last = ""
    for paper in sorted(papers, key=lambda one: (one.position, one.key)):
        wanted = paper.section
        if not wanted:
            wanted = (last or usual) if names or used else ""
        elif wanted not in names:
            wanted = near.get(_key(wanted), wanted)
        if wanted != paper.section:
            result[paper.key] = wanted
        last = wanted
    return result


def _key(text: str) -> str:
    return "".join(text.split()).casefold()


def _error(paper: str, field: str, message: str, fix: str) -> Finding:
    return Finding(rule="sections", message=message, paper=paper, field=field, fix=fix)
