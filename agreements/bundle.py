"""The permissions package: ``vNNpermissions/<key>Permission.pdf`` for every sealed agreement, with its manifest.

Kept apart from the public package, because whatever lies there ends up in public (PMLR FAQ).
"""

import csv
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.core.files.storage import storages

from agreements import lifecycle
from agreements.facts import sha256
from agreements.models import Agreement
from agreements.states import LIVE, WORDS, Status
from proceedings.files import write_atomically
from proceedings.models import Paper, Volume

MANIFEST = "manifest.csv"
SUMS = "SHA256SUMS"


@dataclass(slots=True)
class Clearance:
    """Which papers of a volume may go to the publisher, and why the others may not."""

    cleared: list[Agreement] = field(default_factory=list)
    blocked: list[tuple[Paper, str]] = field(default_factory=list)

    @property
    def papers(self) -> list[Paper]:
        return [agreement.paper for agreement in self.cleared]


def clear(volume: Volume) -> Clearance:
    """Sorts the accepted papers of `volume`, in its order, into cleared and blocked."""
    clearance = Clearance()
    papers = volume.papers.filter(status=Paper.Status.ACCEPTED).select_related("volume").prefetch_related("authors")
    for paper in papers.prefetch_related("agreements__text"):
        # Newest first; the live one, of which there is at most one, before all others.
        agreements = sorted(paper.agreements.all(), key=lambda a: (a.status in LIVE, a.created_at), reverse=True)
        why = reason_against(paper, agreements[0] if agreements else None)
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
    if agreement.status != Status.SEALED:
        detail = (
            f": {agreement.reason}" if agreement.status in (Status.DECLINED, Status.VOIDED) and agreement.reason else ""
        )
        return WORDS[Status(agreement.status)] + detail
    if drifted := drift(paper, agreement):
        return f"the {' and the '.join(drifted)} changed since it was issued: replace the agreement"
    return None


def drift(paper: Paper, agreement: Agreement) -> list[str]:
    """What the paper says otherwise than its agreement, case, TeX and spaces aside."""
    changed = []
    if plain(paper.title) != plain(agreement.title):
        changed.append("title")
    if [plain(author.display) for author in paper.authors.all()] != [plain(name) for name in agreement.authors]:
        changed.append("list of authors")
    return changed


def plain(text: str) -> str:
    return re.sub(r"[\s{}\\$]+", "", text).casefold()


def write(
    clearance: Clearance,
    folder: Path,
    *,
    record: Callable[[Agreement], object],
    progress: Callable[[Iterable[Agreement]], Iterable[Agreement]] = iter,
) -> None:
    """Writes the package into `folder`. Every file is whole or absent, and two runs of one state write the same bytes.

    `record(agreement)` is called for each file that was written. A sealed file that is not the one that was sealed
    stops the delivery: raises ValueError naming it. Files of papers that are not cleared any more are taken out;
    files that this function did not write are left alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stale = written_before(folder)
    rows = [["file", "sha256", "bytes", "agreement", "paper", "title", "signer", "signed at (UTC)"]]
    for agreement in progress(clearance.cleared):
        name = f"{agreement.paper_key}Permission.pdf"
        with storages["private"].open(agreement.sealed_file) as file:
            body = file.read()
        if sha256(body) != agreement.sealed_sha256:
            raise ValueError(
                f"{agreement.reference}: the stored file {agreement.sealed_file} is not the one that was sealed. "
                "Restore it from the backup."
            )
        write_atomically(folder / name, body)
        stale.discard(name)
        signed = f"{agreement.signed_at:%Y-%m-%dT%H:%M:%SZ}"
        rows.append(
            [name, agreement.sealed_sha256, str(len(body)), agreement.reference, agreement.paper_key]
            + [formula_safe(text) for text in (agreement.title, agreement.typed_name)]
            + [signed]
        )
        record(agreement)
    for name in stale:
        (folder / name).unlink(missing_ok=True)
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(rows)
    write_atomically(folder / MANIFEST, table.getvalue().encode())
    write_atomically(folder / SUMS, "".join(f"{row[1]}  {row[0]}\n" for row in rows[1:]).encode())


def written_before(folder: Path) -> set[str]:
    """The files that an earlier delivery put into `folder`, by its manifest."""
    try:
        lines = (folder / SUMS).read_text().splitlines()
    except FileNotFoundError:
        return set()
    names = {line.split("  ", 1)[-1] for line in lines}
    return {name for name in names if re.fullmatch(r"[\w.:-]+Permission\.pdf", name)}


def formula_safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text


def note_delivered(agreement: Agreement, *, by: str, now: datetime) -> None:
    """Appends the event once per sealed file, however often the package is written."""
    if not agreement.events.filter(kind="deliver", data__sha256=agreement.sealed_sha256).exists():
        lifecycle.delivered(agreement, by=by, now=now, sha256=agreement.sealed_sha256)
