"""The world of the model: processes on one file of SQLite, channels that get the same papers, and what holds there."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import Any, Final

from bot.channels.channel import Address, Channel, ChannelState, PlatformName, Style
from bot.digests.content import SharedPaper
from bot.digests.digest import DigestKind
from bot.platforms.outcomes import Outgoing
from bot.posting.redraws import Redraws
from bot.posting.retries import UnknownPolicy
from bot.reading.votes import Vote
from bot.topics.store import TopicOptions
from storage.store import SqlStore
from tests.clocks import Machine
from tests.core import Core
from tests.databases import sqlite_in
from tests.posting.platform import Line, There
from tests.processes import Process
from tests.storage.scenes import listed, paper

INTERVAL: Final = 1.0
#: Rounds after which whoever has not finished never will.
MANY: Final = 100
#: What people chose in each channel: its workspace, style and schedule.
CHANNELS: Final = {
    "cards": ("one", Style.CARDS, "instant"),
    "thread": ("one", Style.THREADS, "instant"),
    "elsewhere": ("two", Style.CARDS, "instant"),
    "hourly": ("two", Style.THREADS, "hourly"),
}
_POSTS: Final = """
SELECT posts.id, posts.channel_id, channels.name, posts.digest_id, posts.key, posts.state, posts.lease,
       posts.lease_until, posts.attempt_at, posts.attempts, posts.remote_id, posts.sent_at, posts.late, posts.content
FROM posts JOIN channels ON channels.id = posts.channel_id"""


class Stop(Enum):
    """Where a process stands still: with a request that is noted and has not left, one that is on its way, one that was
    taken, or one whose answer has come."""

    AT_THE_END = auto()
    NOTED = auto()
    ON_ITS_WAY = auto()
    TAKEN = auto()
    ANSWERED = auto()


class Life:
    """A process, from its start to its end."""

    def __init__(self, world: World, *, interval: float = INTERVAL) -> None:
        self.world = world
        self.store = SqlStore(world.url)
        self.process = Process(self.store)
        self.clock = world.machine.clock()
        self.line = Line(world.there, self, can_look_up=world.can_look_up, interval=interval)
        self.core = Core(
            self.store, world.folder / "index", clock=self.clock, platform=self.line,  # type: ignore[arg-type]
            unknown_policy=world.policy,
        )  # fmt: skip
        edits = Line(world.there, self, can_look_up=True, interval=0.0)
        composer = self.core.services.composer
        self.redraws = Redraws(
            posts=self.store.posts, composer=composer, platforms={edits.name: edits}, gather=0.0, every=0.0, wait=0.0
        )
        self.is_idle = True
        self.answered = 0
        world.lives.append(self)
        self.broken_before: set[str] = set()  # the channels that were known not to be well when its work began

    def begin(self, work: Coroutine[Any, Any, object]) -> None:
        """Begins something, if it is not about anything."""
        if not self.is_idle:
            work.close()
            return
        self.is_idle = False
        self.broken_before = self.world.broken()
        self.process.start(work)

    async def go_on(self, stop: int | Stop, *, anywhere: bool = False) -> None:
        """Goes on up to there, or for so many steps, and stands still: `anywhere`, or where nobody waits for it."""
        steps, self.answered = 0, self.line.answered
        while not self.is_idle:
            self.is_idle = not await self.process.step()
            steps += 1
            is_there = steps >= stop if isinstance(stop, int) else self._is_at(stop)
            if is_there and (anywhere or not self.writes):
                return

    def _is_at(self, stop: Stop) -> bool:
        match stop:
            case Stop.AT_THE_END:
                return False
            case Stop.NOTED:
                noted = [row for row in self.world.rows() if row["state"] == "leased" and row["attempt_at"]]
                return bool(noted) and not self.line.flights and self.line.answered == self.answered
            case Stop.ON_ITS_WAY:
                return any(not flight.ended for flight in self.line.flights)
            case Stop.TAKEN:
                return any(flight.ended for flight in self.line.flights)
            case Stop.ANSWERED:
                return self.line.answered > self.answered

    @property
    def writes(self) -> bool:
        turn = self.store.database._turn
        assert isinstance(turn, asyncio.Lock)
        return turn.locked()

    async def round(self) -> None:
        """What a process does again and again."""
        await self.core.engine.deliver()
        await self.core.engine.reconcile()

    async def digest_now(self, channel: str) -> None:
        found = await self.store.channels.find(self.world.address(channel))
        assert found is not None
        await self.core.engine.planner.plan_now(found, DigestKind.REQUESTED)
        await self.core.engine.outbox.drain()

    async def vote(self, channel: str, number: int) -> None:
        """Somebody votes for a paper, and its messages are drawn again."""
        found = await self.store.channels.find(self.world.address(channel))
        assert found is not None
        await self.store.reading.vote(found.id, paper(number).id, "ada", Vote.UP, self.clock.now())
        self.redraws.voted(found, paper(number).id, drawn="")
        await asyncio.sleep(0)
        await self.redraws.close()

    def leaves(self, outgoing: Outgoing) -> None:
        """Implements `tests.posting.platform.Sender`."""
        rows = [row for row in self.world.rows() if row["key"] == outgoing.key]
        assert rows, "what leaves is on record"
        (row,) = rows
        assert row["state"] == "leased", f"whoever sends a post holds it: {dict(row)}"
        assert row["attempt_at"] is not None, "no request leaves unnoted"
        assert row["remote_id"] is None
        if not self.world.was_set:
            ends = datetime.fromisoformat(row["lease_until"]).replace(tzinfo=UTC)
            assert ends > self.clock.now(), "nothing leaves that others may have taken over"
        assert row["name"] not in self.broken_before, "nothing is sent where nothing is taken"
        if self.world.policy is UnknownPolicy.AT_MOST_ONCE:
            assert outgoing.key not in self.world.there.keys(row["name"]), "nothing is sent twice"

    def off(self) -> timedelta:
        return self.clock.now() - self.world.machine.true

    async def end(self, *, taken: bool) -> None:
        """Kills it."""
        for flight in self.line.flights:
            if flight.fate.after is not None and not flight.ended:
                flight.fate = replace(flight.fate, after=min(flight.fate.after, 20))
            self.world.there.abandon(flight, taken=taken)
        await self.process.kill()
        self.world.lives.remove(self)
        await self.store.locks.release_all()
        if self.store.database._watch is not None:
            self.store.database._watch.close()


class World:
    """What there is, and what is expected of it."""

    def __init__(self, folder: Path, *, can_look_up: bool, policy: UnknownPolicy) -> None:
        self.folder = folder
        self.can_look_up, self.policy = can_look_up, policy
        self.machine = Machine()
        self.was_set = False
        self.url = sqlite_in(folder / "paperround.db")
        self.store = SqlStore(self.url)
        self.there = There(self.machine, lambda channel: CHANNELS[channel][0])
        self.papers = 0
        self.failed: set[str] = set()  # keys of what was once given up
        self.lost: set[str] = set()  # keys of what nobody knew for a while whether it is there
        self.lives: list[Life] = []
        self._eyes = sqlite3.connect(folder / "paperround.db", isolation_level=None)
        self._eyes.row_factory = sqlite3.Row
        loop = asyncio.get_running_loop()
        real = loop.time
        # Whatever waits in this process waits for the time of the machine.
        loop.time = lambda: real() + self.machine.monotonic()  # type: ignore[method-assign]

    async def open(self) -> None:
        now = self.machine.wall()
        for name, (_, style, schedule) in CHANNELS.items():
            channel = await self.store.channels.add(
                self.address(name), name, time_zone="UTC", schedule=schedule,
                next_digest_at=None if schedule == "instant" else now,
            )  # fmt: skip
            changed = replace(channel, settings=replace(channel.settings, style=style))
            await self.store.channels.change(channel.id, partial(_to, changed), now)
            topic = TopicOptions(query="paper")
            await self.store.subscriptions.add(channel.id, topic, created_by="ada", now=now)

    def address(self, channel: str) -> Address:
        return Address(PlatformName.WEB, CHANNELS[channel][0], channel)

    async def list_papers(self, number: int) -> None:
        papers = [paper(self.papers + place) for place in range(1, number + 1)]
        self.papers += number
        await listed(self.store, *papers, now=self.machine.wall())

    async def share(self, channel: str, number: int) -> None:
        found = await self.store.channels.find(self.address(channel))
        assert found is not None
        now, content = self.machine.wall(), SharedPaper(paper_id=paper(number).id, shared_by="ada")
        await self.store.posts.share(found.id, content, now=now, since=now - timedelta(minutes=1))

    async def try_again(self) -> None:
        """Somebody has what was given up tried again."""
        given_up = [row["id"] for row in self.rows() if row["state"] == "failed"]
        await self.store.posts.retry(given_up, self.machine.wall())

    async def resume(self) -> None:
        """Somebody has made all channels well again."""
        self.there.gone.clear()
        for life in self.lives:
            life.broken_before.clear()
        channels = [await self.store.channels.find(self.address(name)) for name in CHANNELS]
        await self.store.channels.resume_all({
            one.id: self.machine.wall() if one.name == "hourly" else None
            for one in channels if one is not None and one.state is ChannelState.BROKEN
        })  # fmt: skip

    def pass_time(self, seconds: float) -> None:
        self.machine.run(seconds=seconds)
        rows = self.rows()
        self.lost |= {row["key"] for row in rows if row["state"] in ("leased", "unknown") and row["attempt_at"]}
        late = {row["key"]: bool(row["late"]) for row in rows}
        self.there.arrive(lambda key: late.get(key, False))

    def set_clock(self, off: timedelta) -> None:
        self.was_set = True
        self.machine.set_off(off)

    def rows(self) -> list[sqlite3.Row]:
        return self._eyes.execute(f"{_POSTS} ORDER BY posts.id").fetchall()

    def broken(self) -> set[str]:
        return {row["name"] for row in self._eyes.execute("SELECT name FROM channels WHERE state = 'broken'")}

    def _deliveries(self) -> list[sqlite3.Row]:
        return self._eyes.execute(
            "SELECT channels.name, paper_id, deliveries.state, post_id, position <= shown AS is_shown FROM deliveries "
            "JOIN channels ON channels.id = deliveries.channel_id LEFT JOIN digests ON digests.id = digest_id"
        ).fetchall()

    # ---- what holds

    def check(self) -> None:
        """What holds at any moment."""
        rows = self.rows()
        self.failed |= {row["key"] for row in rows if row["state"] == "failed"}
        posted = {row["post_id"] for row in self._deliveries() if row["state"] == "posted"}
        there = {remote_id: message.key for remote_id, message in self.there.messages}
        in_flight = [row["name"] for row in rows if row["state"] == "leased"]
        assert len(in_flight) == len(set(in_flight)), "one post of a channel at a time"
        for row in rows:
            assert (row["state"] == "leased") <= bool(row["lease"] and row["lease_until"]), "whoever holds one is known"
            assert (row["state"] == "pending") <= (not row["lease"]), "nobody holds what waits"
            assert (row["state"] == "sent") == (row["sent_at"] is not None)
            assert (row["state"] == "failed") <= (row["key"] in self.there.refused), "what is given up was refused"
            assert (row["id"] in posted) <= (row["state"] == "sent"), "a paper is posted when its message is"
            if row["remote_id"] is not None:
                assert there.get(row["remote_id"]) == row["key"], "what is called so is there"
            elif row["state"] == "sent":
                assert self._may_be_taken_for_sent(row), f"what is sent is there: {dict(row)}"
        for channel in self.broken():
            said = {channel, CHANNELS[channel][0]} & self.there.said_gone
            assert said or channel in self.there.said_odd or self._hours() > 1, "a channel stops for a reason"
        self._check_messages(rows)

    def _hours(self) -> float:
        return self.machine.monotonic() / 3600

    def _may_be_taken_for_sent(self, row: sqlite3.Row) -> bool:
        if not self.can_look_up:
            return self.policy is UnknownPolicy.AT_MOST_ONCE
        return self.there.looked[row["key"]] >= 20 or self._hours() > 3

    def _check_messages(self, rows: list[sqlite3.Row]) -> None:
        by_key = {row["key"]: row for row in rows}
        for channel in CHANNELS:
            keys = self.there.keys(channel)
            assert all(by_key[key]["name"] == channel for key in keys)
            if self.policy is UnknownPolicy.AT_MOST_ONCE:
                assert len(keys) == len(set(keys)), f"no message is there twice: {keys}"
            first = [by_key[key] for key in dict.fromkeys(keys) if key not in self.failed]
            for place, row in enumerate(first):
                for later in first[place + 1 :]:
                    assert row["id"] < later["id"] or self._may_pass(later, row, rows), f"in order: {keys}"

    def _may_pass(self, older: sqlite3.Row, newer: sqlite3.Row, rows: list[sqlite3.Row]) -> bool:
        """Whether the newer post may be there before the older one: if that, or another one of its digest, is lost."""
        if not self.can_look_up and self.there.vague[older["key"]]:
            return True  # it was left where it was, and came
        if older["digest_id"] is not None and older["digest_id"] == newer["digest_id"]:
            return False
        digest = [row for row in rows if row["id"] == older["id"] or row["digest_id"] == (older["digest_id"] or -1)]
        return any(row["key"] in self.lost for row in digest)

    # ---- the end

    async def settle(self) -> None:
        """Everything is well from now on, and one process is left that does what is still to be done."""
        self.there.fates.clear()
        self.there.looks.clear()
        self.there.redraws.clear()
        self.there.gone.clear()
        survivor = Life(self, interval=0.0)
        for number in range(MANY):
            if self.broken():
                await self.resume()
            survivor.begin(survivor.round())
            await survivor.go_on(Stop.AT_THE_END)
            self.check()
            waits = {row["name"] for row in self._deliveries() if row["state"] == "queued"}
            open_posts = [dict(row) for row in self.rows() if row["state"] not in ("sent", "failed")]
            if not open_posts and not waits and number:
                break
            vague = any(post["state"] == "unknown" for post in open_posts)
            self.pass_time(61 if vague else 3600 if not open_posts and waits == {"hourly"} else 3)
        else:
            raise AssertionError(f"stuck: {open_posts} {waits}")
        self.pass_time(600)
        self._check_end()
        await survivor.end(taken=True)

    def _check_end(self) -> None:
        self.check()
        rows = {row["id"]: row for row in self.rows()}
        shown = {message.key: message.message.paper_ids for _, message in self.there.messages}
        found = sorted((row["name"], row["paper_id"]) for row in self._deliveries())
        assert found == sorted((name, paper(number).id) for name in CHANNELS for number in range(1, self.papers + 1))
        for delivery in self._deliveries():
            post = rows[delivery["post_id"]]
            if delivery["state"] == "dropped":
                assert post["state"] == "failed"
            elif not delivery["is_shown"]:
                assert post["state"] in ("sent", "failed"), "what is only counted goes with what is shown"
            elif post["remote_id"] is not None or not self._may_be_taken_for_sent(post):
                assert delivery["paper_id"] in shown[post["key"]], dict(delivery)
        for row in rows.values():
            if row["state"] == "sent" and not self._may_be_taken_for_sent(row):
                assert row["key"] in shown, "what is sent is there"

    async def close(self) -> None:
        self._eyes.close()
        await self.store.close()


def _to(changed: Channel, _: Channel) -> Channel:
    return changed
