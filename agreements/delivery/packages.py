"""What the publisher gets: the public package and the permissions, side by side and never mixed.

``DIR/vNN/`` has one .bib file, ``<key>.pdf`` and ``<key>-supp.*``; ``DIR/vNNpermissions/`` has the sealed agreements,
their evidence and the lists of digests for both. A volume that is not ready is not written, unless somebody asks for a
part.
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
from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.records import PaperRecord, VolumeRecord
from proceedings.bibtex.writer import UnwritableError, write_volume_file
from proceedings.delivery.items import Item, Written, build, finish_replacement, flush, item, replace_folder
from proceedings.delivery.public_package import public_items
from proceedings.delivery.volume_check import file_findings
from proceedings.models import Paper, Volume
from proceedings.models.as_records import paper_records, volume_record
from proceedings.publisher import rules

MANIFEST = "manifest.csv"
PAPERS = "papers.csv"
SUMS = "SHA256SUMS"
PARTIAL = "PARTIAL.txt"
# Warnings of the publisher's rules that keep a volume from being whole: pages without gap (AC8), sections used (AC13).
_WHOLE = frozenset({"pages", "sections"})
# What even a part may not carry: once delivered, a key stays for ever (AC5).
_NEVER = frozenset({"key", "duplicate-key"})

Progress = Callable[[Iterable[Item]], Iterable[Item]]


@dataclass(slots=True)
class Delivery:
    """What would go to the publisher now, and everything that is missing."""

    volume: Volume
    record: VolumeRecord
    cleared: list[Agreement]
    blocked: list[tuple[Paper, str]]
    findings: list[Finding]
    records: list[PaperRecord] = field(default_factory=list)
    """Of the cleared papers, in their order."""

    @property
    def ready(self) -> bool:
        return not self.blocked and not self.findings

    @property
    def waived(self) -> list[Agreement]:
        """Those of the cleared that stand in the place of a signature."""
        return [agreement for agreement in self.cleared if agreement.status == Status.WAIVED]

    @property
    def reasons(self) -> list[str]:
        """Everything that is missing, a line each."""
        return [f"{paper.key}: {why}" for paper, why in self.blocked] + [
            f"{finding} [{finding.rule}]" for finding in self.findings
        ]


def prepare(volume: Volume, today: date) -> Delivery:
    """Looks at agreements, entries and files of all accepted papers of `volume`. Changes nothing.

    A volume without a date of publication is not ready; should a part go out all the same, `today` stands for it.
    """
    clearance = readiness.check_readiness(volume)
    papers = sorted([*clearance.papers, *(paper for paper, _ in clearance.blocked)], key=lambda p: (p.position, p.key))
    records = paper_records(papers)
    record = volume_record(volume)
    found = [one for one in rules.check(record, records) if problems(one)]
    found += [one for one in file_findings(papers, records) if one.severity is Severity.ERROR]
    if not papers:
        found.append(Finding(rule="empty", message="the volume has no papers: import them"))
    by_key = {one.key: one for one in records}
    cleared, blocked = [], list(clearance.blocked)
    never = {one.paper.lower(): one for one in found if one.rule in _NEVER and one.severity is Severity.ERROR}
    for agreement in clearance.cleared:
        obstacle = never.get(agreement.paper.key.lower()) or unwritable(record, by_key[agreement.paper.key])
        if obstacle:
            blocked.append((agreement.paper, f"{obstacle.field}: {obstacle.message}"))
        else:
            cleared.append(agreement)
    published = record if record.published else replace(record, published=today)
    return Delivery(volume, published, cleared, blocked, found, [by_key[one.paper.key] for one in cleared])


def problems(finding: Finding) -> bool:
    """Whether a finding of the publisher's rules keeps the volume from being ready."""
    return finding.severity is Severity.ERROR or (finding.severity is Severity.WARNING and finding.rule in _WHOLE)


def unwritable(volume: VolumeRecord, paper: PaperRecord) -> Finding | None:
    """Why the paper has no form in the publisher's file; None when it has."""
    try:
        write_volume_file(volume, [paper])
    except UnwritableError as error:
        return next((one for one in error.findings if one.paper == paper.key), None)
    return None


def public(handover: Delivery) -> Iterator[Item]:
    """The files of the public package, each read when its turn comes. Raises UnwritableError."""
    papers = [agreement.paper for agreement in handover.cleared]
    return public_items(handover.volume, papers, write_volume_file(handover.record, handover.records))


def permissions(handover: Delivery, published: Sequence[Written]) -> Iterator[Item]:
    """The files of the permissions package: agreements, evidence, then the lists. `published` is the other package."""
    number = handover.volume.number
    written: list[Written] = []
    pairs: list[tuple[Agreement, Written | None]] = []

    def noted(one: Item) -> Item:
        written.append(Written(one.name, one.size, one.sha256))
        return one

    for agreement in handover.cleared:
        if agreement.status == Status.WAIVED:
            pairs.append((agreement, None))
            continue
        yield noted(readiness.permission(agreement))
        proof = item(f"evidence/{agreement.paper.key}-evidence.zip", evidence_bundle.bundle(agreement, as_sealed=True))
        yield noted(proof)
        pairs.append((agreement, written[-1]))
    yield noted(item(MANIFEST, readiness.manifest(pairs)))
    yield noted(item(PAPERS, papers_table(handover, published)))
    if not handover.ready:
        yield noted(item(PARTIAL, partial_note(handover).encode()))
    yield noted(item(f"v{number}.{SUMS}", sums(published)))
    yield item(SUMS, sums(written))


def sums(files: Iterable[Written]) -> bytes:
    """Digests as ``sha256sum --check`` reads them."""
    return "".join(f"{one.sha256}  {one.name}\n" for one in files).encode()


def papers_table(handover: Delivery, published: Sequence[Written]) -> bytes:
    """One row per paper: its files, and the id and address that the publisher will give it (2.6)."""
    there = {one.name for one in published}
    supplements = {one.name.partition("-supp.")[0]: one.name for one in published if "-supp." in one.name}
    ids = rules.predicted_ids(handover.record, handover.records)
    rows = [["paper", "title", "pages", "pdf", "supplement", "predicted id", "predicted address"]]
    for record in handover.records:
        pdf = f"{record.key}.pdf" if f"{record.key}.pdf" in there else ""
        public_id = ids[record.key]
        rows.append(
            [
                *(record.key, readiness.formula_safe(record.title), record.pages, pdf, supplements.get(record.key, "")),
                *(public_id, rules.address(handover.record, public_id)),
            ]
        )
    return readiness.table(rows)


def partial_note(handover: Delivery) -> str:
    """The label of a part: what is in it, and what is missing and why."""
    number, count = handover.volume.number, len(handover.cleared)
    waived = f" or waived ({len(handover.waived)} of them)" if handover.waived else ""
    return "\n".join(
        [
            f"PARTIAL: v{number} is not complete. These packages hold {count} papers, sealed{waived}.",
            f"Missing or to be corrected ({len(handover.reasons)}):",
            *(f"  {reason}" for reason in handover.reasons),
            "",
        ]
    )


def write(handover: Delivery, to: Path, *, progress: Progress = iter) -> None:
    """Writes both packages below `to`. Two runs of one state write the same bytes.

    Both are built whole beside their places before either takes its own; files that are not ours stay. Raises
    UnwritableError and PackageError before anything has changed, and OSError.
    """
    name = f"v{handover.volume.number}"
    public_folder, permissions_folder = to / name, to / f"{name}permissions"
    new_public, new_permissions = to / f".{name}.new", to / f".{name}permissions.new"
    items = public(handover)
    to.mkdir(parents=True, exist_ok=True)
    # What an interrupted exchange left is put right first: it says which files are ours.
    finish_replacement(permissions_folder, listed(to / f".{name}permissions.old", SUMS))
    published = build(progress(items), new_public)
    build(progress(permissions(handover, published)), new_permissions)
    flush()
    replace_folder(new_public, public_folder, listed(permissions_folder, f"{name}.{SUMS}"))
    replace_folder(new_permissions, permissions_folder, {SUMS, *listed(permissions_folder, SUMS)})
    keep_keys(handover)


def keep_keys(handover: Delivery) -> None:
    """From now on the papers keep their keys: the publisher has them by these (AC5)."""
    papers = [agreement.paper_id for agreement in handover.cleared]
    Paper.objects.filter(pk__in=papers, delivered_key="").update(delivered_key=F("key"))


def fingerprint(handover: Delivery) -> str:
    """SHA-256 over everything that the packages are made of: another one means that they would come out otherwise."""
    files = [
        (file.paper_id, file.kind, file.extension, file.size, file.sha256)
        for agreement in handover.cleared
        for file in sorted(agreement.paper.files.all(), key=lambda file: file.kind)
    ]
    sealed = [
        (one.reference, one.status, one.sealed_sha256, one.reason, readiness.edits_in_words(one))
        for one in handover.cleared
    ]
    # Not `handover.record`, which is dated by the day of a delivery where the volume has no date of its own.
    facts = (volume_record(handover.volume), handover.records, files, sealed, handover.reasons)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def count_public(handover: Delivery) -> int:
    """How many files the public package will hold."""
    return 1 + sum(len(agreement.paper.files.all()) for agreement in handover.cleared)


def count_permissions(handover: Delivery) -> int:
    """How many files the permissions package will hold."""
    return 2 * (len(handover.cleared) - len(handover.waived)) + (4 if handover.ready else 5)


def listing(handover: Delivery) -> list[Written]:
    """What the public package holds, without making it. Raises UnwritableError."""
    return [Written(one.name, one.size, one.sha256) for one in public(handover)]


def inside(folder: str, items: Iterable[Item]) -> Iterator[Item]:
    """The same items under `folder`."""
    return (replace(one, name=f"{folder}/{one.name}") for one in items)


def listed(folder: Path, sums_file: str) -> set[str]:
    """The files that an earlier delivery wrote, by its list of digests."""
    try:
        lines = (folder / sums_file).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return set()
    return {line.partition("  ")[2] for line in lines}
