"""The mutants themselves: what is changed, that a sample depends on its seed only, and that excuses are up to date."""

from pathlib import Path

import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example, Operator

from tests.mutants import sample, testing
from tests.mutants.operators import FAMILIES, Ours

ROOT = Path(__file__).parents[2]
OURS = [operator for family in FAMILIES.values() for operator in family.values() if isinstance(operator, Ours)]
EXAMPLES = [(operator, example) for operator in OURS for example in operator.examples()]


@pytest.mark.parametrize(("operator", "example"), EXAMPLES)
def test_our_operators_make_their_examples(operator: Operator, example: Example) -> None:
    assert mutate_code(example.pre_mutation_code, operator, example.occurrence) == example.post_mutation_code


def test_every_operator_of_ours_has_an_example() -> None:
    assert {type(operator) for operator, _ in EXAMPLES} == {type(operator) for operator in OURS}


def test_a_sample_depends_on_the_seed_only() -> None:
    one, again, other = (sample.sample(ROOT, 12, seed, "agreements/reminders/") for seed in ("1", "1", "2"))
    assert one == again != other
    assert {mutant.family for mutant in one} == set(FAMILIES)


def test_every_risky_module_has_tests() -> None:
    assert all(testing.tests_of(module, ROOT) for module in sample.modules(ROOT))


def test_what_is_excused_as_equivalent_is_in_the_code() -> None:
    for change, why in sample.equivalent().items():
        code = " ".join((ROOT / change.module).read_text(encoding="utf-8").split())
        assert change.was in code, f"{change.module} has no such code any more: {change.was}"
        assert change.becomes not in code or change.becomes in change.was
        assert why
