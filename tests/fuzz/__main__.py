"""Runs the targets and prints how many inputs each was given: `python -m tests.fuzz [TARGET…] --seconds 600`."""

from __future__ import annotations

import argparse
import json
import sys
import time

from tests.fuzz.running import Outcome, run
from tests.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all by default")
    parser.add_argument("--seconds", type=float, default=300.0, help="for all of them together")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    if unknown := set(given.targets) - TARGETS.keys():
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    names = given.targets or list(TARGETS)
    outcomes: list[Outcome] = []
    for name in names:
        outcomes.append(run(TARGETS[name], seconds=given.seconds / len(names), seed=given.seed))
        outcome = outcomes[-1]
        print(
            f"{name:18} {outcome.inputs:12,} inputs {outcome.inputs / max(outcome.seconds, 0.001):9,.0f}/s "
            f"slowest {outcome.slowest * 1000:6.0f} ms  {len(outcome.crashes)} crashes",
            file=sys.stderr,
            flush=True,
        )
    crashes = {outcome.target: outcome.crashes for outcome in outcomes if outcome.crashes}
    total = {
        "seed": given.seed,
        "inputs": {outcome.target: outcome.inputs for outcome in outcomes},
        "total": sum(outcome.inputs for outcome in outcomes),
        "crashes": crashes,
    }
    print(json.dumps(total))
    return 1 if crashes else 0


if __name__ == "__main__":
    raise SystemExit(main())
