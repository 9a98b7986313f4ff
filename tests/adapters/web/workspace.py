"""A running workspace for tests: real server, real sockets, real database, and commands made for the tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from adapters.web.addresses import address_of
from adapters.web.app import create_app
from adapters.web.people.entrance import LoginOptions
from adapters.web.platform import WebPlatform
from adapters.web.serving.server import WebServer, server_config
from bot.app.assembly import history_of, library_of
from bot.channels.channel import Address, Channel
from bot.channels.directory import Directory
from bot.clocks import Clock
from bot.errors import NoModelError, StorageError, UserError
from bot.health.report import DatabaseHealth, HealthReport, IntakeReport
from bot.intake.lookup import PaperLookups
from bot.library.library import Library
from bot.meaning.examples import Examples
from bot.meaning.finding import Finder
from bot.meaning.meaning import Meaning
from bot.meaning.model import AbsentModel
from bot.messages.message import (
    Button,
    Buttons,
    Code,
    Heading,
    Message,
    Note,
    PaperBlock,
    Paragraph,
    Thumbs,
    bold,
    text,
)
from bot.people.people import People
from bot.platforms.command_calls import CommandCall, Completion, Reply
from bot.platforms.outcomes import Outgoing, Sent
from storage.search.index import TantivyIndex
from storage.store import SqlStore
from tests.databases import sqlite_in
from tests.passwords import log_in_parts
from tests.patience import PATIENCE

NOW = datetime(2026, 4, 30, 9, 0, tzinfo=UTC)
RESULTS_PER_PAGE = 3


@dataclass
class SetClock:
    """A clock that stands still until a test moves it."""

    time: datetime = NOW

    def now(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass
class GivenHealth:
    """Implements `Health` with what a test says."""

    problem: str = ""

    async def report(self) -> HealthReport:
        database = DatabaseHealth(kind="SQLite", place="sqlite:///workspace.db", problem=self.problem)
        return HealthReport(at=NOW, database=database)

    async def intake(self) -> IntakeReport:
        return IntakeReport(papers=0)


class Channels(Directory):
    """The directory, with one name that it refuses."""

    async def add_channel(
        self, address: Address, name: str, time_zone: str = "UTC", schedule: str = "weekdays 09:00"
    ) -> Channel:
        if name == "forbidden":
            raise UserError("The name `forbidden` is taken by the building.")
        return await super().add_channel(address, name, time_zone, schedule)


def card(number: int, **changes: Any) -> PaperBlock:
    block = PaperBlock(
        paper_id=f"2604.{number:05}",
        title=f"Paper number {number}",
        url=f"https://huggingface.co/papers/2604.{number:05}",
        summary="What it found, in a sentence.",
        byline="A. Author, B. Writer +3",
        facts=("▲ 12", "cs.CL"),
        buttons=(Button("Forget", f"forget 2604.{number:05}"),),
    )
    return replace(block, **changes)


def listed_card(number: int, *, up: int = 0) -> PaperBlock:
    """A card as it stands in a digest: with votes and a menu."""
    block = card(number)
    menu = (*block.buttons, Button("Similar", f"similar {block.paper_id}"))
    return replace(block, buttons=(), thumbs=Thumbs(block.paper_id, up=up), menu=menu)


def says(words: str) -> Message:
    return Message(summary=words, blocks=(Paragraph(text(words)),))


@dataclass
class TestCommands:
    """Implements `CommandRunner` with a few commands, one of each kind of answer. It remembers its calls."""

    __test__ = False

    store: SqlStore
    calls: list[CommandCall] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, call: CommandCall) -> Reply:
        self.calls.append(call)
        word, _, rest = call.line.partition(" ")
        match word:
            case "" | "help":
                return Reply(message=says("Write search, today or forget."))
            case "today":
                papers = (Heading("Daily Papers"), card(1), card(2))
                return Reply(message=Message(summary="Today’s papers", blocks=papers), ephemeral=False)
            case "search":
                return self._search(rest)
            case "forget":
                return Reply(message=says(f"Forgot {rest}."))
            case "share":
                return Reply(message=says(f"Shared {rest}."), ephemeral=False, replaces=True)
            case "vote":
                updated = Message(summary="A card", blocks=(listed_card(1, up=1),))
                update = Outgoing(address=call.address, message=updated, key=rest)
                return Reply(message=says("You voted."), update=update)
            case "pause":
                channel = await self.store.channels.find(call.address)
                assert channel
                await self.store.channels.pause(channel.id, reason="Paused by someone", until=None)
                return Reply(message=says("Paused."))
            case "break":
                raise StorageError("the disk is full")
            case "slow":
                await self.release.wait()
                return Reply(message=says("At last."))
            case _:
                mistake = (Paragraph(text("There is no command ", bold(word), ".")), Code(f"{call.line}\n^"))
                return Reply(message=Message(summary="No such command", blocks=mistake), failed=True)

    async def complete(self, call: CommandCall) -> Sequence[Completion]:
        known = (
            "help",
            "search diffusion",
            "search distillation",
            "subscribe diffusion",
            "schedule daily 09:00",
            "today",
        )
        return [Completion(line) for line in known if line.startswith(call.line)]

    def _search(self, rest: str) -> Reply:
        query, _, page = rest.partition(" --page ")
        number = int(page or 1)
        first = (number - 1) * RESULTS_PER_PAGE + 1
        message = Message(
            summary=f"Page {number} for {query}",
            blocks=(
                Heading(f"Page {number} for “{query}”"),
                *(card(each, compact=True, buttons=()) for each in range(first, first + RESULTS_PER_PAGE)),
                Note(text(f"{first} to {first + RESULTS_PER_PAGE - 1} of many")),
                Buttons(
                    (
                        Button("Next", f"search {query} --page {number + 1}"),
                        Button("Share to channel", f"share {query}"),
                    )
                ),
            ),
        )
        return Reply(message=message, replaces=number > 1)


@dataclass
class RunningWorkspace:
    """The parts of a workspace that is being served at `url`."""

    url: str
    platform: WebPlatform
    store: SqlStore
    people: People
    commands: TestCommands
    clock: SetClock
    server: WebServer
    serving: asyncio.Task[None]
    health: GivenHealth

    async def post(self, message: Message, *, channel: str = "general", reply_to: str | None = None) -> str:
        """Posts as the outbox would; returns the id."""
        count = await self.store.messages.last_id()
        outgoing = Outgoing(address=address_of(channel), message=message, key=f"key-{count}", reply_to=reply_to)
        result = await self.platform.send(outgoing)
        assert isinstance(result, Sent)
        return result.remote_id

    def client(self, **options: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=PATIENCE, **options)

    async def stop(self) -> None:
        self.server.should_exit = True
        await self.serving


@asynccontextmanager
async def running_workspace(
    folder: Path,
    *,
    channels: Sequence[str] = ("general", "vision"),
    poll_interval: float = 0.05,
    password: str = "",
    login: LoginOptions | None = None,
    **options: Any,
) -> AsyncIterator[RunningWorkspace]:
    """Serves a workspace on a free port of the loopback for the length of the block."""
    store = SqlStore(sqlite_in(folder / "workspace.db"))
    clock, commands = SetClock(), TestCommands(store)
    directory = Channels(store.channels, clock)
    for name in channels:
        await directory.add_channel(address_of(name), name)
    platform = WebPlatform(store.messages, clock, poll_interval=poll_interval)
    health = GivenHealth()

    async def metrics() -> tuple[bytes, str]:
        return b"papers_total 3\n", "text/plain; version=1.0.0; charset=utf-8"

    log_in = await log_in_parts(store, clock, password, login)
    app = create_app(
        platform=platform,
        library=library_over(store, folder / "index", clock),
        directory=directory,
        history=history_of(store),
        clock=clock,
        metrics=metrics,
        **log_in,
        **{
            "commands": commands,
            "health": health,
            "allowed_hosts": ["127.0.0.1", "localhost"],
            **options,
        },
    )
    server, serving, url = await serve(app, platform, login.trusted_proxies if login else ())
    workspace = RunningWorkspace(url, platform, store, log_in["people"], commands, clock, server, serving, health)
    try:
        yield workspace
    finally:
        commands.release.set()
        await workspace.stop()
        await store.close()


def library_over(store: SqlStore, folder: Path, clock: Clock) -> Library:
    """What pages about papers read of that store. Nothing is indexed: whoever searches has a core of their own."""
    meaning = Meaning(AbsentModel(NoModelError("no model is part of this.")), store.vectors, clock)
    index = TantivyIndex(folder, store.papers, meaning.view_of)
    lookups = PaperLookups((), store.papers)
    examples = Examples(papers=store.papers, index=index, meaning=meaning, find=lookups.known)
    return library_of(store, index, Finder(index, meaning), examples, lookups)


async def serve(
    app: Starlette, platform: WebPlatform, trusted: Sequence[str] = ()
) -> tuple[WebServer, asyncio.Task[None], str]:
    config = server_config(app, host="127.0.0.1", port=0, trusted_proxies=trusted)
    server = WebServer(config, platform)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        if serving.done():
            serving.result()
        await asyncio.sleep(0.005)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    return server, serving, f"http://{host}:{port}"
