"""The findings of a volume grouped by rule, as the page *Checks* shows them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from proceedings.bibtex.findings import Finding, Severity
from proceedings.delivery.fixes import FIXABLE, Corrections, FieldChange
from proceedings.delivery.volume_check import Report
from proceedings.models import Paper
from proceedings.publisher.rule_info import INFO, RuleInfo, describe_rule, may_be_left

MAX_ROWS = 100
"""Findings of one rule on the page; the report has all. "Apply to all" applies to all, also those not shown."""
_CONTEXT = 60
_LONGEST = 200
"""Characters of a changed part; the paper's page has all."""
_FOR_ERRORS = frozenset({"names"})
"""Rules whose corrections are for their errors: a warning about a name is resolved under *Names*."""


@dataclass(frozen=True, slots=True)
class ShownChange:
    """The words of a field that differ, and some text around them."""

    before: str
    old: str
    new: str
    after: str


@dataclass(slots=True)
class Row:
    """One finding on the page, with the correction of its field."""

    finding: Finding
    paper: Paper | None
    changes: list[ShownChange] = field(default_factory=list)
    held: bool = False
    """Whether the correction would make the agreement a mismatch, so that it is applied only here."""
    leavable: bool = False

    @property
    def token(self) -> str:
        """Names the row in a form."""
        return f"{self.finding.rule}:{self.paper.pk if self.paper else 0}:{self.finding.field}"


@dataclass(slots=True)
class Group:
    """The findings of one rule and severity."""

    rule: str
    severity: Severity
    info: RuleInfo
    rows: list[Row] = field(default_factory=list)
    total: int = 0
    papers: int = 0
    own_changes: list[FieldChange] = field(default_factory=list)

    @property
    def correctable(self) -> int:
        """How many papers, and the volume itself, the button for all would change."""
        rows = {row.paper.pk for row in self.rows if row.paper and row.changes and not row.held}
        return len(rows) + bool(self.own_changes)

    @property
    def example(self) -> ShownChange | None:
        """The first change, shown while the findings are folded."""
        return next((change for row in self.rows for change in row.changes), None)

    @property
    def leavable(self) -> bool:
        return any(row.leavable for row in self.rows)

    @property
    def more(self) -> int:
        return max(0, self.total - len(self.rows))


def group_findings(report: Report, severity: Severity) -> list[Group]:
    """Returns the findings of `severity` by rule, in the order of `INFO`, without rows."""
    order = list(INFO)
    by_rule: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in report.of(severity):
        by_rule[finding.rule].append(finding)
    ranked = sorted(by_rule, key=lambda rule: order.index(rule) if rule in INFO else len(order))
    return [
        Group(
            rule,
            severity,
            describe_rule(rule),
            total=len(by_rule[rule]),
            papers=len({finding.paper for finding in by_rule[rule]}),
        )
        for rule in ranked
    ]


def add_rows(groups: Iterable[Group], report: Report, papers: Sequence[Paper], corrections: Corrections) -> None:
    """Adds the rows to `groups`: findings that a program can correct first, each with a short view of its change."""
    by_key = {paper.key: paper for paper in papers}
    for group in groups:
        found = [one for one in report.of(group.severity) if one.rule == group.rule]
        fixable = group.rule in FIXABLE and (group.severity is Severity.ERROR or group.rule not in _FOR_ERRORS)
        group.own_changes = corrections.own_changes(group.rule) if fixable else []
        changes: dict[int, list[FieldChange]] = {}
        for finding in found[:MAX_ROWS]:
            row = Row(finding, by_key.get(finding.paper), leavable=may_be_left(finding))
            if row.paper and fixable:
                if row.paper.pk not in changes:
                    changes[row.paper.pk] = corrections.changes(row.paper.pk, group.rule)
                row.changes = [shorten(one) for one in changes[row.paper.pk] if one.field == finding.field]
            elif fixable:
                row.changes = [shorten(one) for one in group.own_changes]
            group.rows.append(row)


def shorten(change: FieldChange) -> ShownChange:
    """Returns the words of a change that differ, with some text around them."""
    old, new = change.old, change.new
    most = min(len(old), len(new))
    start = next((at for at in range(most) if old[at] != new[at]), most)
    start = old.rfind(" ", 0, start) + 1
    end = next((at for at in range(most - start) if old[-1 - at] != new[-1 - at]), max(0, most - start))
    blank = old.find(" ", len(old) - end)
    end = len(old) - blank if end and blank >= 0 else 0
    before, after = old[:start], old[len(old) - end :] if end else ""
    if len(before) > _CONTEXT:
        before = f"…{before[-_CONTEXT:]}"
    if len(after) > _CONTEXT:
        after = f"{after[:_CONTEXT]}…"
    return ShownChange(before, _cut(old[start : len(old) - end]), _cut(new[start : len(new) - end]), after)


def _cut(text: str) -> str:
    """Returns the beginning of a long text."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
