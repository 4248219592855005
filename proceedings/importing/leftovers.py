"""What imports left out: recorded until an editor corrects or dismisses it, or a later import brings it.

THE ONLY WRITER of Leftover.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db.models import QuerySet

from proceedings.bibtex.findings import Finding, Severity
from proceedings.bibtex.records import PaperRecord
from proceedings.importing.formats import Format
from proceedings.importing.merge.excerpts import CONTACTS, Excerpts
from proceedings.importing.plan import Change, PaperPlan, Plan, SourceText
from proceedings.models import Leftover, Volume

LEFT_OUT = frozenset({"author", "email", "length", "two-contacts"})
"""Rules that say that a part of an imported entry was left out: a name, an address, the end of a long text."""

_MAX_LABEL = 500


def open_leftovers(volume: Volume) -> QuerySet[Leftover]:
    """What is still left out, by file and line."""
    return Leftover.objects.filter(volume=volume, resolution="")


def record(
    volume: Volume,
    plan: Plan,
    imported: Sequence[PaperPlan],
    clashes: Collection[PaperPlan],
    *,
    now: datetime | None,
) -> None:
    """Records what applying `plan` has left out, and resolves what it has brought.

    `clashes` are new papers that were left out because another paper has their key. What an editor has dismissed or
    corrected stays so while its text is the same.
    """
    found = {one.digest: one for one in _leftovers(volume, plan, clashes, now)}
    known = {one.digest: one for one in Leftover.objects.filter(volume=volume)}
    again = [known[digest].pk for digest in found if digest in known and known[digest].resolution == "imported"]
    if again:
        Leftover.objects.filter(pk__in=again).update(resolution="", resolved_by="", resolved_at=None)
    Leftover.objects.bulk_create([one for digest, one in found.items() if digest not in known], batch_size=500)
    brought = _Brought(plan, imported, found.values())
    done = [one.pk for one in known.values() if not one.resolution and one.digest not in found and brought.has(one)]
    if done:
        by = f"import of {plan.source.bib}"[:200]
        Leftover.objects.filter(pk__in=done).update(
            resolution=Leftover.Resolution.IMPORTED, resolved_by=by, resolved_at=now
        )


def resolve(leftover: Leftover, resolution: Leftover.Resolution, *, by: str, now: datetime) -> bool:
    """Records an editor's decision. Returns False if it was resolved before."""
    mine = Leftover.objects.filter(pk=leftover.pk, resolution="")
    return bool(mine.update(resolution=resolution, resolved_by=by, resolved_at=now))


class _Brought:
    """What an import has brought: papers by their keys and numbers, and corresponding authors by paper."""

    def __init__(self, plan: Plan, imported: Sequence[PaperPlan], left_out: Iterable[Leftover]) -> None:
        self.files = {plan.source.bib, plan.source.contacts_file}
        brought = {paper.line for paper in imported}
        self.papers = {paper.key for paper in imported} | {
            paper.record.submission for paper in imported if paper.record and paper.record.submission
        }
        self.papers |= {one.source_key for one in plan.source.file.papers if one.source_key and one.line in brought}
        failed = {one.paper for one in left_out if one.format == CONTACTS}
        self.contacts = {contact.paper for contact in plan.source.table.contacts} - failed

    def has(self, leftover: Leftover) -> bool:
        """Whether it is no longer left out. Without a key, it is gone when it is gone from its file."""
        if not leftover.paper:
            return leftover.file in self.files
        return leftover.paper in (self.contacts if leftover.format == CONTACTS else self.papers)


def _leftovers(volume: Volume, plan: Plan, clashes: Collection[PaperPlan], now: datetime | None) -> Iterable[Leftover]:
    lines = [paper.line for paper in plan.papers]
    parts = {source.file: Excerpts(source, lines) for source in plan.source.texts}
    rejected = {paper.line for paper in plan.papers if paper.change is Change.REJECTED} | {
        paper.line for paper in clashes
    }
    groups: dict[tuple[str, int | None, str, str], list[Finding]] = defaultdict(list)
    texts: dict[tuple[str, int | None, str, str], str] = {}
    entries = {paper.line: paper.record for paper in plan.papers if paper.line not in rejected}
    for finding in (*plan.findings, *_clash_findings(plan, clashes)):
        part = parts.get(finding.file)
        line, text = part.cut(finding.line, finding.paper) if part else (finding.line, "")
        in_bib = finding.file == plan.source.bib
        if not _leaves_out(finding, entries.get(line or 0) if in_bib else None, text):
            continue
        key = (finding.file, line, finding.paper, "" if line in rejected else finding.field)
        groups[key].append(finding)
        texts[key] = text
    for key, findings in groups.items():
        yield _leftover(volume, key, findings, texts[key], parts.get(key[0]), now)


def _leaves_out(finding: Finding, record: PaperRecord | None, text: str) -> bool:
    """Whether something was left out: a value of an entry that was imported as `record`, or else all that an error is
    about.
    """
    if finding.severity is Severity.NOTE:
        return False
    says = not text.startswith("@") or bool(
        re.search(rf"\b{re.escape(finding.field)}\s*=[\s{{\"]*[^\s{{}}\",]", text, re.IGNORECASE)
    )
    if finding.rule in LEFT_OUT:
        return says or record is None
    if finding.severity is not Severity.ERROR or record is None:
        return finding.severity is Severity.ERROR
    if finding.rule in ("duplicate-field", "skipped"):  # the first value was taken; the text is in no field
        return True
    return says and not getattr(record, finding.field, True)


def _clash_findings(plan: Plan, clashes: Iterable[PaperPlan]) -> Iterable[Finding]:
    message = "another paper of the volume has the same key: give one of them another key"
    return [
        Finding(rule="duplicate", message=message, file=plan.source.bib, line=paper.line, paper=paper.key)
        for paper in clashes
    ]


def _leftover(
    volume: Volume,
    key: tuple[str, int | None, str, str],
    findings: Sequence[Finding],
    text: str,
    part: Excerpts | None,
    now: datetime | None,
) -> Leftover:
    file, line, paper, field = key
    reasons = "\n".join(dict.fromkeys(_reason(finding) for finding in findings))
    rule = findings[0].rule
    source = part.source if part else SourceText(file, Format.BIBTEX, "")
    same = json.dumps([source.format, paper, field, rule, text or reasons])
    return Leftover(
        volume=volume,
        file=file[:255],
        line=line,
        paper=paper[:_MAX_LABEL],
        field=field[:100],
        rule=rule[:40],
        reason=reasons,
        # Without its text, an editor writes the paper as a BibTeX entry.
        format=source.format if text else Format.BIBTEX,
        head=part.head if part and text else "",
        text=text,
        digest=hashlib.sha256(same.encode("utf-8", "surrogatepass")).hexdigest(),
        left_at=now,
    )


def _reason(finding: Finding) -> str:
    """The finding without the file and the paper, which stand beside it."""
    message = f"{finding.field}: {finding.message}" if finding.field else finding.message
    return message + (f"; proposed: {finding.fix}" if finding.fix else "")
