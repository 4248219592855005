"""Which mutants there are, and a sample of them that depends on the code and a seed only."""

import difflib
import tomllib
from collections.abc import Iterable
from hashlib import sha256
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from tests.mutants.operators import FAMILIES

RISKY = (
    "agreements/domain/*.py",
    "agreements/lifecycle/*.py",
    "agreements/mail/*.py",
    "agreements/reminders/*.py",
    "agreements/requests/*.py",
    "agreements/delivery/*.py",
    "agreements/jobs/*.py",
    "agreements/documents/audit.py",
    "agreements/documents/verification.py",
    "proceedings/publisher/*.py",
    "proceedings/importing/*.py",
    "proceedings/importing/merge/*.py",
    "proceedings/accounts/*.py",
    "proceedings/delivery/*.py",
)
"""Where a mistake loses a signature, an email or a file, or shows a volume to the wrong people."""

EQUIVALENT = Path(__file__).with_name("equivalent.toml")


class Mutant(NamedTuple):
    module: str
    """Path of the module from the root of the repository."""
    family: str
    operator: str
    occurrence: int
    line: int

    def code(self, source: str) -> str:
        """The module with the change in it."""
        return str(mutate_code(source, FAMILIES[self.family][self.operator], self.occurrence))


class Change(NamedTuple):
    """What a mutant does to the text, blanks aside."""

    module: str
    was: str
    becomes: str


def change(module: str, source: str, mutated: str) -> Change:
    lines = difflib.ndiff(source.splitlines(), mutated.splitlines())
    changed = [line for line in lines if line[:2] in ("- ", "+ ")]

    def text(sign: str) -> str:
        return " ".join(" ".join(line[2:].split()) for line in changed if line[0] == sign)

    return Change(module, text("-"), text("+"))


def modules(root: Path, only: str = "") -> list[str]:
    found = chain.from_iterable(root.glob(pattern) for pattern in RISKY)
    return sorted(path for one in found if only in (path := one.relative_to(root).as_posix()))


def mutants_of(module: str, source: str) -> list[Mutant]:
    tree = get_ast(source)
    nodes = list(ast_nodes(tree))
    return [
        Mutant(module, family, name, occurrence, start[0])
        for family, operators in FAMILIES.items()
        for name, operator in operators.items()
        for occurrence, (start, _end) in enumerate(
            position for node in nodes for position in operator.mutation_positions(node)
        )
    ]


def sample(root: Path, count: int, seed: str, only: str = "") -> list[Mutant]:
    """`count` mutants, of each family in turn. Code that changes elsewhere leaves most of them the same."""
    families: dict[str, list[tuple[str, Mutant]]] = {family: [] for family in FAMILIES}
    for module in modules(root, only):
        source = (root / module).read_text(encoding="utf-8")
        lines = source.splitlines()
        seen: dict[tuple[str, ...], int] = {}
        for one in mutants_of(module, source):
            what = (module, one.operator, lines[one.line - 1].strip())
            seen[what] = seen.get(what, 0) + 1
            rank = sha256(repr((seed, what, seen[what])).encode()).hexdigest()
            families[one.family].append((rank, one))
    in_turn = zip_longest(*([one for _, one in sorted(found)] for found in families.values()))
    possible = (one for one in chain.from_iterable(in_turn) if one is not None and can_be_made(root, one))
    return sorted(islice(possible, count))


def can_be_made(root: Path, mutant: Mutant) -> bool:
    """Whether it is Python, and another text. Some operators of cosmic-ray fail on names with a dot."""
    source = (root / mutant.module).read_text(encoding="utf-8")
    try:
        mutated = mutant.code(source)
        compile(mutated, mutant.module, "exec")
    except (AttributeError, AssertionError, SyntaxError):
        return False
    return mutated != source


def equivalent(path: Path = EQUIVALENT) -> dict[Change, str]:
    """Mutants that behave as the code does, each with the reason why."""
    entries: Iterable[dict[str, str]] = tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", [])
    return {Change(one["module"], one["was"], one["becomes"]): one["why"] for one in entries}
