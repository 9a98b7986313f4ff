"""The whole core on a real store and a real index, with platforms, a source and a clock that a test controls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from bot.app.assembly import engine_of, services_of
from bot.channels.channel import Address, Channel, PlatformName
from bot.commands.papers.reactions import Reactions
from bot.commands.runner import Commands
from bot.errors import NoModelError
from bot.intake.feeds import Feeds
from bot.intake.lookup import PaperLookup
from bot.mail.links import MailLinks
from bot.meaning.meaning import Meaning
from bot.meaning.model import AbsentModel, EmbeddingModel
from bot.messages.plain import plain_text
from bot.metrics import Metrics
from bot.panels.panels import Panels
from bot.papers.paper import Paper
from bot.platforms.command_calls import CommandCall, Person, Reply
from bot.platforms.platform import Platform
from bot.posting.post import PostState
from bot.posting.retries import UnknownPolicy
from bot.posting.roles import ProcessRole
from bot.spans import Spans
from storage.search.index import TantivyIndex
from storage.store import SqlStore
from tests.clocks import SettableClock
from tests.platforms import SimulatedPlatform
from tests.sources import ScriptedSource

#: Nobody collects traces.
NO_SPANS = Spans()
MANAGER = Person(id="u1", name="Ada", may_manage=True)
VISITOR = Person(id="u2", name="Bob")


class Core:
    """One process of the bot. `restart` makes another one on the same store, as after a crash."""

    def __init__(
        self,
        store: SqlStore,
        folder: Path,
        *,
        clock: SettableClock | None = None,
        source: ScriptedSource | None = None,
        platform: SimulatedPlatform | None = None,
        unknown_policy: UnknownPolicy = UnknownPolicy.AT_MOST_ONCE,
        feeds: Feeds | None = None,
        lookups: Sequence[PaperLookup] = (),
        catalogue: PaperLookup | None = None,
        hub: PaperLookup | None = None,
        model: EmbeddingModel | None = None,
        spread: timedelta = timedelta(),
        role: ProcessRole = ProcessRole.ALL,
        others: Sequence[Platform] = (),
        mail_links: MailLinks | None = None,
        spans: Spans = NO_SPANS,
    ) -> None:
        self.store = store
        self.clock = clock or SettableClock()
        self.source = source or ScriptedSource()
        self.platform = platform or SimulatedPlatform()
        self.platforms: dict[PlatformName, Platform] = {one.name: one for one in (self.platform, *others)}
        meaning = Meaning(model or AbsentModel(NoModelError("no model is part of this.")), store.vectors, self.clock)
        self.index = TantivyIndex(folder, store.papers, meaning.view_of)
        self.feeds = feeds or Feeds(store.feeds, store.sources, self.clock, None)
        self.metrics = Metrics()
        self.engine = engine_of(
            store,
            sources=[self.source],
            platforms=self.platforms,
            index=self.index,
            meaning=meaning,
            clock=self.clock,
            metrics=self.metrics,
            spans=spans,
            feeds=self.feeds,
            catalogue=catalogue,
            hub=hub,
            poll_every=timedelta(minutes=5),
            spread=spread,
            role=role,
            unknown_policy=unknown_policy,
            mail_links=mail_links,
        )
        services = services_of(
            store,
            self.engine,
            platforms=self.platforms,
            index=self.index,
            clock=self.clock,
            feeds=self.feeds,
            lookups=lookups,
            mail_links=mail_links,
            own_address="https://papers.example.org",
        )
        self.services = services
        self.finder = services.finder
        self.library = services.library
        self.forecasts = services.forecasts
        self.examples = services.examples
        self.mailing = services.mailing
        self.health = services.health
        self.panels = Panels(services)
        self.commands = Commands(services, self.metrics, spans)
        self.reactions = Reactions(services)

    def address(self, channel: str = "general", workspace: str = "local") -> Address:
        return Address(self.platform.name, workspace, channel)

    async def ask(self, line: str, channel: str = "general", *, person: Person = MANAGER, **more: str) -> Reply:
        return await self.commands.run(self.call(line, channel, person=person, **more))

    def call(self, line: str = "", channel: str = "general", *, person: Person = MANAGER, **more: str) -> CommandCall:
        return CommandCall(
            line=line,
            address=self.address(channel),
            channel_name=channel,
            person=person,
            from_message=more.get("from_message"),
        )

    async def say(self, line: str, channel: str = "general") -> str:
        """Gives a command that must be understood; returns the answer as plain text."""
        reply = await self.ask(line, channel)
        words = plain_text(reply.message)
        assert not reply.failed, words
        return words

    async def refused(self, line: str, channel: str = "general", *, person: Person = MANAGER) -> str:
        """Gives a command that must be refused; returns the sentence."""
        reply = await self.ask(line, channel, person=person)
        assert reply.failed, plain_text(reply.message)
        return plain_text(reply.message)

    async def channel(self, name: str = "general") -> Channel:
        found = await self.store.channels.find(self.address(name))
        assert found is not None
        return found

    async def news(self, *papers: Paper) -> None:
        """The feed lists these papers today, and is read."""
        self.source.list(*papers, day=self.clock.now().date())
        await self.engine.poll()

    async def next_digest(self, channel: str = "general") -> None:
        """Moves the clock to the channel's next digest and lets the engine work."""
        due = (await self.channel(channel)).next_digest_at
        assert due is not None
        self.clock.set(max(due, self.clock.now()))
        await self.engine.deliver()

    async def settle(self, *, hours: float = 1.0, step: float = 61.0) -> None:
        """Lets time pass as if the engine had run all along: in steps of seconds while anything is to be sent, else on
        to what is planned next.
        """
        end = self.clock.now() + timedelta(hours=hours)
        while self.clock.now() < end:
            await self.engine.deliver()
            await self.engine.reconcile()
            soonest = self.clock.now() + timedelta(seconds=step)
            self.clock.set(soonest if await self._has_open_posts() else max(soonest, await self._next_moment(end)))
        await self.engine.deliver()

    async def _next_moment(self, end: datetime) -> datetime:
        """When a digest is due or a pause ends, at the latest at the end."""
        now, channels = self.clock.now(), self.store.channels
        planned = [time for one in await channels.due_after(now) for time in (one.next_digest_at, one.instant_at)]
        resumed = [one.paused_until for one in await channels.ended_pauses(end)]
        return min([end, *(time for time in (*planned, *resumed) if time is not None and time > now)])

    async def _has_open_posts(self) -> bool:
        counts = await self.store.posts.counts()
        return any(counts[state] for state in (PostState.PENDING, PostState.LEASED, PostState.UNKNOWN))
