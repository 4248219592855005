"""The protocol of a mail about several papers, to be searched whole: its own row and two that it carries.

Each row moves by the rules of `mail_protocol`; here is what binds them: one claim takes all that are still wanted, one
intent takes all of the mail in hand or none, one verdict is told to all. A *mutant* leaves one of these out.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from tests.agreements.mail import protocol as single
from tests.agreements.mail.protocol import FINAL, HEALTHY, Mutants, Result, Row, Worker

CARRIER, PARTS = 0, (1, 2)
Rows = tuple[Row, ...]


class Hand(NamedTuple):
    """A worker, and the parts of which the mail in its hand speaks."""

    worker: Worker = Worker()
    parts: frozenset[int] = frozenset()


class World(NamedTuple):
    rows: Rows = (Row(),) * 3
    hands: tuple[Hand, ...] = (Hand(), Hand())
    accepted: tuple[int, ...] = (0, 0, 0)
    """How many times the server took a mail that speaks of each part."""
    ended: frozenset[int] = frozenset()
    """Parts whose agreements need no mail any more."""
    late: bool = False
    """A hand-over began of a mail that speaks of one of them, or of nothing at all."""


def put(rows: Rows, changed: dict[int, Row]) -> Rows:
    return tuple(changed.get(index, row) for index, row in enumerate(rows))


def claim(rows: Rows, token: int, mutants: Mutants) -> tuple[Rows, frozenset[int]] | None:
    """The mail with all that is still wanted of it; one of which nothing is left ends here."""
    first = single.claim(rows[CARRIER], token)
    if first is None:
        return None
    wanted = {index: row for index in PARTS if (row := single.claim(rows[index], token))}
    if not wanted and "empty_is_sent" not in mutants:
        return put(rows, {CARRIER: first._replace(state="cancelled", token=0)}), frozenset()
    return put(rows, {CARRIER: first} | wanted), frozenset(wanted)


def intend(rows: Rows, hand: Hand, mutants: Mutants) -> Rows | None:
    """All of which the mail in hand speaks, or none."""
    moved = {index: single.intend(rows[index], hand.worker.token) for index in (CARRIER, *sorted(hand.parts))}
    if None in moved.values() and ("intent_takes_what_it_gets" not in mutants or moved[CARRIER] is None):
        return None
    return put(rows, {index: row for index, row in moved.items() if row})


def settle(rows: Rows, hand: Hand, outcome: str, mutants: Mutants) -> Rows:
    told = (CARRIER,) if "verdict_is_told_to_the_mail_only" in mutants else (CARRIER, *sorted(hand.parts))
    return put(rows, {index: single.settle(rows[index], hand.worker.token, outcome) for index in told})


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
    for number, hand in enumerate(world.hands):
        for name, changed, moved in work(world, hand, mutants):
            hands = (*world.hands[:number], moved, *world.hands[number + 1 :])
            yield f"{name}{number}", changed._replace(hands=hands)


def work(world: World, hand: Hand, mutants: Mutants) -> Iterator[tuple[str, World, Hand]]:
    rows, worker = world.rows, hand.worker
    if worker.phase == "idle":
        held = {row.token for row in rows} | {other.worker.token for other in world.hands}
        token = min({1, 2, 3, 4, 5, 6} - held)
        if claimed := claim(rows, token, mutants):
            held_rows, parts = claimed
            empty = held_rows[CARRIER].state == "cancelled"
            yield "claim", world._replace(rows=held_rows), Hand() if empty else Hand(Worker("claimed", token), parts)
        return
    yield "crash", world, Hand()
    if worker.phase == "told":
        yield "settle", world._replace(rows=settle(rows, hand, worker.outcome, mutants)), Hand()
    if worker.phase == "claimed":
        yield "refused-for-now", world, hand._replace(worker=Worker("told", worker.token, "pending"))
        yield "refused-for-good", world, hand._replace(worker=Worker("told", worker.token, "failed"))
        begun = intend(rows, hand, mutants)
        if begun is None:
            yield "withdrawn", world, hand._replace(worker=Worker("told", worker.token, "pending"))
        else:
            late = world.late or bool(hand.parts & world.ended) or not hand.parts
            yield "intent", world._replace(rows=begun, late=late), hand._replace(worker=Worker("body", worker.token))
    if worker.phase == "body":
        accepted = tuple(count + (index in hand.parts) for index, count in enumerate(world.accepted))
        taken = world._replace(accepted=accepted)
        for name, after, outcome in (
            ("250-", taken, "sent"),
            ("4xx-", world, "pending"),
            ("5xx-", world, "failed"),
            ("taken-but-lost", taken, "unknown"),
        ):
            yield name, after, hand._replace(worker=Worker("told", worker.token, outcome))


def wrong(world: World) -> str:
    """The promise that this world breaks, or nothing."""
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
    """Every world that can come to be. Stops at the first broken promise, with the shortest way to it."""
    start = World()
    came_from: dict[World, tuple[World, str] | None] = {start: None}
    before: dict[World, set[World]] = {}
    queue = deque([start])
    while queue:
        world = queue.popleft()
        if broken := wrong(world):
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
