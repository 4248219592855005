"""``make mutants``: how many of a sample of small changes the tests notice, and which they do not."""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.sample import Mutant, equivalent, sample
from tests.mutants.testing import Copies, tests_of

ROOT = Path(__file__).parents[2]
ENOUGH = 0.95
"""Share of the mutants that must be noticed, those aside that behave as the code does."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=150, help="mutants in the sample (150)")
    parser.add_argument("--seed", default="1", help="another seed is another sample (1)")
    parser.add_argument(
        "--only", default="", help="a part of the path of the modules, such as lifecycle/ or planner.py"
    )
    parser.add_argument("--workers", type=int, default=2, help="mutants at a time, each in a copy (2)")
    parser.add_argument("--timeout", type=float, default=300, help="seconds until the tests count as endless (300)")
    parser.add_argument("--skip-baseline", action="store_true", help="do not test the code as it is first")
    parser.add_argument("--list", action="store_true", help="say what the sample is, and test nothing")
    return parser.parse_args()


def baseline(copies: Copies, pool: ThreadPoolExecutor, mutants: list[Mutant]) -> str:
    """What tests say that fail on the code as it is: they would notice every mutant. Also makes the database."""
    failed = copies.passes(["tests/agreements/models/test_models.py"])
    wanted = sorted({test for module in {one.module for one in mutants} for test in tests_of(module, ROOT)})
    files = [one for one in wanted if not any(one.startswith(f"{other}/") for other in wanted)]
    shares = [files[number :: copies.count] for number in range(copies.count)]
    return failed or "\n".join(filter(None, pool.map(copies.passes, filter(None, shares))))


def main() -> int:
    asked, began = arguments(), time.monotonic()
    mutants, same = sample(ROOT, asked.count, asked.seed, asked.only), equivalent()
    if asked.list:
        for mutant in mutants:
            print(f"{mutant.module}:{mutant.line} {mutant.operator}")
        return 0
    tally: Counter[str] = Counter()
    survivors: list[str] = []
    with Copies.made(ROOT, asked.workers, asked.timeout) as copies, ThreadPoolExecutor(asked.workers) as pool:
        if failed := baseline(copies, pool, [] if asked.skip_baseline else mutants):
            print(f"The tests fail on the code as it is.\n{failed}")
            return 2
        for mutant, (made, said) in zip(mutants, pool.map(copies.test, mutants), strict=True):
            outcome = "equivalent" if said == "survived" and made in same else said
            tally[outcome] += 1
            where = f"{mutant.module}:{mutant.line} {mutant.operator}"
            print(f"{tally.total():4}/{len(mutants)} {outcome:10} {where}", flush=True)
            if outcome in ("survived", "timeout"):
                survivors.append(f"{outcome} {where}\n    - {made.was}\n    + {made.becomes}")
    print(*survivors, sep="\n")
    counted = tally.total() - tally["equivalent"]
    noticed = tally["killed"] + tally["timeout"]
    score = noticed / counted if counted else 1
    print(
        f"Seed {asked.seed}: {noticed} of {counted} noticed ({score:.1%}), of these {tally['timeout']} by their time;"
        f" {tally['equivalent']} are equivalent. {(time.monotonic() - began) / 60:.1f} minutes."
    )
    return 0 if score >= ENOUGH else 1


if __name__ == "__main__":
    sys.exit(main())
