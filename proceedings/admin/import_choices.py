"""What an editor may decide in an import plan: a choice for each difference, and a tick for each new paper."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from proceedings.importing.plan import Change, Choice, Difference, Origin, PaperPlan, Plan, by_default

MAX_CHOICES = 400
"""Choices and ticks on one page; Django accepts at most a thousand fields in a form."""

GROUPS = {
    Origin.BOTH: "Changed in both",
    Origin.FILE: "Changed in the file",
    Origin.HERE: "Changed here",
}
"""In the order of the page: first what needs a decision."""


@dataclass(frozen=True, slots=True)
class Row:
    """A difference on the page, with the name of its field in the form and the choice that is made already."""

    paper: PaperPlan | None
    difference: Difference
    name: str
    preset: Choice | None
    agreement_status: str
    """Of an issued agreement that would no longer match."""


@dataclass(frozen=True)
class Choices:
    plan: Plan
    agreement_statuses: Mapping[int, str]
    """By primary key: papers with an agreement that follows no change, and its status."""

    def by_default(self, paper: PaperPlan | None, difference: Difference) -> Choice | None:
        """A change that an agreement would not follow is only taken knowingly. Without one, a new key is taken."""
        if difference.origin is Origin.FILE and difference.binding:
            return None if self.agreement_status(paper, difference) else Choice.TAKE
        return by_default(paper, difference)

    def agreement_status(self, paper: PaperPlan | None, difference: Difference) -> str:
        return self.agreement_statuses.get(paper.pk or 0, "") if paper and difference.binding else ""

    @cached_property
    def rows(self) -> dict[Origin, list[Row]]:
        """All differences by group. Papers with an agreement come first."""
        found = {}
        for origin in GROUPS:
            rows = [self._row(paper, one) for paper, one in self.plan.differences(origin)]
            rows.sort(key=lambda row: not row.agreement_status)
            found[origin] = rows
        return found

    def _row(self, paper: PaperPlan | None, difference: Difference) -> Row:
        return Row(
            paper=paper,
            difference=difference,
            name=f"choice.{paper.pk if paper else 'volume'}.{difference.field}",
            preset=self.by_default(paper, difference),
            agreement_status=self.agreement_status(paper, difference),
        )

    @cached_property
    def groups(self) -> list[tuple[Origin, str, list[Row], int]]:
        """The groups of the page: their rows, as far as they fit on it, and the number of the others."""
        left = MAX_CHOICES
        groups = []
        for origin, heading in GROUPS.items():
            shown = self.rows[origin][:left]
            left -= len(shown)
            groups.append((origin, heading, shown, len(self.rows[origin]) - len(shown)))
        return groups

    @property
    def any_difference(self) -> bool:
        return any(self.rows.values())

    @cached_property
    def new(self) -> list[PaperPlan]:
        """The new papers that fit on the page."""
        return self.plan.of(Change.NEW)[: max(MAX_CHOICES - sum(len(rows) for _, _, rows, _ in self.groups), 0)]

    @cached_property
    def rest(self) -> list[PaperPlan]:
        """The other new papers, ticked together."""
        return self.plan.of(Change.NEW)[len(self.new) :]

    def decided(self, posted: Mapping[str, str]) -> "Decided":
        """What the posted form decides."""
        on_page = {row.name for _, _, rows, _ in self.groups for row in rows}
        undecided = as_choice(posted.get("undecided", ""))
        decisions = {}
        for row in (row for rows in self.rows.values() for row in rows):
            if row.name in on_page:
                choice = as_choice(posted.get(row.name, ""))
            else:
                choice = row.preset if "rest" in posted or row.difference.origin is Origin.HERE else None
            if row.preset is None and not row.agreement_status:
                choice = choice or undecided
            decisions[row.name] = choice
        return Decided(self, decisions)

    def left_out(self, taken: Collection[str], *, rest: bool) -> set[str]:
        """The keys of new papers that are not ticked."""
        chosen = {paper.key for paper in self.new if paper.key in taken}
        if rest:
            chosen |= {paper.key for paper in self.rest}
        return {paper.key for paper in self.plan.of(Change.NEW)} - chosen


@dataclass(frozen=True)
class Decided:
    """An editor's choices. Those that are open keep what is here, and are asked again."""

    choices: Choices
    decisions: Mapping[str, Choice | None]

    def choose(self, paper: PaperPlan | None, difference: Difference) -> Choice | None:
        return self.decisions.get(f"choice.{paper.pk if paper else 'volume'}.{difference.field}")

    def count(self) -> tuple[int, int, int]:
        """The number of papers that change, of those with a difference that stays open, and of choices that would be
        remembered.
        """
        changed, still_open, remembered = set(), set(), 0
        for origin, rows in self.choices.rows.items():
            for row in rows:
                choice = self.decisions[row.name]
                key = row.paper.key if row.paper else None
                if choice is Choice.TAKE:
                    changed.add(key)
                elif choice is None and origin is not Origin.HERE:
                    still_open.add(key)
                remembered += choice is not None and (origin is not Origin.HERE or choice is Choice.TAKE)
        return len(changed - {None}), len(still_open - changed - {None}), remembered


def as_choice(value: str) -> Choice | None:
    return Choice(value) if value in set(Choice) else None
