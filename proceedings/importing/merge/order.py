"""The order of the papers: compared three ways as one field of the volume, and written as positions. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from proceedings.importing.merge.fields import Said, difference, origin
from proceedings.importing.plan import Difference, Origin
from proceedings.models import Paper


def compare_order(said: Said, in_file: Sequence[int], rows: Mapping[int, Paper]) -> Difference | None:
    """Returns the difference between the order in the file and the order here, of the papers in both."""
    both = set(in_file)
    ours = [pk for pk in rows if pk in both]
    theirs = list(in_file)
    if ours == theirs:
        return None
    base = said.get("order")
    where = Origin.BOTH
    shown = None
    if base:
        known = set(base["value"])
        last = [pk for pk in base["value"] if pk in both]
        values = [[pk for pk in order if pk in known] for order in (theirs, ours)]
        where = origin({"order": {"value": last}}, "order", *values) or Origin.BOTH
        shown = {**base, "value": _keys(last, rows)}
    return difference("order", where, shown, _keys(theirs, rows), _keys(ours, rows), label="order of the papers")


def _keys(order: Iterable[int], rows: Mapping[int, Paper]) -> list[str]:
    return [rows[pk].key for pk in order]


def arrange(in_file: Sequence[Paper], here: Sequence[Paper], *, follow: bool) -> list[Paper]:
    """Returns the papers in their new order, those of the file and those only here.

    If they `follow` the file, all of it comes in its order. Else the order here stays, and each new paper comes after
    the one before it in the file, or before the first known one. Papers of a file that knows no other come last.
    """
    if follow:
        return list(in_file)
    after: dict[int | None, list[Paper]] = {}
    last: int | None = None
    for paper in in_file:
        if paper.pk:
            last = paper.pk
        else:
            after.setdefault(last, []).append(paper)
    leading = after.pop(None, [])
    first = next((paper.pk for paper in in_file if paper.pk), None)
    arranged: list[Paper] = []
    for paper in here:
        arranged += [*(leading if paper.pk == first else []), paper, *after.pop(paper.pk, [])]
    return arranged if first else [*arranged, *leading]


def number(papers: Iterable[Paper]) -> None:
    """Sets the papers' positions in this order. A gap that another paper left moves nobody."""
    last = 0
    for paper in papers:
        last = paper.position = max(paper.position, last + 1)
