"""Which papers of a volume their agreements clear for publication, and the files that prove it.

A permission is kept apart from the public package, because whatever lies there ends up in public (PMLR FAQ).
"""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from agreements import lifecycle
from agreements.domain.states import LIVE, STATUS_LABELS, Status
from agreements.models import Agreement, Edit
from proceedings.delivery.items import Item, Written
from proceedings.delivery.public_package import open_stored
from proceedings.importing import name_review
from proceedings.models import Paper, Volume


@dataclass(slots=True)
class Readiness:
    """Which papers of a volume may go to the publisher, and why the others may not."""

    cleared: list[Agreement] = field(default_factory=list)
    blocked: list[tuple[Paper, str]] = field(default_factory=list)

    @property
    def papers(self) -> list[Paper]:
        return [agreement.paper for agreement in self.cleared]


def check_readiness(volume: Volume) -> Readiness:
    """Sorts the accepted papers of `volume`, in its order, into cleared and blocked."""
    clearance = Readiness()
    papers = volume.papers.filter(status=Paper.Status.ACCEPTED).select_related("volume").prefetch_related("authors")
    papers = papers.annotate(name_wrong=name_review.of_a_paper("pk", grave=True))
    for paper in papers.prefetch_related(
        "agreements__text", "agreements__seal_certificate", "agreements__edits", "files"
    ):
        # Newest first; the live one, of which there is at most one, before all others.
        agreements = sorted(paper.agreements.all(), key=lambda a: (a.status in LIVE, a.created_at), reverse=True)
        why = reason_against(paper, agreements[0] if agreements else None)
        if not why and paper.name_wrong:
            why = "an author’s name is probably wrong: correct it on the volume’s page Names"
        if why:
            clearance.blocked.append((paper, why))
        else:
            agreements[0].paper = paper
            clearance.cleared.append(agreements[0])
    return clearance


def reason_against(paper: Paper, agreement: Agreement | None) -> str | None:
    """Why the paper may not be delivered, in words; None when it may."""
    if agreement is None:
        return "no agreement issued"
    if agreement.status == Status.WAIVED:
        return None  # AC10: the chair has said why, and the manifest repeats it
    if agreement.status != Status.SEALED:
        detail = (
            f": {agreement.reason}" if agreement.status in (Status.DECLINED, Status.VOIDED) and agreement.reason else ""
        )
        return STATUS_LABELS[Status(agreement.status)] + detail
    if drifted := mismatches(paper, agreement):
        return f"the {' and the '.join(drifted)} changed after the agreement was issued: replace the agreement"
    if any(edit.blocks for edit in agreement.edits.all()):
        return "the author has not confirmed an edit (clause 5): ask the author again, or undo the edit"
    return None


def mismatches(paper: Paper, agreement: Agreement) -> list[str]:
    """What the paper says otherwise than its agreement, case, TeX and spaces aside."""
    changed = []
    if plain(paper.title) != plain(agreement.title):
        changed.append("title")
    if [plain(author.display) for author in paper.authors.all()] != [plain(name) for name in agreement.authors]:
        changed.append("list of authors")
    return changed


def plain(text: str) -> str:
    return re.sub(r"[\s{}\\$]+", "", text).casefold()


def permission(agreement: Agreement) -> Item:
    """The sealed file under the name that the publisher asks for. Raises ValueError if it is not sealed."""
    if agreement.sealed_size is None:
        raise ValueError(f"{agreement} is not sealed.")
    name = f"{agreement.paper.key}Permission.pdf"  # as the .bib file calls the paper today
    stored = partial(open_stored, agreement.sealed_file)
    return Item(name, agreement.sealed_size, agreement.sealed_sha256, stored)


def manifest(cleared: Iterable[tuple[Agreement, Written | None]]) -> bytes:
    """One row per agreement: its file, whose it is, and where its evidence lies; of a waived one, why there is none."""
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
    for agreement, evidence in cleared:
        if evidence is None:
            waived = [formula_safe(agreement.title), "", "", "", waiver(agreement), ""]
            rows.append(["", "", "", agreement.reference, agreement.paper.key, *waived])
            continue
        file = permission(agreement)
        # On paper there is a day only.
        signed = f"{agreement.dated}" if agreement.dated else f"{agreement.signed_at:%Y-%m-%dT%H:%M:%SZ}"
        texts = [formula_safe(text) for text in (agreement.title, agreement.typed_name)]
        rows.append(
            [
                *(file.name, file.sha256, str(file.size), agreement.reference, agreement.paper.key),
                *(*texts, signed, evidence.name, "", edits_in_words(agreement)),
            ]
        )
    return table(rows)


def waiver(agreement: Agreement) -> str:
    """Why, when and by whom a waived agreement was waived."""
    event = agreement.events.filter(kind="waive").latest("number")
    return formula_safe(f"{event.data['reason']} ({event.by.partition(':')[2]}, {event.at:%Y-%m-%d})")


def edits_in_words(agreement: Agreement) -> str:
    """What the editors changed after the signature and left so, and who has verified it (clause 5)."""
    kept = [edit for edit in agreement.edits.all() if edit.state in (Edit.State.NOTED, Edit.State.CONFIRMED)]
    return formula_safe("; ".join(map(edit_in_words, sorted(kept, key=lambda edit: edit.pk))))


def edit_in_words(edit: Edit) -> str:
    if edit.resolved_at is None:
        return f"{edit.what} ({edit.get_state_display()})"
    return f"{edit.what} (confirmed by {edit.resolved_by}, {edit.resolved_at:%Y-%m-%d})"


def table(rows: Iterable[Iterable[str]]) -> bytes:
    """`rows` as CSV in UTF-8."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def formula_safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text


def note_delivered(agreement: Agreement, *, by: str, now: datetime) -> None:
    """Appends the event once per sealed file, or waiver, however often the package is written."""
    if not agreement.events.filter(kind="deliver", data__sha256=agreement.sealed_sha256).exists():
        lifecycle.delivered(agreement, by=by, now=now, sha256=agreement.sealed_sha256)
