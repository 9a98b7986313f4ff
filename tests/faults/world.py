"""The world of a round: a feed, chats, a database and processes, what goes wrong in them, and how they become calm."""

from __future__ import annotations

import math
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bot.channels.channel import Address
from tests.faults.chats import Chat, Seen
from tests.faults.databases import Postgres, Sqlite
from tests.faults.disks import Disk
from tests.faults.feed import Feed
from tests.faults.lines import Trouble
from tests.faults.pace import LEASE
from tests.faults.program import Program, Use
from tests.faults.squeezes import SLOW_CLIENTS, few_files, names_lost, slow_clients
from tests.patience import PATIENCE

#: Topics whose papers can be told without any query language: a word of the title, and the fewest votes.
TOPICS = (("*", "", 0), ("alpha", "alpha", 0), ("beta", "beta", 0), ("* --min-upvotes 6", "", 6))
#: Seconds that may pass without any change once nothing fails any more, and in which all is to be posted.
CHANGES_WITHIN, CALM_WITHIN = PATIENCE, 900.0
#: More papers are listed only while fewer than so many wait in every channel: a digest shows 50.
MOST_WAITING = 30
_OPEN = "('pending', 'leased', 'unknown')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a round is made of. `seconds` is how long faults last, `papers` how many are listed meanwhile.

    Where a machine takes most of that time to start the program, they last until so many `faults` have befallen it.
    """

    seed: str
    database: str
    platform: str
    processes: int = 1
    seconds: float = 60.0
    papers: int = 90
    faults: int = 0
    channels: int = 30
    #: How far a clock may be set forward or back, in seconds.
    clock: float = 1800.0
    #: Whether that is done to the whole process (which takes a C compiler), instead of to what reads the clock.
    realtime: bool = False
    #: Whether processes are then left to grow old, so that it is seen what they leak.
    ages: bool = True


class World:
    """Everything that a round has, and what goes wrong in it."""

    def __init__(
        self,
        plan: Plan,
        feed: Feed,
        chat: Chat,
        database: Sqlite | Postgres,
        programs: list[Program],
        *,
        disks: Sequence[Disk],
        lines: Trouble,
    ) -> None:
        self.plan = plan
        self.feed = feed
        self.chat = chat
        self.database = database
        self.programs = programs
        self.disks = disks
        self.lines = lines
        self.faults: Counter[str] = Counter()
        self.problems: list[str] = []
        self._chance = random.Random(plan.seed)
        self._paused: dict[int, float] = {}  # until when
        self._cramped: dict[int, float] = {}
        self._excused = 0.0  # until when a process may end by itself, because it cannot start
        self._in_background: list[threading.Thread] = []

    # ---- faults

    def live(self, *, quietly: bool = False) -> None:
        """Lets papers be listed and things go wrong; `quietly` only requests, so that processes grow old."""
        plan, chance = self.plan, self._chance
        seconds, papers = (plan.seconds / 4, plan.papers // 4) if quietly else (plan.seconds, plan.papers)
        began = time.monotonic()
        listed = 0
        self.chat.share, self.feed.share, self.lines.share = 0.85, 0.4, 0.02
        if isinstance(self.database, Postgres):
            self.database.trouble.share = 0.0 if quietly else 0.004
            self._excused = math.inf  # nobody can start while the database hangs up
        while (now := time.monotonic()) - began < seconds or (
            self._befallen() < plan.faults and now - began < seconds + PATIENCE
        ):
            wanted = int(papers * min(1.0, (now - began) / (seconds * 0.8))) + 1
            if wanted > listed and self._most_missing() < MOST_WAITING:
                count = min(wanted - listed, 4)
                self.feed.list(count)
                listed += count
            self._supervise()
            if not quietly:
                (action,) = chance.choices(*zip(*self._actions(), strict=True))
                action()
            if chance.random() < 0.1:
                self.chat.share = chance.choice((0.6, 0.8, 0.9, 0.95))
            time.sleep(chance.uniform(0.03, 0.3))

    def _befallen(self) -> int:
        """How much has gone wrong so far."""
        return sum(one.faults.total() for one in (self, self.feed, self.chat, self.database, self.lines))

    def _actions(self) -> list[tuple[Callable[[], None], float]]:
        actions: list[tuple[Callable[[], None], float]] = [
            (self._kill, 2.0), (self._stop, 0.5), (self._pause, 0.3), (self._set_clock, 3.0), (_nothing, 80.0),
            (self._lose_names, 1.0), (self._run_out_of_files, 1.0), (self._be_slow, 2.0),
            (self._change_limits, 1.0),
        ]  # fmt: skip
        if all(disk.is_real for disk in self.disks):
            actions += [(self._fill_real_disk, 3.0), (self._forbid_writing, 2.0)]
        if isinstance(self.database, Postgres):
            terminate = self.database.terminate
            return [
                *actions, (lambda: terminate(1), 30.0), (lambda: terminate(20), 4.0),
                (self._crash_backend, 0.6), (self._crash_server, 0.6),
            ]  # fmt: skip
        return [*actions, (self._fill_disk, 7.0), (self._lock, 30.0)]

    def _some_program(self) -> Program | None:
        running = [one for one in self.programs if one.runs and one.number not in self._paused]
        return self._chance.choice(running) if running else None

    def _kill(self) -> None:
        if program := self._some_program():
            program.kill()
            self.faults["killed"] += 1
            self._begin(program)

    def _stop(self) -> None:
        if (program := self._some_program()) and program.number not in self._cramped:
            program.stop()
            self.faults["stopped"] += 1
            self._begin(program)

    def _begin(self, program: Program) -> None:
        self._cramped.pop(program.number, None)
        program.start()

    def _pause(self) -> None:
        if program := self._some_program():
            program.signal(signal.SIGSTOP)
            self.faults["paused beyond its lease"] += 1
            self._paused[program.number] = time.monotonic() + LEASE + self._chance.uniform(0.5, 2.0)

    def _set_clock(self) -> None:
        if program := self._some_program():
            far = self.plan.clock
            program.set_clock(self._chance.choice((0.0, self._chance.uniform(-far, far), self._chance.uniform(-5, 5))))
            self.faults["clock set"] += 1

    def _crash_backend(self) -> None:
        assert isinstance(self.database, Postgres)
        self._excuse()
        self.database.crash_backend()

    def _crash_server(self) -> None:
        assert isinstance(self.database, Postgres)
        self._excuse()
        self.database.crash()

    def _fill_disk(self) -> None:
        """Not one byte more than there are goes into any file of the process."""
        if (program := self._some_program()) and program.number not in self._cramped:
            program.may_write(self._chance.choice((0, 4096, 100_000)))
            self._excuse()
            self._cramped[program.number] = time.monotonic() + self._chance.uniform(0.3, 2.5)
            self.faults["disk full"] += 1

    def _lock(self) -> None:
        database, seconds = self.database, self._chance.choice((0.05, 0.1, 0.2, 0.3, self._chance.uniform(0.5, 2.5)))
        assert isinstance(database, Sqlite)
        self._for_a_while("locked by another program", database.locked, seconds)

    def _fill_real_disk(self) -> None:
        disk, left = self._chance.choice(self.disks), self._chance.choice((0, 4096, 100_000))
        self._for_a_while("file system full", lambda: disk.full(left), self._chance.uniform(0.3, 3.0))

    def _forbid_writing(self) -> None:
        disk = self._chance.choice(self.disks)
        self._for_a_while("file system read-only", disk.read_only, self._chance.uniform(0.3, 3.0))

    def _lose_names(self) -> None:
        if program := self._some_program():
            after = self._chance.choice((0.0, 0.5, 3.0))
            self._for_a_while("names not found", lambda: names_lost(program, after), self._chance.uniform(0.3, 3.0))

    def _run_out_of_files(self) -> None:
        if (program := self._some_program()) and program.number not in self._cramped:
            most = self._chance.choice((16, 64))
            self._for_a_while(
                "out of file descriptors", lambda: few_files(program, most), self._chance.uniform(0.3, 2.0)
            )

    def _be_slow(self) -> None:
        """Clients of the workspace that send half of what they say, or read nothing of what they asked for."""
        if program := self._some_program():
            count, saying = self._chance.choice((1, 20, 100)), self._chance.choice(SLOW_CLIENTS)
            self._for_a_while(
                "slow clients", lambda: slow_clients(program.port, count, saying), self._chance.uniform(0.3, 5.0)
            )

    def _change_limits(self) -> None:
        self.faults["limits changed"] += self.chat.change_limits()

    def _for_a_while(self, kind: str, trouble: Callable[[], AbstractContextManager[None]], seconds: float) -> None:
        """Has something be wrong for so long while the rest goes on: one thing at a time."""

        def hold() -> None:
            with trouble():
                time.sleep(seconds)

        if not any(thread.is_alive() for thread in self._in_background):
            self._excuse()
            self._in_background.append(threading.Thread(target=hold, daemon=True))
            self._in_background[-1].start()
            self.faults[kind] += 1

    def _excuse(self) -> None:
        self._excused = max(self._excused, time.monotonic() + 30)

    def _supervise(self) -> None:
        """Goes on with what was paused, and starts again what could not start, as an operator's supervisor does."""
        now = time.monotonic()
        for program in self.programs:
            if self._paused.get(program.number, now) < now:
                del self._paused[program.number]
                program.signal(signal.SIGCONT)
            if self._cramped.get(program.number, now) < now:
                del self._cramped[program.number]
                if program.runs:
                    program.may_write(None)
            if not program.runs:
                if now > self._excused:
                    program.died.append(f"it ended by itself with {program.exit_code}")
                self._begin(program)

    # ---- calm

    def become_calm(self) -> list[tuple[int, int, Use]]:
        """Ends all faults and waits until nothing is left to do; what each process (number and pid) holds then.

        What is not well by then stands in `problems`.
        """
        self.chat.share = self.feed.share = self.lines.share = 0.0
        if isinstance(self.database, Postgres):
            self.database.trouble.share = 0.0
            self._excuse()
        for thread in self._in_background:
            thread.join(30)
        now = time.monotonic()
        self._paused = dict.fromkeys(self._paused, now - 1)
        self._cramped = dict.fromkeys(self._cramped, now - 1)
        for program in self.programs:
            program.set_clock(0.0)
            program.lose_names(None)
        deadline, changed = now + CALM_WITHIN, now
        missing = ["nothing was looked at"]
        while missing and time.monotonic() < min(deadline, changed + CHANGES_WITHIN):
            self._supervise()
            time.sleep(0.4)
            before, missing = missing, self.unfinished()
            if missing != before:
                changed = time.monotonic()
        time.sleep(1.0)
        if missing:
            for program in self.programs:
                program.signal(signal.SIGUSR1)  # says in its log what its threads do
        self.problems += missing
        return [(program.number, program.pid, program.use) for program in self.programs]

    def unfinished(self) -> list[str]:
        """What is still to be done, or does not become well."""
        expected, seen = self.expected(), self.chat.seen()
        absent = sum(len(papers - _all_papers(seen[address])) for address, papers in expected.items())
        found = [f"{absent} papers are not there"] if absent else []
        if under_way := self.chat.under_way():
            found.append(f"{under_way} requests are under way")
        found += [
            f"{count} posts are {state} ({error})"
            for state, error, count in self.database.query(
                f"SELECT state, min(error), count(*) FROM posts WHERE state IN {_OPEN} GROUP BY state"
            )
        ]
        found += [
            f"{count} channels are {state}: {reason}"
            for state, reason, count in self.database.query(
                "SELECT state, min(reason), count(*) FROM channels WHERE state <> 'active' GROUP BY state"
            )
        ]
        found += [f"process {one.number}: {problem}" for one in self.programs if (problem := one.is_ready())]
        return found

    def _most_missing(self) -> int:
        """How many papers wait at most in a channel: of too many in one digest some are counted only."""
        seen = self.chat.seen()
        return max(len(papers - _all_papers(seen[address])) for address, papers in self.expected().items())

    def expected(self) -> dict[Address, set[str]]:
        found = {}
        for number, address in enumerate(self.chat.addresses):
            _, word, least = TOPICS[number % len(TOPICS)]
            found[address] = self.feed.listed(word=word, least=least)
        return found

    def keys_in_order(self) -> dict[str, int]:
        """The place of each post in the order of its channel, by its key."""
        return dict(self.database.query("SELECT key, id FROM posts"))


def _nothing() -> None:
    """Sometimes nothing happens for a moment."""


def _all_papers(seen: list[Seen]) -> set[str]:
    return {paper for message in seen for paper in message.papers}
