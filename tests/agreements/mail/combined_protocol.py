"""A model of a combined email for exhaustive search: its own row and two parts.

Each row follows the rules of `protocol`. In addition, one claim takes all parts that are still needed, one mark as
sending takes all of them or none, and one outcome applies to all. A *mutant* omits one of these rules.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from tests.agreements.mail import protocol as single
from tests.agreements.mail.protocol import FINAL, HEALTHY, Mutants, Result, Row, Worker

CARRIER, PARTS = 0, (1, 2)
Rows = tuple[Row, ...]


class Sender(NamedTuple):
    """A worker and the parts of its email."""

    worker: Worker = Worker()
    parts: frozenset[int] = frozenset()


class World(NamedTuple):
    rows: Rows = (Row(),) * 3
    senders: tuple[Sender, ...] = (Sender(), Sender())
    accepted: tuple[int, ...] = (0, 0, 0)
    """How many times the server accepted an email with each part."""
    ended: frozenset[int] = frozenset()
    """Parts whose agreements need no more email."""
    late: bool = False
    """Whether sending started with a part that has ended, or without any part."""


def put(rows: Rows, changed: dict[int, Row]) -> Rows:
    return tuple(changed.get(index, row) for index, row in enumerate(rows))


def claim(rows: Rows, token: int, mutants: Mutants) -> tuple[Rows, frozenset[int]] | None:
    """Claims the email with all parts that are still needed. Without any, it is cancelled."""
    first = single.claim(rows[CARRIER], token)
    if first is None:
        return None
    wanted = {index: row for index in PARTS if (row := single.claim(rows[index], token))}
    if not wanted and "empty_is_sent" not in mutants:
        return put(rows, {CARRIER: first._replace(state="cancelled", token=0)}), frozenset()
    return put(rows, {CARRIER: first} | wanted), frozenset(wanted)


def mark_sending(rows: Rows, sender: Sender, mutants: Mutants) -> Rows | None:
    """Marks the email and all its parts, or none."""
    moved = {index: single.mark_sending(rows[index], sender.worker.token) for index in (CARRIER, *sorted(sender.parts))}
    if None in moved.values() and ("intent_takes_what_it_gets" not in mutants or moved[CARRIER] is None):
        return None
    return put(rows, {index: row for index, row in moved.items() if row})


def record_result(rows: Rows, sender: Sender, outcome: str, mutants: Mutants) -> Rows:
    told = (CARRIER,) if "verdict_is_told_to_the_mail_only" in mutants else (CARRIER, *sorted(sender.parts))
    return put(rows, {index: single.record_result(rows[index], sender.worker.token, outcome) for index in told})


def reap(rows: Rows, mutants: Mutants) -> Rows:
    token = rows[CARRIER].token
    if rows[CARRIER].state not in ("claimed", "handing"):
        return rows
    held = [CARRIER] + [index for index in PARTS if rows[index].token == token]
    held = [CARRIER] if "parts_are_not_reaped" in mutants else held
    return put(rows, {index: single.reap(rows[index]) for index in held})


def steps(world: World, mutants: Mutants) -> Iterator[tuple[str, World]]:
    yield "reap", world._replace(rows=reap(world.rows, mutants))
    for index in PARTS:
        if index not in world.ended:
            closed = put(world.rows, {index: single.close(world.rows[index])})
            yield f"close{index}", world._replace(rows=closed, ended=world.ended | {index})
    for number, sender in enumerate(world.senders):
        for name, changed, moved in work(world, sender, mutants):
            senders = (*world.senders[:number], moved, *world.senders[number + 1 :])
            yield f"{name}{number}", changed._replace(senders=senders)


def work(world: World, sender: Sender, mutants: Mutants) -> Iterator[tuple[str, World, Sender]]:
    rows, worker = world.rows, sender.worker
    if worker.phase == "idle":
        held = {row.token for row in rows} | {other.worker.token for other in world.senders}
        token = min({1, 2, 3, 4, 5, 6} - held)
        if claimed := claim(rows, token, mutants):
            held_rows, parts = claimed
            empty = held_rows[CARRIER].state == "cancelled"
            yield (
                "claim",
                world._replace(rows=held_rows),
                Sender() if empty else Sender(Worker("claimed", token), parts),
            )
        return
    yield "crash", world, Sender()
    if worker.phase == "told":
        yield "settle", world._replace(rows=record_result(rows, sender, worker.outcome, mutants)), Sender()
    if worker.phase == "claimed":
        yield "refused-for-now", world, sender._replace(worker=Worker("told", worker.token, "pending"))
        yield "refused-for-good", world, sender._replace(worker=Worker("told", worker.token, "failed"))
        begun = mark_sending(rows, sender, mutants)
        if begun is None:
            yield "withdrawn", world, sender._replace(worker=Worker("told", worker.token, "pending"))
        else:
            late = world.late or bool(sender.parts & world.ended) or not sender.parts
            yield "intent", world._replace(rows=begun, late=late), sender._replace(worker=Worker("body", worker.token))
    if worker.phase == "body":
        accepted = tuple(count + (index in sender.parts) for index, count in enumerate(world.accepted))
        taken = world._replace(accepted=accepted)
        for name, after, outcome in (
            ("250-", taken, "sent"),
            ("4xx-", world, "pending"),
            ("5xx-", world, "failed"),
            ("taken-but-lost", taken, "unknown"),
        ):
            yield name, after, sender._replace(worker=Worker("told", worker.token, outcome))


def broken_invariant(world: World) -> str:
    """Returns the invariant that this world breaks, or an empty text."""
    if max(world.accepted) > 1:
        return "I1 sent twice"
    if world.late:
        return "I3 handed over after the end"
    carrier = world.rows[CARRIER]
    for index in PARTS:
        part = world.rows[index]
        if part.state not in (carrier.state, "cancelled"):
            return "torn: a part is elsewhere than its mail"
        if part.state == "sent" and not world.accepted[index]:
            return "I2 sent and never accepted"
        if part.state in ("pending", "cancelled", "failed") and world.accepted[index]:
            return "I4 accepted and said not to be"
    return ""


def search(mutants: Mutants = HEALTHY) -> Result:
    """Visits every reachable world. Stops at the first broken invariant, with the shortest trace."""
    start = World()
    came_from: dict[World, tuple[World, str] | None] = {start: None}
    before: dict[World, set[World]] = {}
    queue = deque([start])
    while queue:
        world = queue.popleft()
        if broken := broken_invariant(world):
            return Result(len(came_from), broken, trace_to(world, came_from))
        for name, following in steps(world, mutants):
            before.setdefault(following, set()).add(world)
            if following not in came_from:
                came_from[following] = (world, name)
                queue.append(following)
    good = {world for world in came_from if all(row.state in FINAL for row in world.rows)}
    queue = deque(good)
    while queue:
        for earlier in before.get(queue.popleft(), ()):
            if earlier not in good:
                good.add(earlier)
                queue.append(earlier)
    if stuck := next((world for world in came_from if world not in good), None):
        return Result(len(came_from), "I5 never ends", trace_to(stuck, came_from))
    return Result(len(came_from))


def trace_to(world: World, came_from: dict[World, tuple[World, str] | None]) -> tuple[str, ...]:
    trace: list[str] = []
    while step := came_from[world]:
        world, name = step
        trace.append(name)
    return tuple(reversed(trace))
