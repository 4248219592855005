"""The public package as a git repository, and the text of the pull request by which an editor hands it in.

The checklist is the publisher's. What our records show is ticked. The rest is left to the editors, with the reason.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agreements.delivery.packages import Delivery, public_files
from agreements.domain.states import Status
from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.records import PaperRecord
from proceedings.bibtex.writer import write_volume_file
from proceedings.delivery.git_repository import Commit, Git, GitError, check_request, write_repository
from proceedings.delivery.items import Item
from proceedings.delivery.volume_check import pdf_facts_of
from proceedings.publisher import filenames, rules, text_rules

TEXT = "PULL_REQUEST.md"
MAX_NAMED = 10
"""Papers named in one line of the checklist."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the checklist. `missing` says what keeps it from being ticked; empty if our records show it."""

    text: str
    missing: str = ""

    def __str__(self) -> str:
        return f"- [ ] {self.text} (to check: {self.missing})" if self.missing else f"- [x] {self.text}"


def folder_for(delivery: Delivery, to: Path) -> Path:
    return to / f"v{delivery.volume.number}-pull-request"


def default_branch(delivery: Delivery) -> str:
    return f"v{delivery.volume.number}-papers"


def check_target(delivery: Delivery, to: Path, *, git: Git, branch: str, author: str, onto: Path | None) -> None:
    """Check everything that can be checked before a file is written. Raises GitError."""
    check_request(git, branch, author, onto)
    if (folder := folder_for(delivery, to)).exists():
        raise GitError(f"{folder} exists, and may have work of yours. Move it away first.")


def write_pull_request(
    delivery: Delivery, to: Path, *, git: Git, branch: str, author: str, onto: Path | None, now: datetime
) -> tuple[Path, str]:
    """Write the repository, and the text of the pull request beside it. Returns their folder and the commit's name.

    Raises GitError, PackageError, UnwritableError and OSError; then the folder does not exist.
    """
    folder, number = folder_for(delivery, to), delivery.volume.number
    building = to / f".{folder.name}.new"
    items = list(public_files(delivery))
    subject = f"Add the {'papers' if delivery.ready else 'ready papers'} of volume {number}, {delivery.volume.name}"
    commit = Commit(branch, author, now, f"{subject}\n\n{describe(delivery, items)}\n")
    building.mkdir(parents=True)
    try:
        name = write_repository(git, items, building / f"v{number}.git", commit, onto)
        (building / TEXT).write_text(format_text(delivery, items, branch), encoding="utf-8")
        building.rename(folder)
    finally:
        remove(building)
    return folder, name


def remove(folder: Path) -> None:
    """Remove what an attempt has left. The repository itself is removed by who began it."""
    if folder.exists():
        (folder / TEXT).unlink(missing_ok=True)
        folder.rmdir()


def describe(delivery: Delivery, items: Sequence[Item]) -> str:
    papers = len(delivery.records)
    supplements = sum("-supp." in one.name for one in items)
    return f"{papers} papers: 1 BibTeX file, {count_pdfs(items)} PDFs and {supplements} supplements."


def count_pdfs(items: Sequence[Item]) -> int:
    return sum(one.name.endswith(".pdf") and "-supp." not in one.name for one in items)


def format_text(delivery: Delivery, items: Sequence[Item], branch: str) -> str:
    """Return the text of the pull request in Markdown."""
    number = delivery.volume.number
    lines = [f"# Volume {number}: {delivery.volume.name}", "", describe(delivery, items), ""]
    if not delivery.ready:
        lines += [f"This is a part of the volume: {len(delivery.reasons)} reasons keep the rest.", ""]
    lines += ["## Checklist", "", *map(str, checklist(delivery, items)), "", "## Files", ""]
    lines += [f"- `{one.name}` {one.size} bytes, SHA-256 `{one.sha256}`" for one in items]
    lines += ["", f"The commit is on the branch `{branch}`.", ""]
    return "\n".join(lines)


def checklist(delivery: Delivery, items: Sequence[Item]) -> Iterator[Line]:
    """Yield what the publisher asks the editors to confirm, from what is on record."""
    record, papers = delivery.record, delivery.records
    found = rules.check_all(record, papers)
    in_text = list(text_rules.check_text(write_volume_file(record, papers), items[0].name))
    names = [one.name for one in items]
    yield Line("One `@Proceedings` entry with all fields", said(of_rules(found, "required", "dates"), record.bib_key))
    yield Line(
        "Every paper has `title`, `author`, `pages` and `abstract`",
        without(papers, lambda one: bool(one.title and one.authors and one.pages and one.abstract)),
    )
    yield Line("Keys are family name and year, such as `smith24`", said(of_rules(found, "key", "duplicate-key")))
    yield Line("LaTeX instead of Unicode", said(of_rules([*found, *in_text], "unmapped", "unicode")))
    yield Line("Mathematics stands between `$`", said(of_rules([*found, *in_text], "mathematics", "dollar")))
    wrong_names = list(filenames.check_names(names, [one.key for one in papers]))
    errors = [one for one in wrong_names if one.severity is Severity.ERROR]
    yield Line("Files are named `<key>.pdf`", said(errors))
    supplements = sum("-supp." in name for name in names)
    missing = "" if supplements else "none on record"
    yield Line(f"Supplements are named `<key>-supp.*`: {supplements} on record", missing)
    for field in ("software", "video"):
        count = sum(field in one.extra for one in papers)
        missing = "" if count else "none on record"
        yield Line(f"`{field}` is a field with one address: {count} papers", missing)
    yield Line("Every PDF opens", without_pdf(delivery))
    sealed = sum(one.status == Status.SEALED for one in delivery.ready_agreements)
    waived = len(delivery.waived)
    held = f"{sealed} signed" + (f", {waived} waived by an editor" if waived else "")
    yield Line(f"Permission is collected for every paper: {held}", missing_permissions(delivery))
    yield Line("Permissions are named `<key>Permission.pdf`", "" if sealed else "none on record")
    yield Line("Permissions were given to the series editor separately, not in this repository", "done by you")


def of_rules(findings: Sequence[Finding], *wanted: str) -> list[Finding]:
    return [one for one in findings if one.rule in wanted]


def said(findings: Sequence[Finding], owner: str | None = None) -> str:
    """Return the first findings in words, only those about `owner` if given; empty if there is none."""
    ours = [one for one in findings if owner is None or one.paper == owner]
    more = f"; and {len(ours) - MAX_NAMED} more" if len(ours) > MAX_NAMED else ""
    return "; ".join(f"{one.paper or one.file} {one.field}: {one.message}" for one in ours[:MAX_NAMED]) + more


def without(papers: Sequence[PaperRecord], complete: Callable[[PaperRecord], bool]) -> str:
    return named([one.key for one in papers if not complete(one)])


def without_pdf(delivery: Delivery) -> str:
    facts = [(one.paper.key, pdf_facts_of(one.paper)) for one in delivery.ready_agreements]
    return named([key for key, fact in facts if fact is None or not fact.pages])


def missing_permissions(delivery: Delivery) -> str:
    return named([paper.key for paper, _ in delivery.blocked])


def named(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - MAX_NAMED} more" if len(keys) > MAX_NAMED else ""
    return f"missing for {', '.join(keys[:MAX_NAMED])}{more}" if keys else ""
