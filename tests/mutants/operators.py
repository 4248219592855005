"""What a mutant changes: the operators of cosmic-ray that say something here, and ours for queries and transactions."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator
from parso.python.tree import Name

Span = tuple[tuple[int, int], tuple[int, int]]

NARROWING = {"filter", "exclude", "select_for_update"}
CLEANING = {"strip", "lower", "casefold"}
WITH_CONDITIONS = {"filter", "exclude", "get", "get_or_create", "update_or_create"}


def calls(node: Any, names: set[str]) -> list[int]:
    """Where in a chain such as ``a.b(c).d(e)`` one of `names` is called: the places of their dots."""
    if node.type != "atom_expr":
        return []
    parts = node.children
    return [
        place
        for place, (part, after) in enumerate(pairwise(parts))
        if part.type == after.type == "trailer"
        and part.children[0].value == "."
        and part.children[1].value in names
        and after.children[0].value == "("
    ]


class Ours(Operator):  # type: ignore[misc]
    """An operator whose places in a node are a list."""

    def places(self, node: Any) -> list[Any]:
        raise NotImplementedError

    def change(self, node: Any, place: Any) -> Any:
        raise NotImplementedError

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        # All positions before the first is given: cosmic-ray changes the node while it goes through them.
        parts = [node.children[place] if isinstance(place, int) else place for place in self.places(node)]
        yield from [(part.start_pos, part.end_pos) for part in parts]

    def mutate(self, node: Any, index: int) -> Any:
        return self.change(node, self.places(node)[index])

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return ()


class DropFilter(Ours):
    """``rows.filter(…)`` -> ``rows.all()``."""

    def places(self, node: Any) -> list[Any]:
        return calls(node, NARROWING)

    def change(self, node: Any, place: int) -> Any:
        node.children[place].children[1].value = "all"
        brackets = node.children[place + 1].children
        brackets[1:-1] = []
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example("x = A.objects.filter(a=1, b=2).first()", "x = A.objects.all().first()"),
            Example("x = rows.filter(a=1).exclude(b=2)", "x = rows.filter(a=1).all()", occurrence=1),
        )


class DropCondition(Ours):
    """``rows.filter(a=1, b=2)`` -> ``rows.filter(b=2)``."""

    def places(self, node: Any) -> list[Any]:
        arguments = [node.children[place + 1].children[1] for place in calls(node, WITH_CONDITIONS)]
        return [
            child
            for argument in arguments
            if argument.type == "arglist"
            for child in argument.children
            if child.type == "argument" and child.children[0].type == "name"
        ]

    def change(self, node: Any, place: Any) -> Any:
        arguments = place.parent.children
        at = arguments.index(place)
        comma = at + 1 if at + 1 < len(arguments) else at - 1
        for index in sorted((at, comma), reverse=True):
            del arguments[index]
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example("x = rows.filter(a=1, b=2)", "x = rows.filter( b=2)"),
            Example("x = rows.filter(a=1, b=2)", "x = rows.filter(a=1)", occurrence=1),
        )


class DropCleaning(Ours):
    """``text.strip()`` -> ``text``."""

    def places(self, node: Any) -> list[Any]:
        return calls(node, CLEANING)

    def change(self, node: Any, place: int) -> Any:
        del node.children[place : place + 2]
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example("x = text.strip().split()", "x = text.split()"),
            Example("x = text.strip().lower()", "x = text.lower()"),
            Example("x = text.strip().lower()", "x = text.strip()", occurrence=1),
        )


class DropCall(Ours):
    """A statement that only calls something -> ``pass``. Not what is written to the log."""

    def places(self, node: Any) -> list[Any]:
        if node.type != "simple_stmt" or node.children[0].type != "atom_expr":
            return []
        call = node.children[0]
        last = call.children[-1]
        is_call = last.type == "trailer" and last.children[0].value == "("
        return [call] if is_call and call.get_first_leaf().value != "logger" else []

    def change(self, node: Any, place: Any) -> Any:
        node.children[0] = Name("pass", place.start_pos, prefix=place.get_first_leaf().prefix)
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("if a:\n    b.c(1)\n    d()\n", "if a:\n    b.c(1)\n    pass\n", occurrence=1),)


class DropTransaction(Ours):
    """``with transaction.atomic():`` -> ``if True:``."""

    def places(self, node: Any) -> list[Any]:
        is_with = node.type == "with_stmt" and node.children[1].get_code().startswith(" transaction.atomic(")
        return [node.children[1]] if is_with else []

    def change(self, node: Any, place: Any) -> Any:
        node.children[0].value = "if"
        node.children[1] = Name("True", place.start_pos, prefix=" ")
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("with transaction.atomic():\n    a()", "if True:\n    a()"),)


def core(*names: str) -> dict[str, Operator]:
    return {name: get_operator(f"core/{name}")() for name in names}


def comparison(*names: str) -> dict[str, Operator]:
    return core(*(f"ReplaceComparisonOperator_{name}" for name in names))


FAMILIES: dict[str, dict[str, Operator]] = {
    "queries": {"DropFilter": DropFilter(), "DropCondition": DropCondition()},
    "calls": {"DropCall": DropCall(), "DropCleaning": DropCleaning(), "DropTransaction": DropTransaction()},
    "conditions": core("AddNot", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceUnaryOperator_Delete_Not"),
    "comparisons": comparison("Eq_NotEq", "NotEq_Eq", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Is_IsNot", "IsNot_Is"),
    "values": core(
        "NumberReplacer",
        "ReplaceTrueWithFalse",
        "ReplaceFalseWithTrue",
        "ReplaceBinaryOperator_Add_Sub",
        "ReplaceBinaryOperator_Sub_Add",
    ),
    "flow": core(
        "ExceptionReplacer",
        "ZeroIterationForLoop",
        "ReplaceBreakWithContinue",
        "ReplaceContinueWithBreak",
    ),
}
"""Operators by what they touch. A sample has about as many mutants of each family."""
