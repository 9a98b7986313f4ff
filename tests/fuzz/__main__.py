"""Runs the targets and prints how many inputs each was given: `python -m tests.fuzz [TARGET…] --seconds 600`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from tests.fuzz.instrumentation import MISSING, instrumented, is_there


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all by default")
    parser.add_argument("--seconds", type=float, default=300.0, help="for all of them together")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--guided", action="store_true", help="change what reached new code further (needs Atheris)")
    parser.add_argument(
        "--corpus",
        type=Path,
        help="the folder of what reached something: guided runs add to it, and others change it, too",
    )
    given = parser.parse_args()
    if given.guided and not is_there():
        parser.error(MISSING)
    with instrumented(wanted=given.guided):
        from tests.fuzz import guided, running
        from tests.fuzz.targets import TARGETS
    if unknown := set(given.targets) - TARGETS.keys():
        parser.error(f"there is no target {', '.join(sorted(unknown))}, but {', '.join(TARGETS)}")
    names = given.targets or list(TARGETS)
    outcomes = []
    for name in names:
        target, seconds = TARGETS[name], given.seconds / len(names)
        run = guided.run if given.guided else running.run
        outcome = run(target, seconds=seconds, seed=given.seed, corpus=given.corpus)
        outcomes.append(outcome)
        print(outcome.line, file=sys.stderr, flush=True)
    total = sum(outcome.inputs for outcome in outcomes)
    print(json.dumps({"seed": given.seed, "total": total, "targets": [asdict(outcome) for outcome in outcomes]}))
    return 1 if any(outcome.crashes for outcome in outcomes) else 0


if __name__ == "__main__":
    raise SystemExit(main())
