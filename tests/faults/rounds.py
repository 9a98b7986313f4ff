"""One round: the program on a new database, faults for a while, calm, and what must hold then."""

from __future__ import annotations

import math
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from structlog.testing import capture_logs

from bot.app.application import open_application
from bot.app.configuration.settings import Settings
from bot.channels.channel import Address
from bot.messages.plain import plain_text
from bot.platforms.command_calls import CommandCall, Person
from tests.databases import in_a_thread
from tests.faults.chats import Chat, Discord, Seen, Slack, Web
from tests.faults.databases import CrashingServer, FaultyDatabase, Postgres, Sqlite, free_port
from tests.faults.feed import Feed
from tests.faults.pace import LEASE
from tests.faults.program import Program, Use

#: Topics whose papers can be told without any query language: a word of the title, and the fewest votes.
TOPICS = (("*", "", 0), ("alpha", "alpha", 0), ("beta", "beta", 0), ("* --min-upvotes 6", "", 6))
#: Seconds that everything may take to be posted once nothing fails any more.
CALM_WITHIN = 150.0
#: More papers are listed only while fewer than so many wait in every channel: a digest shows 50.
MOST_WAITING = 30
#: What a process may hold when it has nothing to do, and by how much it may grow while it works.
MOST_FILES, MOST_TASKS = 150, 80
MORE_FILES, MORE_TASKS, MORE_MEMORY = 25, 15, 80_000_000
_OPEN = "('pending', 'leased', 'unknown')"
_OPERATOR = Person(id="operator", name="Operator", may_manage=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a round is made of. `seconds` is how long faults last, `papers` how many are listed meanwhile."""

    seed: str
    database: str
    platform: str
    processes: int = 1
    seconds: float = 60.0
    papers: int = 90
    channels: int = 30
    #: How far a clock may be set forward or back, in seconds.
    clock: float = 1800.0
    #: Whether processes are then left to grow old, so that it is seen what they leak.
    ages: bool = True


@dataclass(slots=True)
class Outcome:
    """What came of a round. `expected` counts pairs of channel and paper; `problems` is empty where all held."""

    plan: Plan
    faults: Counter[str] = field(default_factory=Counter)
    expected: int = 0
    lost: int = 0
    doubled: int = 0
    extra: int = 0
    starts: int = 0
    seconds: float = 0.0
    tracebacks: int = 0
    problems: list[str] = field(default_factory=list)


def run_round(plan: Plan, folder: Path, *, model: Path, server: CrashingServer | None) -> Outcome:
    """Runs a round in an empty folder. `model` is a migrated SQLite file, `server` for rounds on PostgreSQL."""
    began = time.monotonic()
    outcome = Outcome(plan)
    with ExitStack() as stack:
        database: Sqlite | Postgres
        if plan.database == "sqlite":
            database = Sqlite(folder, model)
        else:
            assert server is not None
            database = Postgres(server, plan.seed)
        stack.callback(database.close)
        chat = _chat(plan, database)
        stack.callback(chat.close)
        feed = stack.enter_context(Feed(plan.seed))
        environment = _environment(plan, folder, feed, chat, database)
        _set_up(environment, chat)
        programs = [Program(folder, environment, free_port(), number=number) for number in range(plan.processes)]
        for program in programs:
            stack.callback(program.close)
            program.start()
        world = World(plan, feed, chat, database, programs)
        world.live()
        use = world.become_calm(outcome)
        if plan.ages:
            world.live(quietly=True)
            _judge_use(use, world.become_calm(outcome), outcome)
        _judge(world, outcome)
        for program in programs:
            if code := program.stop():
                outcome.problems.append(f"process {program.number} ended with {code}")
        for program in programs:
            outcome.problems += [f"process {program.number}: {death}" for death in program.died]
            outcome.starts += program.starts
            outcome.tracebacks += program.log.read_text(errors="replace").count("Traceback (most recent call last)")
        outcome.faults += world.faults + feed.faults + chat.faults + database.faults
        if plan.database == "sqlite":
            outcome.faults["statement refused"] += sum(program.database_errors for program in programs)
    outcome.seconds = time.monotonic() - began
    return outcome


def _chat(plan: Plan, database: FaultyDatabase) -> Chat:
    match plan.platform:
        case "slack":
            return Slack(plan.seed, plan.channels)
        case "discord":
            return Discord(plan.seed, plan.channels)
        case _:
            return Web(database, plan.channels)


def _environment(plan: Plan, folder: Path, feed: Feed, chat: Chat, database: FaultyDatabase) -> dict[str, str]:
    settings = {
        "data_dir": str(folder / "data"),
        "database_url": database.url,
        "huggingface_url": feed.url,
        "log_format": "json",
        "arxiv_api_url": feed.url,
        "arxiv_rss_url": feed.url,
        "arxiv_categories": "none",
        "embedding_model": "none",
        **chat.settings,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PAPERROUND_")}
    return kept | {f"PAPERROUND_{name.upper()}": value for name, value in settings.items()}


def _set_up(environment: dict[str, str], chat: Chat) -> None:
    """Gives each channel a topic, by the commands that people give, before anything runs."""
    given = {name.removeprefix("PAPERROUND_").lower(): value for name, value in environment.items()}
    settings = Settings.model_validate({name: given[name] for name in Settings.model_fields if name in given})

    async def give() -> None:
        async with open_application(settings, sources=[]) as application:
            for number, address in enumerate(chat.addresses):
                style = chat.styles[number % len(chat.styles)]
                for line in (
                    f"subscribe {TOPICS[number % len(TOPICS)][0]}", "schedule instant", f"settings style {style}",
                    "settings limit 50",
                ):  # fmt: skip
                    call = CommandCall(line=line, address=address, channel_name=f"channel-{number}", person=_OPERATOR)
                    reply = await application.commands.run(call)
                    assert not reply.failed, plain_text(reply.message)

    with capture_logs():
        in_a_thread(give())


class World:
    """Everything that a round has, and what goes wrong in it."""

    def __init__(
        self, plan: Plan, feed: Feed, chat: Chat, database: Sqlite | Postgres, programs: list[Program]
    ) -> None:
        self.plan = plan
        self.feed = feed
        self.chat = chat
        self.database = database
        self.programs = programs
        self.faults: Counter[str] = Counter()
        self._chance = random.Random(plan.seed)
        self._paused: dict[int, float] = {}  # until when
        self._cramped: dict[int, float] = {}
        self._excused = 0.0  # until when a process may end by itself, because it cannot start
        self._locks: list[threading.Thread] = []

    # ---- faults

    def live(self, *, quietly: bool = False) -> None:
        """Lets papers be listed and things go wrong; `quietly` only requests, so that processes grow old."""
        plan, chance = self.plan, self._chance
        seconds, papers = (plan.seconds / 4, plan.papers // 4) if quietly else (plan.seconds, plan.papers)
        began = time.monotonic()
        listed = 0
        self.chat.share, self.feed.share = 0.85, 0.4
        if isinstance(self.database, Postgres):
            self.database.share = 0.0 if quietly else 0.004
            self._excused = math.inf  # nobody can start while the database hangs up
        while (now := time.monotonic()) - began < seconds:
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
            time.sleep(chance.uniform(0.05, 0.5))

    def _actions(self) -> list[tuple[Callable[[], None], float]]:
        actions: list[tuple[Callable[[], None], float]] = [
            (self._kill, 3.0), (self._stop, 0.7), (self._pause, 0.5), (self._set_clock, 3.0), (_nothing, 84.0)
        ]  # fmt: skip
        if isinstance(self.database, Postgres):
            terminate = self.database.terminate
            return [
                *actions, (lambda: terminate(1), 30.0), (lambda: terminate(20), 4.0),
                (self._crash_backend, 0.6), (self._crash_server, 0.6),
            ]  # fmt: skip
        return [*actions, (self._fill_disk, 7.0), (self._lock, 2.5)]

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

    def _lock(self) -> None:
        database, seconds = self.database, self._chance.uniform(0.2, 2.5)
        assert isinstance(database, Sqlite)

        def hold() -> None:
            with database.locked():
                time.sleep(seconds)

        if not any(lock.is_alive() for lock in self._locks):
            self._excuse()
            self._locks.append(threading.Thread(target=hold, daemon=True))
            self._locks[-1].start()

    def _excuse(self) -> None:
        self._excused = max(self._excused, time.monotonic() + 12)

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

    def become_calm(self, outcome: Outcome) -> list[tuple[int, int, Use]]:
        """Ends all faults and waits until nothing is left to do; what each process (number and pid) holds then."""
        self.chat.share = self.feed.share = 0.0
        if isinstance(self.database, Postgres):
            self.database.share = 0.0
            self._excused = time.monotonic() + 12
        for lock in self._locks:
            lock.join(10)
        now = time.monotonic()
        self._paused = dict.fromkeys(self._paused, now - 1)
        self._cramped = dict.fromkeys(self._cramped, now - 1)
        for program in self.programs:
            program.set_clock(0.0)
        deadline = now + CALM_WITHIN
        missing = ["nothing was looked at"]
        while missing and time.monotonic() < deadline:
            self._supervise()
            time.sleep(0.4)
            missing = self.unfinished()
        time.sleep(1.0)
        if missing:
            for program in self.programs:
                program.signal(signal.SIGUSR1)  # says in its log what its threads do
        outcome.problems += missing
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


def _judge(world: World, outcome: Outcome) -> None:
    """Compares what was listed with what people saw."""
    places = world.keys_in_order()
    seen = world.chat.seen()
    for number, (address, papers) in enumerate(world.expected().items()):
        threaded = world.chat.styles[number % len(world.chat.styles)] == "threads"
        outcome.expected += len(papers)
        heads = Counter(paper for message in seen[address] if not message.is_reply for paper in message.papers)
        replies = Counter(paper for message in seen[address] if message.is_reply for paper in message.papers)
        for shown in (heads, replies) if threaded else (heads,):
            lost, extra = papers - shown.keys(), shown.keys() - papers
            doubled = {paper for paper, times in shown.items() if times > 1}
            outcome.lost += len(lost)
            outcome.extra += len(extra)
            outcome.doubled += len(doubled)
            for what, which in (("lost", lost), ("doubled", doubled), ("posted though it does not match", extra)):
                if which:
                    outcome.problems.append(f"{address}: {what}: {', '.join(sorted(which)[:5])}")
        order = [places[message.key] for message in seen[address] if message.key in places]
        if order != sorted(order):
            outcome.problems.append(f"{address}: out of order: {order}")
    outcome.problems += world.chat.complaints()


def _judge_use(before: list[tuple[int, int, Use]], after: list[tuple[int, int, Use]], outcome: Outcome) -> None:
    """Looks for what processes that lived on hold more than they did."""
    for (number, pid, old), (_, same, new) in zip(before, after, strict=True):
        if new.files > MOST_FILES or new.tasks > MOST_TASKS:
            outcome.problems.append(f"process {number} holds {new} with nothing to do")
        grown = (new.files - old.files, new.tasks - old.tasks, new.memory - old.memory)
        if pid == same and any(
            more > most for more, most in zip(grown, (MORE_FILES, MORE_TASKS, MORE_MEMORY), strict=True)
        ):
            outcome.problems.append(f"process {number} grew by {grown} (files, tasks, bytes)")
