"""A model of the outbox for exhaustive search: one email, some workers, any event at any time.

It has the rules of `agreements.mail.outbox`; `test_protocol` compares both step by step. A *mutant* omits one rule; the
shortest trace to a broken invariant shows what the rule is for.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

TRIES = 2
"""Instead of the eight attempts of the outbox; the search finds the same with few."""
OPEN = ("pending", "claimed", "handing")
FINAL = ("sent", "failed", "unknown", "cancelled")
Mutants = frozenset[str]
HEALTHY: Mutants = frozenset()


class Row(NamedTuple):
    """The message in the database. The token of a claim is unique, 0 for none."""

    state: str = "pending"
    token: int = 0
    closed: bool = False
    attempts: int = 0


def claim(row: Row, token: int, mutants: Mutants = HEALTHY) -> Row | None:
    claimable = {"pending"} | ({"unknown"} if "unknown_is_claimable" in mutants else set())
    if row.state not in claimable or row.closed:
        return None
    return Row("claimed", token, closed=False, attempts=row.attempts + 1)


def give_back(row: Row, token: int, mutants: Mutants = HEALTHY) -> Row:
    """Releases a claimed email when the run's time is over. It does not count as an attempt."""
    states = ("claimed", "handing") if "handing_is_given_back" in mutants else ("claimed",)
    mine = row.token == token or "give_back_ignores_token" in mutants
    if row.state not in states or not mine or row.closed:
        return row
    return row._replace(state="pending", token=0, attempts=row.attempts - 1)


def mark_sending(row: Row, token: int, mutants: Mutants = HEALTHY) -> Row | None:
    mine = row.token == token or "intent_ignores_token" in mutants
    wanted = not row.closed or "intent_ignores_closed" in mutants
    if row.state != "claimed" or not mine or not wanted:
        return None
    return row._replace(state="sent" if "sent_before_the_dot" in mutants else "handing")


def record_result(row: Row, token: int, outcome: str, mutants: Mutants = HEALTHY, tries: int = TRIES) -> Row:
    """Returns the row after a worker's outcome: sent, unknown, failed, pending (try again) or held-up (try again
    without counting an attempt).
    """
    if outcome == "unknown" and "lost_answer_is_retried" in mutants:
        outcome = "pending"
    mine = row.token == token or f"{outcome}_ignores_token" in mutants
    if outcome == "sent":
        return row._replace(state="sent", token=0) if mine and row.state in ("handing", "unknown") else row
    if not mine or row.state not in ("claimed", "handing"):
        return row
    if outcome == "unknown":
        return row._replace(state="unknown")
    if outcome == "failed" or (outcome == "pending" and row.attempts > tries):
        return row._replace(state="failed", token=0)
    again = not row.closed or "retry_ignores_closed" in mutants
    if not again:
        return row._replace(state="cancelled", token=0)
    return row._replace(state="pending", token=0, attempts=row.attempts - (outcome == "held-up"))


def reap(row: Row, mutants: Mutants = HEALTHY, tries: int = TRIES) -> Row:
    if row.state == "handing":
        again = "handing_is_retried" in mutants
        return row._replace(state="pending", token=0) if again else row._replace(state="unknown")
    if row.state == "claimed":
        end = "cancelled" if row.closed else "failed" if row.attempts > tries else "pending"
        return row._replace(state=end, token=0)
    return row


def close(row: Row, mutants: Mutants = HEALTHY) -> Row:
    spared = ("handing",) if "closing_ignores_handing" in mutants else ()
    if row.state in OPEN and row.state not in spared:
        row = row._replace(closed=True)
    ends = ("pending",) if "closing_leaves_claimed" in mutants else ("pending", "claimed")
    return row._replace(state="cancelled", token=0) if row.closed and row.state in ends else row


class Worker(NamedTuple):
    """Phases: idle, claimed, body (sending is committed) or told (an outcome is not written yet)."""

    phase: str = "idle"
    token: int = 0
    outcome: str = ""


class World(NamedTuple):
    row: Row
    workers: tuple[Worker, ...]
    accepted: int = 0
    """How many times the server accepted the email."""
    ended: bool = False
    """Whether the agreement needs no more email."""
    late: bool = False
    """Whether sending started after that."""


def steps(world: World, mutants: Mutants) -> Iterator[tuple[str, World]]:
    """Yields every possible next step."""
    row = world.row
    yield "reap", world._replace(row=reap(row, mutants))
    if not world.ended:
        yield "close", world._replace(row=close(row, mutants), ended=True)
    for index, worker in enumerate(world.workers):
        for name, changed, moved in work(world, worker, mutants):
            workers = (*world.workers[:index], moved, *world.workers[index + 1 :])
            yield f"{name}{index}", changed._replace(workers=workers)


def work(world: World, worker: Worker, mutants: Mutants) -> Iterator[tuple[str, World, Worker]]:
    row, token = world.row, worker.token
    if worker.phase == "idle":
        held = {row.token} | {other.token for other in world.workers}
        if claimed := claim(row, min({1, 2, 3, 4, 5} - held), mutants):
            yield "claim", world._replace(row=claimed), Worker("claimed", claimed.token)
        return
    yield "crash", world, Worker()
    if worker.phase == "told":
        yield "settle", world._replace(row=record_result(row, token, worker.outcome, mutants)), Worker()
    if worker.phase == "claimed":
        yield "refused-for-now", world, Worker("told", token, "pending")
        yield "held-up", world, Worker("told", token, "held-up")
        yield "given-back", world._replace(row=give_back(row, token, mutants)), Worker()
        yield "refused-for-good", world, Worker("told", token, "failed")
        intended = row if "no_intent" in mutants else mark_sending(row, token, mutants)
        if intended is None:
            yield "withdrawn", world, Worker("told", token, "pending")
        else:
            yield "intent", world._replace(row=intended, late=world.late or world.ended), Worker("body", token)
    if worker.phase == "body":
        taken = world._replace(accepted=world.accepted + 1)
        yield "250-", taken, Worker("told", token, "sent")
        yield "4xx-", world, Worker("told", token, "pending")
        yield "5xx-", world, Worker("told", token, "failed")
        yield "taken-but-lost", taken, Worker("told", token, "unknown")
        yield "lost", world, Worker("told", token, "unknown")


def broken_invariant(world: World) -> str:
    """Returns the invariant that this world breaks, or an empty text."""
    if world.accepted > 1:
        return "I1 sent twice"
    if world.row.state == "sent" and not world.accepted and all(worker.phase != "body" for worker in world.workers):
        return "I2 sent and never accepted"
    if world.late:
        return "I3 handed over after the end"
    if world.row.state in ("pending", "claimed", "cancelled", "failed") and world.accepted:
        told = any(worker.phase == "told" and worker.outcome == "sent" for worker in world.workers)
        return "" if told and world.row.state == "claimed" else "I4 accepted and said not to be"
    return ""


class Result(NamedTuple):
    worlds: int
    broken: str = ""
    trace: tuple[str, ...] = ()


def search(mutants: Mutants = HEALTHY, workers: int = 2) -> Result:
    """Visits every reachable world. Stops at the first broken invariant, with the shortest trace."""
    start = World(Row(), (Worker(),) * workers)
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
    stuck = set(came_from) - can_end(came_from, before)
    if stuck:
        world = next(one for one in came_from if one in stuck)
        return Result(len(came_from), "I5 never ends", trace_to(world, came_from))
    return Result(len(came_from))


def can_end(worlds: dict[World, tuple[World, str] | None], before: dict[World, set[World]]) -> set[World]:
    """Returns the worlds from which a final state can be reached."""
    good = {world for world in worlds if world.row.state in FINAL}
    queue = deque(good)
    while queue:
        for earlier in before.get(queue.popleft(), ()):
            if earlier not in good:
                good.add(earlier)
                queue.append(earlier)
    return good


def trace_to(world: World, came_from: dict[World, tuple[World, str] | None]) -> tuple[str, ...]:
    trace: list[str] = []
    while step := came_from[world]:
        world, name = step
        trace.append(name)
    return tuple(reversed(trace))
