"""Decide which papers of a volume are ready to deliver, and provide the files that prove the permission.

Permissions are kept out of the public package, because everything in it becomes public (PMLR FAQ).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from agreements import lifecycle
from agreements.domain.states import LIVE, STATUS_LABELS, Status
from agreements.models import Agreement, Edit
from proceedings.delivery.csv_files import escape_formula, write_csv
from proceedings.delivery.items import Item, WrittenFile
from proceedings.delivery.public_package import open_stored
from proceedings.importing import name_review
from proceedings.models import Paper, Volume


@dataclass(slots=True)
class Readiness:
    """Which papers of a volume are ready to deliver, and why the others are not."""

    ready_agreements: list[Agreement] = field(default_factory=list)
    blocked: list[tuple[Paper, str]] = field(default_factory=list)

    @property
    def papers(self) -> list[Paper]:
        return [agreement.paper for agreement in self.ready_agreements]


def check_readiness(volume: Volume) -> Readiness:
    """Sort the accepted papers of `volume`, in their order, into ready and blocked."""
    result = Readiness()
    papers = volume.papers.filter(status=Paper.Status.ACCEPTED).select_related("volume").prefetch_related("authors")
    papers = papers.annotate(name_wrong=name_review.paper_has_review("pk", grave=True))
    for paper in papers.prefetch_related(
        "agreements__text", "agreements__seal_certificate", "agreements__edits", "files"
    ):
        # The live agreement first, of which there is at most one, then the newest.
        agreements = sorted(paper.agreements.all(), key=lambda a: (a.status in LIVE, a.created_at), reverse=True)
        reason = blocking_reason(paper, agreements[0] if agreements else None)
        if not reason and paper.name_wrong:
            reason = "an author’s name is probably wrong: correct it on the volume’s page Names"
        if reason:
            result.blocked.append((paper, reason))
        else:
            agreements[0].paper = paper
            result.ready_agreements.append(agreements[0])
    return result


def blocking_reason(paper: Paper, agreement: Agreement | None) -> str | None:
    """Return why the paper may not be delivered; None if it may."""
    if agreement is None:
        return "no agreement issued"
    if agreement.status == Status.WAIVED:
        return None  # AC10: an editor gave the reason, and the manifest repeats it
    if agreement.status != Status.SEALED:
        detail = (
            f": {agreement.reason}" if agreement.status in (Status.DECLINED, Status.VOIDED) and agreement.reason else ""
        )
        return STATUS_LABELS[Status(agreement.status)] + detail
    if changed := mismatches(paper, agreement):
        return f"the {' and the '.join(changed)} changed after the agreement was issued: replace the agreement"
    if any(edit.blocks for edit in agreement.edits.all()):
        return "the author has not confirmed an edit (clause 5): ask the author again, or undo the edit"
    return None


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
