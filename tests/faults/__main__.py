"""Runs rounds for a while and prints their totals: as a table, and as one JSON document on stdout.

SIGTERM or Ctrl-C ends it sooner: the round that runs then is not counted, all others are.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import count, product
from pathlib import Path
from typing import Any

from tests.databases import in_a_thread, migrate
from tests.faults.databases import CrashingServer
from tests.faults.rounds import Outcome, run_round
from tests.faults.world import Plan

_PLAN = Plan(seed="", database="", platform="")
DATABASES, PLATFORMS = ("sqlite", "postgresql"), ("slack", "discord", "web")


@dataclass(slots=True)
class Totals:
    """What the rounds of one database and platform came to."""

    rounds: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    starts: int = 0
    expected: int = 0
    lost: int = 0
    doubled: int = 0
    extra: int = 0
    refused: int = 0
    tracebacks: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    failed: dict[str, list[str]] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        self.rounds += 1
        for name in ("seconds", "starts", "expected", "lost", "doubled", "extra", "refused", "tracebacks"):
            setattr(self, name, getattr(self, name) + getattr(outcome, name))
        self.longest = max(self.longest, outcome.seconds)
        self.faults += outcome.faults
        if outcome.problems:
            self.failed[outcome.plan.seed] = outcome.problems


def main() -> int:
    given = _arguments()
    totals = {pair: Totals() for pair in product(given.database, given.platform)}
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # the sites know that their lines are bad
    with (
        suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix="paperround-soak-", ignore_cleanup_errors=True) as folder,
    ):
        _run(given, totals, Path(folder))
    _table(totals)
    print(json.dumps({"seed": given.seed, "totals": [_described(pair, total) for pair, total in totals.items()]}))
    return 1 if any(total.failed for total in totals.values()) else 0


def _end(*_: object) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # what runs is put away in peace
    raise KeyboardInterrupt


def _run(given: argparse.Namespace, totals: dict[tuple[str, str], Totals], folder: Path) -> None:
    """Runs rounds, each time for the database and platform that had least of them, until it is time."""
    until = time.monotonic() + given.minutes * 60
    model = folder / "model.db"
    in_a_thread(migrate(f"sqlite:///{model}"))
    with ExitStack() as stack:
        server = stack.enter_context(CrashingServer()) if "postgresql" in given.database else None
        for number in count():
            database, platform = min(totals, key=lambda pair: totals[pair].seconds)
            enough = all(total.faults.total() >= given.faults for total in totals.values()) if given.faults else False
            longest = max(total.longest for total in totals.values())
            if enough or (number and time.monotonic() + longest >= until):
                break
            seed = given.round or f"{given.seed}-{number}"
            processes = 1 if database == "sqlite" else given.processes or 1 + number % 3
            plan = Plan(
                seed=seed, database=database, platform=platform, processes=processes, seconds=given.seconds,
                papers=given.papers, channels=given.channels, clock=given.clock, realtime=given.realtime,
            )  # fmt: skip
            here = folder / f"round-{number}"
            here.mkdir()
            outcome = run_round(plan, here, model=model, server=server)
            totals[database, platform].add(outcome)
            _say(outcome)
            if outcome.problems:
                kept = Path(given.keep) / f"{database}-{platform}-{seed}"
                shutil.copytree(here, kept, ignore=shutil.ignore_patterns("*.pipe"), dirs_exist_ok=True)
                print(f"  kept in {kept}", file=sys.stderr, flush=True)
            shutil.rmtree(here, ignore_errors=True)
            if given.round:
                break


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--round", default="", help="the seed of a single round, to see it again")
    parser.add_argument("--minutes", type=float, default=60.0, help="no round begins that would end later")
    parser.add_argument("--faults", type=int, default=0, help="ends when every pair has had so many")
    parser.add_argument("--database", action="append", choices=DATABASES, help="both by default")
    parser.add_argument("--platform", action="append", choices=PLATFORMS, help="all by default")
    parser.add_argument("--processes", type=int, default=0, help="on PostgreSQL; one to three in turns by default")
    parser.add_argument("--seconds", type=float, default=_PLAN.seconds, help="of faults in each round")
    parser.add_argument("--papers", type=int, default=_PLAN.papers)
    parser.add_argument("--channels", type=int, default=_PLAN.channels)
    parser.add_argument("--clock", type=float, default=_PLAN.clock, help="seconds by which a clock may jump")
    parser.add_argument("--realtime", action="store_true", help="set CLOCK_REALTIME of processes; needs cc")
    parser.add_argument("--keep", default="soak-failures", help="folder for databases and logs of rounds that failed")
    given = parser.parse_args()
    given.database = given.database or list(DATABASES)
    given.platform = given.platform or list(PLATFORMS)
    return given


def _say(outcome: Outcome) -> None:
    plan = outcome.plan
    print(
        f"{time.strftime('%H:%M:%S')} {plan.database} {plan.platform} x{plan.processes} seed {plan.seed}: "
        f"{outcome.faults.total()} faults in {outcome.seconds:.0f} s, {outcome.expected} expected, "
        f"{outcome.lost} lost, {outcome.doubled} doubled, {outcome.extra} extra, {outcome.starts} starts, "
        f"{outcome.tracebacks} tracebacks",
        file=sys.stderr, flush=True,
    )  # fmt: skip
    for problem in outcome.problems[:12]:
        print(f"  {problem[:400]}", file=sys.stderr, flush=True)


def _table(totals: dict[tuple[str, str], Totals]) -> None:
    print(
        f"\n{'database':12}{'platform':10}{'rounds':>7}{'minutes':>9}{'faults':>9}{'kinds':>7}{'starts':>8}"
        f"{'expected':>10}{'lost':>6}{'doubled':>9}{'extra':>7}{'failed':>8}",
        file=sys.stderr,
    )
    for (database, platform), total in totals.items():
        print(
            f"{database:12}{platform:10}{total.rounds:7}{total.seconds / 60:9.1f}{total.faults.total():9,}"
            f"{len(total.faults):7}{total.starts:8}{total.expected:10,}{total.lost:6}{total.doubled:9}{total.extra:7}"
            f"{len(total.failed):8}",
            file=sys.stderr,
        )


def _described(pair: tuple[str, str], total: Totals) -> dict[str, Any]:
    return {
        "database": pair[0], "platform": pair[1], "rounds": total.rounds, "seconds": round(total.seconds),
        "faults": total.faults.total(), "kinds": dict(total.faults.most_common()), "starts": total.starts,
        "expected": total.expected, "lost": total.lost, "doubled": total.doubled, "extra": total.extra,
        "refused": total.refused, "tracebacks": total.tracebacks, "failed": total.failed,
    }  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
