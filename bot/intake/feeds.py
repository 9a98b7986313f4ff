"""Feeds that people add: sources beside those that are built in, each with an address and a name of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol

import structlog
from anyascii import anyascii

from bot.clocks import Clock
from bot.errors import SourceError, UserError
from bot.intake.source import Source
from bot.intake.store import SourceState, SourceStore
from bot.papers.sources import BUILT_IN, LONGEST_NAME, SERVERS, SourceName, source_named
from bot.papers.store import PaperStore

MOST_FEEDS: Final = 500
LONGEST_ADDRESS: Final = 2_000  # characters
#: Between two readings of a feed: most change a few times a day, and their sites are asked by many.
READ_EVERY: Final = timedelta(minutes=30)
#: What a feed that cannot be read is left alone for, at most. Each failure in a row doubles it.
LONGEST_PAUSE: Final = timedelta(hours=12)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A source that somebody added. `address` is that of the feed, or the name of a preprint server.

    `title` is what it calls itself, empty until it was read. `from_settings` says that the settings name it.
    """

    name: SourceName
    address: str
    title: str = ""
    added_by: str = ""
    added_at: datetime
    from_settings: bool = False


class FeedStore(Protocol):
    """The feeds that were added. Their names are sources (`bot.intake.store.SourceStore.names`) from then on."""

    async def feeds(self) -> list[Feed]:
        """All of them, by name."""
        ...

    async def add(self, feed: Feed) -> Feed | None:
        """Adds a feed; returns the one that has its name or its address already, and then adds nothing."""
        ...

    async def remove(self, name: SourceName) -> bool:
        """Takes a feed away, less the papers that it brought; whether there was one of that name."""
        ...

    async def keep_from_settings(self, feeds: Sequence[Feed]) -> None:
        """Makes those that come from the settings be these, and leaves what people added."""
        ...


class FeedReader(Protocol):
    """What reads feeds: an adapter."""

    def source(self, feed: Feed) -> Source: ...

    async def title(self, address: str) -> str:
        """What the feed at an address calls itself. Raises `bot.errors.SourceError` when there is no feed."""
        ...

    def address(self, text: str) -> str | None:
        """The address that somebody wrote, in its one form; None for what is none."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """What a source has shown before: whether it was ever read, and its papers, with the days on which they came.

    `since` is the day on which it was read last or, if it never was, on which somebody first tried to.
    """

    was_read: bool
    days: Mapping[str, date | None]
    since: date | None = None


class FeedHistory:
    """What feeds have shown: what is new is decided by paper, as feeds show the same ones for weeks."""

    def __init__(self, papers: PaperStore, states: SourceStore) -> None:
        self._papers = papers
        self._states = states

    async def shown(self, source: SourceName, paper_ids: Sequence[str]) -> Shown:
        state = await self._states.state(source)
        since = state.last_success_at.date() if state.last_success_at else state.read_through
        return Shown(state.last_success_at is not None, await self._papers.seen(source, paper_ids), since)


class Feeds:
    """Adds and takes away feeds, and knows which ones are due."""

    def __init__(self, store: FeedStore, states: SourceStore, clock: Clock, reader: FeedReader | None) -> None:
        self._store = store
        self._states = states
        self._clock = clock
        self._reader = reader
        self._sources: dict[tuple[SourceName, str], Source] = {}

    async def all(self) -> list[tuple[Feed, SourceState]]:
        """The feeds, with how each is doing."""
        return [(feed, await self._states.state(feed.name)) for feed in await self._store.feeds()]

    async def sources(self) -> list[Source]:
        """The sources of all feeds. Each is the same from one call to the next: it remembers what it has read."""
        if self._reader is None:
            return []
        feeds = await self._store.feeds()
        known = {(feed.name, feed.address): feed for feed in feeds}
        self._sources = {key: self._sources.get(key) or self._reader.source(feed) for key, feed in known.items()}
        return list(self._sources.values())

    async def due(self) -> list[Source]:
        """The sources of the feeds that are to be read now."""
        now = self._clock.now()
        states = {source.name: await self._states.state(source.name) for source in await self.sources()}
        return [source for source in self._sources.values() if next_reading(states[source.name]) <= now]

    async def add(self, text: str, *, name: str = "", by: str) -> Feed:
        """Reads a feed and adds it under the name that is given, else one that is made of its title.

        Raises `UserError` for what is no feed or is there already.
        """
        if self._reader is None:
            raise UserError("No feeds can be added here: this is the demonstration, which asks nobody outside.")
        address = self._reader.address(text)
        if address is None or len(address) > LONGEST_ADDRESS:
            raise UserError(
                f"“{text[:60]}” is not the address of a feed. Write one like `https://example.org/feed.xml`, "
                f"or {' or '.join(f'`{server}`' for server in SERVERS)}."
            )
        feeds = await self._store.feeds()
        if there := next((feed for feed in feeds if feed.address == address), None):
            raise UserError(f"That feed is read already, as `{there.name}`.")
        if len(feeds) >= MOST_FEEDS:
            raise UserError(f"{MOST_FEEDS} feeds are read already, and that is the most. Remove one first.")
        taken = {*BUILT_IN, *(feed.name for feed in feeds)}
        wanted = _name_given(name, taken) if name else None
        try:
            title = await self._reader.title(address)
        except SourceError as error:
            raise UserError(f"That cannot be read as a feed. {error}") from error
        wanted = wanted or free_name(address if address in SERVERS else title or address, taken)
        feed = Feed(name=wanted, address=address, title=title, added_by=by, added_at=self._clock.now())
        if there := await self._store.add(feed):
            raise UserError(f"That feed is read already, as `{there.name}`.")
        _log.info("feed.added", source=feed.name, by=by)
        return feed

    async def remove(self, text: str) -> Feed:
        """Takes away the feed of that name or address. Raises `UserError`."""
        feeds = await self._store.feeds()
        name = source_named(text)
        feed = next((feed for feed in feeds if feed.name == name or text.strip() == feed.address), None)
        if feed is None and name in BUILT_IN:
            raise UserError(f"`{name}` is built in: `/papers settings sources` says what a channel gets.")
        if feed is None:
            names = ", ".join(f"`{feed.name}`" for feed in feeds[:20]) or "none"
            raise UserError(f"There is no feed `{text[:60]}`. Those that were added: {names}.")
        if feed.from_settings:
            raise UserError(f"`{feed.name}` is named in PAPERROUND_FEEDS: take it away there, and start again.")
        await self._store.remove(feed.name)
        _log.info("feed.removed", source=feed.name)
        return feed

    async def take_from_settings(self, entries: Sequence[str]) -> None:
        """Reads the feeds that the settings name, each an address or `name=address`, and no others from there.

        Raises `ValueError` for an entry that is none.
        """
        if self._reader is None:
            return
        feeds = await self._store.feeds()
        taken = {*BUILT_IN, *(feed.name for feed in feeds if not feed.from_settings)}
        known = {feed.address: feed for feed in feeds}
        kept: dict[str, Feed] = {}
        for entry in entries:
            name, written = named_address(entry)
            address = self._reader.address(written)
            if address is None or (name and source_named(name) is None):
                raise ValueError(f"“{entry[:60]}” is no address of a feed, such as https://example.org/feed.xml")
            there = known.get(address)
            if (there and not there.from_settings) or address in kept:
                continue
            chosen = source_named(name) if name else there.name if there else None
            if chosen is None or chosen in taken:
                chosen = free_name(name or (address if address in SERVERS else _site_of(address)), taken)
            taken.add(chosen)
            new = Feed(name=chosen, address=address, added_by="settings", added_at=self._clock.now())
            kept[address] = replace(there or new, name=chosen, from_settings=True)
        # Mostly nothing has changed. Then nothing is written: whoever looks must not wait for somebody who writes.
        if {(feed.name, feed.address) for feed in kept.values()} != {
            (feed.name, feed.address) for feed in feeds if feed.from_settings
        }:
            await self._store.keep_from_settings(list(kept.values()))


def next_reading(state: SourceState) -> datetime:
    """When a feed is to be read next: it waits twice as long after each failure, and as long as it asked us to."""
    if state.failures and state.last_failure_at:
        pause = min(READ_EVERY * (1 << min(state.failures - 1, 10)), LONGEST_PAUSE)
        return max(state.last_failure_at + pause, state.retry_at or state.last_failure_at)
    if state.last_success_at:
        return state.last_success_at + READ_EVERY
    return datetime.min.replace(tzinfo=UTC)


def named_address(entry: str) -> tuple[str, str]:
    """The name and the address of `name=address`; the name is empty where there is only an address."""
    name, sign, address = entry.strip().partition("=")
    return (name.strip(), address.strip()) if sign and "/" not in name else ("", entry.strip())


def free_name(title: str, taken: set[SourceName]) -> SourceName:
    """A short name made of a title: its first words, as far as they go, with a number where that is taken."""
    words = re.findall(r"[a-z0-9]+", anyascii(title).lower()) or ["feed"]
    words = [word for word in words if word not in _SAY_NOTHING] or words
    name = words[0][:LONGEST_NAME]
    for word in words[1:3]:
        if len(f"{name}-{word}") <= LONGEST_NAME - 4:
            name = f"{name}-{word}"
    tried, number = SourceName(name), 1
    while tried in taken or source_named(tried) != tried:
        number += 1
        tried = SourceName(f"{name[: LONGEST_NAME - 4]}-{number}")
    return tried


_SAY_NOTHING: Final = frozenset([
    "a", "an", "and", "feed", "feeds", "for", "from", "https", "http", "in", "latest", "new", "news", "of", "on", "org",
    "rss", "the", "to", "updates", "www", "xml",
])  # fmt: skip


_AROUND_SITE = re.compile(
    r"^https?://(?:(?:www|rss|feeds?|export|connect)\.)?|[?#].*|\.(?:xml|rss|atom|json|php|com|org|net|edu|io|ac|uk)\b"
)


def _site_of(address: str) -> str:
    """The part of an address that a name is made of where nothing better is known."""
    return _AROUND_SITE.sub(" ", address)


def _name_given(text: str, taken: set[SourceName]) -> SourceName:
    name = source_named(text)
    if name is None:
        raise UserError(
            f"“{text[:40]}” is no name for a source: up to {LONGEST_NAME} letters, digits and hyphens, like `nature`."
        )
    if name in taken:
        raise UserError(f"There is a source `{name}` already. Choose another name.")
    return name
