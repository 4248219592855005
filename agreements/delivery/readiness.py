"""Decide which papers of a volume are ready to deliver, and provide the files that prove the permission.

Permissions are kept out of the public package, because everything in it becomes public (PMLR FAQ).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from agreements import lifecycle
from agreements.domain.states import LIVE, STATUS_LABELS, Status
from agreements.models import Agreement, Edit
from proceedings.delivery.csv_files import escape_formula, write_csv
from proceedings.delivery.items import Item, WrittenFile
from proceedings.delivery.public_package import open_stored
from proceedings.importing import name_review
from proceedings.models import Paper, Volume
from proceedings.publisher.filenames import Kind


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """What decides whether a paper is ready to deliver."""

    status: str | None
    """Of the live agreement, else of the newest; None without any."""
    reason: str = ""
    """Why the agreement was declined or voided."""
    changed: Sequence[str] = ()
    """What differs between the paper and its agreement."""
    edit: bool = False
    """An edit after the signature is not confirmed, or was declined."""
    name_wrong: bool = False
    """The import probably misread an author's name."""
    has_pdf: bool = True
    has_errors: bool = False
    """The publisher check finds errors in the paper, other than a missing PDF."""


def why_not_ready(facts: DeliveryFacts) -> str | None:
    """Return why a paper may not be delivered; None if it is ready. Overview and packages both ask here."""
    reason = why_not_permitted(facts)
    if reason is None and not facts.has_pdf:
        reason = "has no PDF"
    if reason is None and facts.has_errors:
        reason = "the publisher check found errors"
    return reason


def why_not_permitted(facts: DeliveryFacts) -> str | None:
    """Return what keeps the authors' permission from being complete; None if it is."""
    if facts.status is None:
        return "no agreement issued"
    if facts.status not in (Status.WAIVED, Status.SEALED):
        detail = f": {facts.reason}" if facts.status in (Status.DECLINED, Status.VOIDED) and facts.reason else ""
        return STATUS_LABELS[Status(facts.status)] + detail
    # AC10: an editor gave the reason of a waived signature, and the manifest repeats it.
    if facts.status == Status.SEALED and facts.changed:
        return f"the {' and the '.join(facts.changed)} changed after the agreement was issued: replace the agreement"
    if facts.status == Status.SEALED and facts.edit:
        return "the author has not confirmed an edit (clause 5): ask the author again, or undo the edit"
    if facts.name_wrong:
        return "an author’s name is probably wrong: correct it on the volume’s page Names"
    return None


@dataclass(slots=True)
class Readiness:
    """Which papers of a volume have a complete permission, and why the others have none."""

    ready_agreements: list[Agreement] = field(default_factory=list)
    blocked: list[tuple[Paper, str]] = field(default_factory=list)
    accepted: list[Paper] = field(default_factory=list)
    """All accepted papers, in their order."""

    @property
    def papers(self) -> list[Paper]:
        return [agreement.paper for agreement in self.ready_agreements]


def check_readiness(volume: Volume) -> Readiness:
    """Sort the accepted papers of `volume`, in their order, into those with and without a complete permission."""
    found = volume.papers.filter(status=Paper.Status.ACCEPTED).select_related("volume").order_by("position", "key")
    found = found.annotate(name_wrong=name_review.paper_has_review("pk", grave=True))
    found = found.prefetch_related("authors", "files", "agreements__text", "agreements__seal_certificate")
    papers: list[Any] = [*found.prefetch_related("agreements__edits")]
    result = Readiness(accepted=papers)
    for paper in papers:
        # The live agreement first, of which there is at most one, then the newest.
        agreements = sorted(paper.agreements.all(), key=lambda a: (a.status in LIVE, a.created_at), reverse=True)
        agreement = agreements[0] if agreements else None
        reason = why_not_permitted(facts_of(paper, agreement))
        if reason is None and agreement:
            agreement.paper = paper
            result.ready_agreements.append(agreement)
        else:
            result.blocked.append((paper, reason or ""))
    return result


def facts_of(paper: Any, agreement: Agreement | None, *, has_errors: bool = False) -> DeliveryFacts:
    """Return the facts about a paper loaded by `check_readiness`, and its agreement with its edits."""
    has_pdf = any(file.kind == Kind.PAPER for file in paper.files.all())
    if agreement is None:
        return DeliveryFacts(None, name_wrong=paper.name_wrong, has_pdf=has_pdf, has_errors=has_errors)
    return DeliveryFacts(
        agreement.status,
        reason=agreement.reason,
        changed=mismatches(paper, agreement) if agreement.status == Status.SEALED else (),
        edit=any(edit.blocks for edit in agreement.edits.all()),
        name_wrong=paper.name_wrong,
        has_pdf=has_pdf,
        has_errors=has_errors,
    )


def mismatches(paper: Paper, agreement: Agreement) -> list[str]:
    """Return what differs between the paper and its agreement, ignoring case, TeX and spaces."""
    changed = []
    if normalize(paper.title) != normalize(agreement.title):
        changed.append("title")
    if [normalize(author.display) for author in paper.authors.all()] != [normalize(name) for name in agreement.authors]:
        changed.append("list of authors")
    return changed


def normalize(text: str) -> str:
    return re.sub(r"[\s{}\\$]+", "", text).casefold()


def sealed_item(agreement: Agreement) -> Item:
    """Return the sealed PDF under the publisher's file name. Raises ValueError if the agreement is not sealed."""
    if agreement.sealed_size is None:
        raise ValueError(f"{agreement} is not sealed.")
    name = f"{agreement.paper.key}Permission.pdf"  # by the paper's current key, as in the .bib file
    stored = partial(open_stored, agreement.sealed_file)
    return Item(name, agreement.sealed_size, agreement.sealed_sha256, stored)


def write_manifest(ready: Iterable[tuple[Agreement, WrittenFile | None]]) -> bytes:
    """Return one CSV row per agreement: its file, its paper and its evidence; if waived, the reason."""
    head = (
        "file",
        "sha256",
        "bytes",
        "agreement",
        "paper",
        "title",
        "signer",
        "signed at (UTC)",
        "evidence",
        "waived",
        "edits",
    )
    rows = [[*head]]
    for agreement, evidence in ready:
        if evidence is None:
            waived = [escape_formula(agreement.title), "", "", "", describe_waiver(agreement), ""]
            rows.append(["", "", "", agreement.reference, agreement.paper.key, *waived])
            continue
        file = sealed_item(agreement)
        # A signed form has a date without a time.
        signed = f"{agreement.dated}" if agreement.dated else f"{agreement.signed_at:%Y-%m-%dT%H:%M:%SZ}"
        texts = [escape_formula(text) for text in (agreement.title, agreement.typed_name)]
        rows.append(
            [
                *(file.name, file.sha256, str(file.size), agreement.reference, agreement.paper.key),
                *(*texts, signed, evidence.name, "", describe_edits(agreement)),
            ]
        )
    return write_csv(rows)


def describe_waiver(agreement: Agreement) -> str:
    """Return why, when and by whom an agreement was waived."""
    event = agreement.events.filter(kind="waive").latest("number")
    return escape_formula(f"{event.data['reason']} ({event.by.partition(':')[2]}, {event.at:%Y-%m-%d})")


def describe_edits(agreement: Agreement) -> str:
    """Describe the edits after the signature that are still in the paper, and who confirmed them (clause 5)."""
    edits = [edit for edit in agreement.edits.all() if edit.state in (Edit.State.NOTED, Edit.State.CONFIRMED)]
    return escape_formula("; ".join(map(describe_edit, sorted(edits, key=lambda edit: edit.pk))))


def describe_edit(edit: Edit) -> str:
    if edit.resolved_at is None:
        return f"{edit.what} ({edit.get_state_display()})"
    return f"{edit.what} (confirmed by {edit.resolved_by}, {edit.resolved_at:%Y-%m-%d})"


def record_delivery(agreement: Agreement, *, by: str, now: datetime) -> None:
    """Record the delivery once per sealed PDF or waiver, however often the package is built."""
    if not agreement.events.filter(kind="deliver", data__sha256=agreement.sealed_sha256).exists():
        lifecycle.record_delivery(agreement, by=by, now=now, sha256=agreement.sealed_sha256)
