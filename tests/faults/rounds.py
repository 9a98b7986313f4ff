"""One round: the program on a new database, faults for a while, calm, and what must hold then."""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from structlog.testing import capture_logs

from bot.app.application import open_application
from bot.app.configuration.settings import Settings
from bot.messages.plain import plain_text
from bot.platforms.command_calls import CommandCall, Person
from tests.databases import in_a_thread
from tests.faults.chats import Chat, Discord, Slack, Web
from tests.faults.databases import CrashingServer, FaultyDatabase, Postgres, Sqlite
from tests.faults.disks import Disk
from tests.faults.feed import Feed
from tests.faults.lines import Line, Trouble
from tests.faults.program import Program, Use, realtime
from tests.faults.world import TOPICS, Plan, World
from tests.ports import free_port

#: What a process may hold when it has nothing to do, and by how much it may grow while it works.
MOST_FILES, MOST_TASKS, MOST_MEMORY = 150, 80, 400_000_000
#: (Each channel's request may leave a connection open for the next one, and who has just started fills its caches:
#: 180 MB become 240, and stay there.)
MORE_FILES, MORE_TASKS, MORE_MEMORY = 60, 15, 150_000_000
_OPERATOR = Person(id="operator", name="Operator", may_manage=True)


@dataclass(slots=True)
class Outcome:
    """What came of a round. `expected` counts pairs of channel and paper; `problems` is empty where all held.

    `faults` counts disturbances, each once: a request that went wrong, a connection that was cut, a process that was
    killed, a disk that was full for a while. `refused` counts the statements that failed because of them.
    """

    plan: Plan
    faults: Counter[str] = field(default_factory=Counter)
    expected: int = 0
    lost: int = 0
    doubled: int = 0
    extra: int = 0
    refused: int = 0
    starts: int = 0
    seconds: float = 0.0
    tracebacks: int = 0
    problems: list[str] = field(default_factory=list)


def run_round(plan: Plan, folder: Path, *, model: Path, server: CrashingServer | None) -> Outcome:
    """Runs a round in an empty folder. `model` is a migrated SQLite file, `server` for rounds on PostgreSQL."""
    began = time.monotonic()
    outcome = Outcome(plan)
    with ExitStack() as stack:
        data, temporary = Disk(folder / "data"), Disk(folder / "temporary")
        stack.callback(data.close)
        stack.callback(temporary.close)
        database: Sqlite | Postgres
        if plan.database == "sqlite":
            database = Sqlite(data.folder, model)
        else:
            assert server is not None
            database = Postgres(server, plan.seed)
        stack.callback(database.close)
        chat = _chat(plan, database)
        stack.callback(chat.close)
        feed = stack.enter_context(Feed(plan.seed))
        trouble = Trouble(plan.seed, "line")
        lines = [Line(url, trouble) for url in (feed.url, *chat.sites.values())]
        for line in lines:
            stack.callback(line.close)
        settings = {**chat.settings, **dict(zip(chat.sites, (line.url for line in lines[1:]), strict=True))}
        environment = environment_of(folder, lines[0].url, settings, database)
        set_up(environment, chat)
        preloaded = realtime(folder) if plan.realtime else None
        programs = [
            Program(folder, environment, free_port(), number=number, preloaded=preloaded)
            for number in range(plan.processes)
        ]
        for program in programs:
            stack.callback(program.close)
            program.start()
        world = World(plan, feed, chat, database, programs, disks=(data, temporary), lines=trouble)
        world.live()
        use = world.become_calm()
        if plan.ages:
            world.live(quietly=True)
            _judge_use(use, world.become_calm(), outcome)
        outcome.problems += world.problems
        judge(world, outcome)
        for program in programs:
            if code := program.stop():
                outcome.problems.append(f"process {program.number} ended with {code}")
        for program in programs:
            outcome.problems += [f"process {program.number}: {death}" for death in program.died]
            outcome.starts += program.starts
            outcome.tracebacks += program.log.read_text(errors="replace").count("Traceback (most recent call last)")
        outcome.faults += world.faults + feed.faults + chat.faults + database.faults + trouble.faults
        outcome.refused = sum(program.database_errors for program in programs)
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


def environment_of(folder: Path, feed: str, platform: dict[str, str], database: FaultyDatabase) -> dict[str, str]:
    """The environment of a program that reads that feed and posts there."""
    settings = {
        "data_dir": str(folder / "data"),
        "database_url": database.url,
        "huggingface_url": feed,
        "log_format": "json",
        "arxiv_api_url": feed,
        "arxiv_rss_url": feed,
        "arxiv_categories": "none",
        "embedding_model": "none",
        **platform,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PAPERROUND_")}
    kept["TMPDIR"] = str(folder / "temporary")
    return kept | {f"PAPERROUND_{name.upper()}": value for name, value in settings.items()}


def set_up(environment: dict[str, str], chat: Chat) -> None:
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


def judge(world: World, outcome: Outcome) -> None:
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
        if new.files > MOST_FILES or new.tasks > MOST_TASKS or new.memory > MOST_MEMORY:
            outcome.problems.append(f"process {number} holds {new} with nothing to do")
        grown = (new.files - old.files, new.tasks - old.tasks, new.memory - old.memory)
        if pid == same and any(
            more > most for more, most in zip(grown, (MORE_FILES, MORE_TASKS, MORE_MEMORY), strict=True)
        ):
            outcome.problems.append(f"process {number} grew by {grown} (files, tasks, bytes)")
