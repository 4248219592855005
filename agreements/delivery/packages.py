"""Build what the publisher gets: the public package and the permissions package, as separate folders.

``DIR/vNN/`` has one .bib file, ``<key>.pdf`` and ``<key>-supp.*``; ``DIR/vNNpermissions/`` has the sealed agreements,
their evidence and the digests of both packages. A volume that is not ready is written only as a partial package, on
request.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from django.db.models import F

from agreements.delivery import readiness
from agreements.documents import evidence_bundle
from agreements.domain.states import Status
from agreements.models import Agreement
from proceedings.bibtex.findings import Finding
from proceedings.bibtex.records import PaperRecord, VolumeRecord
from proceedings.delivery.csv_files import escape_formula, write_csv
from proceedings.delivery.items import (
    Item,
    WrittenFile,
    build_folder,
    finish_replacement,
    item_from_bytes,
    replace_folder,
    sync_to_disk,
)
from proceedings.delivery.public_package import public_items
from proceedings.delivery.volume_check import Report, check_loaded
from proceedings.models import Paper, Volume
from proceedings.models.as_records import paper_records, volume_record
from proceedings.models.checks import title_words
from proceedings.publisher import rules
from proceedings.publisher.export import bib_file

MANIFEST = "manifest.csv"
PAPERS = "papers.csv"
SUMS = "SHA256SUMS"
PARTIAL = "PARTIAL.txt"

# Not even a partial package may contain these errors: a key never changes after delivery (AC5), and what cannot be
# written cannot be delivered.
_FORBIDDEN_RULES = frozenset({"key", "duplicate-key", "unmapped", "braces", "unwritable"})

Progress = Callable[[Iterable[Item]], Iterable[Item]]


@dataclass(slots=True)
class Delivery:
    """What would go to the publisher now, and what is missing."""

    volume: Volume
    record: VolumeRecord
    """With the day of the delivery if no publication date is known: the publisher's IDs contain its year."""
    ready_agreements: list[Agreement]
    blocked: list[tuple[Paper, str]]
    with_errors: list[Paper]
    """Those of the ready agreements whose paper lacks its PDF or has errors: only a partial package takes them."""
    findings: list[Finding]
    """The errors of the publisher check."""
    report: Report
    records: list[PaperRecord] = field(default_factory=list)
    """Of the ready papers, in their order."""
    all_records: list[PaperRecord] = field(default_factory=list)
    words: frozenset[str] = frozenset()
    """The words that get braces in titles."""

    @property
    def ready(self) -> bool:
        return not self.blocked and not self.findings

    @property
    def ready_papers(self) -> int:
        """How many papers are ready to deliver, as the overview counts them."""
        return len(self.ready_agreements) - len(self.with_errors)

    @property
    def waived(self) -> list[Agreement]:
        """The ready agreements that waive the signature."""
        return [agreement for agreement in self.ready_agreements if agreement.status == Status.WAIVED]

    @property
    def reasons(self) -> list[str]:
        """What is missing, one line each."""
        return [f"{paper.key}: {why}" for paper, why in self.blocked] + [
            f"{finding} [{finding.rule}]" for finding in self.findings
        ]


def prepare_delivery(volume: Volume, today: date) -> Delivery:
    """Check agreements, entries and files of all accepted papers of `volume`. Changes nothing.

    A volume without a publication date is delivered without it; `today` then only predicts the publisher's IDs.
    """
    found = readiness.check_readiness(volume)
    report = check_loaded(volume, found.accepted)
    findings = list(report.errors)
    if not found.accepted:
        findings.append(Finding(rule="empty", message="the volume has no papers: import them"))
    errors = report.papers_with_errors
    forbidden = {one.paper.lower(): one for one in report.errors if one.rule in _FORBIDDEN_RULES}
    ready, blocked, with_errors = [], list(found.blocked), []
    for agreement in found.ready_agreements:
        paper = agreement.paper
        if problem := forbidden.get(paper.key.lower()):
            blocked.append((paper, f"{problem.field}: {problem.message}"))
            continue
        ready.append(agreement)
        if readiness.why_not_ready(readiness.facts_of(paper, agreement, has_errors=paper.key in errors)):
            with_errors.append(paper)
    records = paper_records(found.accepted)
    by_key = {one.key: one for one in records}
    record = volume_record(volume)
    return Delivery(
        volume=volume,
        record=record if record.published else replace(record, published=today),
        ready_agreements=ready,
        blocked=blocked,
        with_errors=with_errors,
        findings=findings,
        report=report,
        records=[by_key[agreement.paper.key] for agreement in ready],
        all_records=records,
        words=title_words()[0],
    )


def bibliography(delivery: Delivery) -> str:
    """Return the .bib file of the ready papers. Raises UnwritableError."""
    entry = volume_record(delivery.volume)
    return bib_file(entry, delivery.records, delivery.words, all_papers=delivery.all_records)


def public_files(delivery: Delivery) -> Iterator[Item]:
    """Yield the files of the public package; each is read only when used. Raises UnwritableError."""
    papers = [agreement.paper for agreement in delivery.ready_agreements]
    return public_items(delivery.volume, papers, bibliography(delivery))


def permission_files(delivery: Delivery, published: Sequence[WrittenFile]) -> Iterator[Item]:
    """Yield the files of the permissions package: agreements, evidence, then lists. `published` is
    the public package.
    """
    number = delivery.volume.number
    written: list[WrittenFile] = []
    pairs: list[tuple[Agreement, WrittenFile | None]] = []

    def record(file: Item) -> Item:
        written.append(WrittenFile(file.name, file.size, file.sha256))
        return file

    for agreement in delivery.ready_agreements:
        if agreement.status == Status.WAIVED:
            pairs.append((agreement, None))
            continue
        yield record(readiness.sealed_item(agreement))
        proof = item_from_bytes(
            f"evidence/{agreement.paper.key}-evidence.zip", evidence_bundle.build_bundle(agreement, as_sealed=True)
        )
        yield record(proof)
        pairs.append((agreement, written[-1]))
    yield record(item_from_bytes(MANIFEST, readiness.write_manifest(pairs)))
    yield record(item_from_bytes(PAPERS, papers_table(delivery, published)))
    if not delivery.ready:
        yield record(item_from_bytes(PARTIAL, partial_note(delivery).encode()))
    yield record(item_from_bytes(f"v{number}.{SUMS}", format_digests(published)))
    yield item_from_bytes(SUMS, format_digests(written))


def format_digests(files: Iterable[WrittenFile]) -> bytes:
    """Format digests for ``sha256sum --check``."""
    return "".join(f"{one.sha256}  {one.name}\n" for one in files).encode()


def papers_table(delivery: Delivery, published: Sequence[WrittenFile]) -> bytes:
    """Return one row per paper: its files, and the ID and address that the publisher will assign (2.6)."""
    names = {one.name for one in published}
    supplements = {one.name.partition("-supp.")[0]: one.name for one in published if "-supp." in one.name}
    ids = rules.predicted_ids(delivery.record, delivery.records)
    rows = [["paper", "title", "pages", "pdf", "supplement", "predicted id", "predicted address"]]
    for record in delivery.records:
        pdf = f"{record.key}.pdf" if f"{record.key}.pdf" in names else ""
        public_id = ids[record.key]
        rows.append(
            [
                *(
                    record.key,
                    escape_formula(record.title),
                    record.pages,
                    pdf,
                    supplements.get(record.key, ""),
                ),
                *(public_id, rules.publication_url(delivery.record, public_id)),
            ]
        )
    return write_csv(rows)


def partial_note(delivery: Delivery) -> str:
    """Return the note in a partial package: what it contains, and what is missing and why."""
    number, count = delivery.volume.number, len(delivery.ready_agreements)
    waived = f" or waived ({len(delivery.waived)} of them)" if delivery.waived else ""
    return "\n".join(
        [
            f"PARTIAL: v{number} is not complete. These packages hold {count} papers, sealed{waived}.",
            f"Missing or to be corrected ({len(delivery.reasons)}):",
            *(f"  {reason}" for reason in delivery.reasons),
            "",
        ]
    )


def write_delivery(delivery: Delivery, to: Path, *, progress: Progress = iter) -> None:
    """Write both packages below `to`. The same data gives the same bytes.

    Both are built in temporary folders before either is moved into place; files that are not ours stay. Raises
    UnwritableError and PackageError before anything is changed, and OSError.
    """
    name = f"v{delivery.volume.number}"
    public_folder, permissions_folder = to / name, to / f"{name}permissions"
    new_public, new_permissions = to / f".{name}.new", to / f".{name}permissions.new"
    items = public_files(delivery)
    to.mkdir(parents=True, exist_ok=True)
    # Finish an interrupted replacement first: it has the list of our files.
    finish_replacement(permissions_folder, read_listed_files(to / f".{name}permissions.old", SUMS))
    published = build_folder(progress(items), new_public)
    build_folder(progress(permission_files(delivery, published)), new_permissions)
    sync_to_disk()
    replace_folder(new_public, public_folder, read_listed_files(permissions_folder, f"{name}.{SUMS}"))
    replace_folder(new_permissions, permissions_folder, {SUMS, *read_listed_files(permissions_folder, SUMS)})
    fix_keys(delivery)


def fix_keys(delivery: Delivery) -> None:
    """Fix the keys of delivered papers: the publisher identifies the papers by them (AC5)."""
    papers = [agreement.paper_id for agreement in delivery.ready_agreements]
    Paper.objects.filter(pk__in=papers, delivered_key="").update(delivered_key=F("key"))


def fingerprint(delivery: Delivery) -> str:
    """Return the SHA-256 of everything that the packages are made of: if it differs, the packages would differ."""
    files = [
        (file.paper_id, file.kind, file.extension, file.size, file.sha256)
        for agreement in delivery.ready_agreements
        for file in sorted(agreement.paper.files.all(), key=lambda file: file.kind)
    ]
    sealed = [
        (one.reference, one.status, one.sealed_sha256, one.reason, readiness.describe_edits(one))
        for one in delivery.ready_agreements
    ]
    # Not `delivery.record`: without a publication date it contains the day of the delivery.
    words = sorted(delivery.words)
    facts = (volume_record(delivery.volume), delivery.records, words, files, sealed, delivery.reasons)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def count_public(delivery: Delivery) -> int:
    """Return the number of files in the public package."""
    return 1 + sum(len(agreement.paper.files.all()) for agreement in delivery.ready_agreements)


def count_permissions(delivery: Delivery) -> int:
    """Return the number of files in the permissions package."""
    return 2 * (len(delivery.ready_agreements) - len(delivery.waived)) + (4 if delivery.ready else 5)


def list_public_files(delivery: Delivery) -> list[WrittenFile]:
    """List the public package without building it. Raises UnwritableError."""
    return [WrittenFile(one.name, one.size, one.sha256) for one in public_files(delivery)]


def in_folder(folder: str, items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items with their names under `folder`."""
    return (replace(one, name=f"{folder}/{one.name}") for one in items)


def read_listed_files(folder: Path, sums_file: str) -> set[str]:
    """Return the files that an earlier delivery wrote, from its list of digests."""
    try:
        lines = (folder / sums_file).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return set()
    return {line.partition("  ")[2] for line in lines}
