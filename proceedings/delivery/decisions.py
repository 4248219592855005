"""Findings that an editor leaves as they are: the decisions, and their effect on the findings of a check."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction

from proceedings.bibtex.findings import Finding
from proceedings.models import LeftFinding, Paper, Volume
from proceedings.publisher.rule_info import describe_rule, is_rejected, may_be_left

_COLUMNS = frozenset({"abstract", "address", "booktitle", "conference_url", "end", "key", "name", "published"}) | {
    *("section", "sections", "shortname", "start", "year")
}
Subject = tuple[int | None, str, str, str]


def apply_decisions(
    volume: Volume, papers: Sequence[Paper], findings: Iterable[Finding]
) -> tuple[list[Finding], list[tuple[Finding, LeftFinding]]]:
    """Returns the findings that still count, and those that an editor left as they are. One query.

    A finding on which the publisher's check fails goes on to count, with the editor's reason.
    """
    decisions = {
        (one.paper_id, one.rule, one.field, one.value): one for one in volume.left_findings.filter(ended_at=None)
    }
    if not decisions:
        return list(findings), []
    by_key = {paper.key: paper for paper in papers}
    kept: list[Finding] = []
    left: list[tuple[Finding, LeftFinding]] = []
    for finding in findings:
        decision = decisions.get(subject_of(volume, by_key.get(finding.paper), finding))
        if decision is None:
            kept.append(finding)
        elif is_rejected(finding):
            number = describe_rule(finding.rule).numbers
            why = f"{finding.message}; left as it is by {decision.by}, but the publisher rejects it ({number})"
            kept.append(replace(finding, message=why))
            left.append((finding, decision))
        else:
            left.append((finding, decision))
    return kept, left


def subject_of(volume: Volume, paper: Paper | None, finding: Finding) -> Subject:
    """Returns what a decision about `finding` is about: paper, rule, field, and the digest of the field's value."""
    value = _value(paper or volume, finding.field)
    return (paper.pk if paper else None), finding.rule, finding.field, hashlib.sha256(value.encode()).hexdigest()


def _value(row: Paper | Volume, field: str) -> str:
    if field == "author" and isinstance(row, Paper):
        return " and ".join(str(author.name) for author in row.authors.all())
    if field == "title" and isinstance(row, Paper):
        return row.title_latex
    if field in ("file", "pages") and isinstance(row, Paper):
        # A finding about the pages compares them with the file.
        return " ".join([row.pages, *sorted(file.sha256 for file in row.files.all())])
    if field == "editor" and isinstance(row, Volume):
        return " and ".join(row.editor_names)
    return str(getattr(row, field, "") if field in _COLUMNS else row.extra.get(field, ""))


def leave(
    volume: Volume, papers: Sequence[Paper], findings: Iterable[Finding], *, reason: str, by: str, now: datetime
) -> int:
    """Records that `findings` are left as they are, because of `reason`. Returns how many decisions are new.

    A finding that only a correction can resolve is passed over.
    """
    by_key = {paper.key: paper for paper in papers}
    made = 0
    for finding in findings:
        paper = by_key.get(finding.paper)
        paper_id, rule, field, value = subject_of(volume, paper, finding)
        if not may_be_left(finding):
            continue
        subject = {"volume": volume, "paper_id": paper_id, "rule": rule, "field": field, "value": value}
        try:
            with transaction.atomic():
                LeftFinding.objects.create(**subject, message=finding.message, reason=reason, by=by, at=now)
                made += 1
        except IntegrityError:
            continue  # one decision covers all findings of a rule in one field
    return made


def take_back(volume: Volume, keys: Iterable[int], *, by: str, now: datetime) -> int:
    """Ends the decisions with these primary keys, so that their findings count again. Returns how many."""
    return volume.left_findings.filter(pk__in=keys, ended_at=None).update(ended_by=by, ended_at=now)
