"""The world of the model: processes on one file of SQLite, channels that get the same papers, and what holds there."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from bot.channels.channel import Address, Channel, ChannelState, PlatformName, Style
from bot.digests.content import SharedPaper
from bot.papers.paper import Paper
from bot.platforms.outcomes import Gone, GoneScope, Rejected
from bot.posting.retries import UnknownPolicy
from bot.topics.store import TopicOptions
from storage.store import SqlStore
from tests.clocks import Machine
from tests.databases import sqlite_in
from tests.posting.model.life import Life, Stop
from tests.posting.model.observed import time_of
from tests.posting.model.platform import There
from tests.storage.scenes import listed, paper

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
       posts.lease_until, posts.attempt_at, posts.attempts, posts.remote_id, posts.sent_at, posts.due_at, posts.content,
       channels.state AS channel_state, channels.post_after
FROM posts JOIN channels ON channels.id = posts.channel_id"""
#: What is looked for for so long holds up nothing but its own digest.
HOLDS_UP: Final = timedelta(minutes=1)


class World:
    """What there is, and what is expected of it."""

    def __init__(
        self, folder: Path, *, can_look_up: bool, policy: UnknownPolicy, channels: Collection[str] = CHANNELS
    ) -> None:
        self.folder = folder
        self.channels = {name: CHANNELS[name] for name in channels}
        self.can_look_up, self.policy = can_look_up, policy
        self.machine = Machine()
        self.url = sqlite_in(folder / "paperround.db")
        self.store = SqlStore(self.url)
        self.there = There(self.machine, lambda channel: CHANNELS[channel][0])
        self.papers = 0
        self.in_feeds: set[int] = set()  # papers that a feed has as well, under a name of its own
        self.known: set[int] = set()  # those of them of which it is known by now
        self.left_before: Counter[tuple[str, int]] = Counter()  # messages with such a paper that had left by then
        self.takeovers = 0  # how often a process took over what others had begun
        self.moment = 0  # how often time passed, a clock was set, or what had stopped went on
        self.blur = timedelta()  # by which clocks were once known to differ that are in use at the same time
        self.failed: set[str] = set()  # keys of what was once given up
        self.lost: set[str] = set()  # keys of what nobody knew for a while whether it is there
        self.stopped: set[str] = set()  # channels that take nothing, for all that anybody was told
        self.stopping: set[str] = set()  # those that somebody may have stopped
        self.rests_until: dict[str, datetime] = {}
        self.expired: set[tuple[str, str]] = set()  # messages and their leases that somebody may have freed
        self.faults: list[str] = []
        self.lives: list[Life] = []
        self._eyes = sqlite3.connect(folder / "paperround.db", isolation_level=None)
        self._eyes.row_factory = sqlite3.Row
        loop = asyncio.get_running_loop()
        real = loop.time
        # Whatever waits in this process waits for the time of the machine.
        loop.time = lambda: real() + self.machine.monotonic()  # type: ignore[method-assign]

    async def open(self) -> None:
        now = self.machine.wall()
        for name, (_, style, schedule) in self.channels.items():
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

    async def list_in_feed(self, number: int) -> None:
        """A feed has that paper, too, and nobody knows that it is the same."""
        self.in_feeds.add(number)
        await listed(self.store, in_feed(number), now=self.machine.wall())

    async def make_known(self, number: int) -> None:
        """It turns out that the paper is the one in the feed."""
        self.known.add(number)
        await listed(self.store, paper(number, other_ids=(in_feed(number).id,)), now=self.machine.wall())
        names = {f'"{paper(number).id}"', f'"{in_feed(number).id}"'}
        for row in self.rows():
            if row["digest_id"] and has_left(row) and any(name in row["content"] for name in names):
                self.left_before[row["name"], number] += 1

    def shown_elsewhere(self, key: str) -> set[str]:
        """The papers of a message that another one of its channel shows that is there, or may be."""
        rows = {row["key"]: row for row in self.rows() if row["digest_id"]}
        mine = rows.get(key)
        if mine is None:
            return set()
        others = (row for row in rows.values() if row["name"] == mine["name"] and row["key"] != key and has_left(row))
        return {one for one, _ in self._shows(mine) & {shown for row in others for shown in self._shows(row)}}

    def _shows(self, row: sqlite3.Row) -> set[tuple[str, bool]]:
        """The papers of a message, and whether it stands for replies."""
        content = json.loads(row["content"])
        is_reply = "paper_id" in content or bool(content.get("apart"))
        return {(self.home(one), is_reply) for one in content.get("paper_ids", [content.get("paper_id")])}

    def home(self, paper_id: str) -> str:
        """What the paper of that id is called by now."""
        return next((paper(number).id for number in self.known if in_feed(number).id == paper_id), paper_id)

    async def share(self, channel: str, number: int) -> None:
        found = await self.store.channels.find(self.address(channel))
        assert found is not None
        now, content = self.machine.wall(), SharedPaper(paper_id=paper(number).id, shared_by="ada")
        await self.store.posts.share(found.id, content, now=now, since=now - timedelta(minutes=1))

    async def try_again(self) -> None:
        """Somebody has what was given up tried again."""
        given_up = [row for row in self.rows() if row["state"] == "failed"]
        for row in given_up:
            self.there.stories[row["key"]].wished()
        await self.store.posts.retry([row["id"] for row in given_up], self.machine.wall())

    async def resume(self) -> None:
        """Somebody has made all channels well again."""
        self.moment += 1
        self.there.gone.clear()
        self.stopped.clear()
        self.rests_until.clear()
        if all(life.is_idle for life in self.lives):
            self.stopping.clear()
        for life in self.lives:
            life.broken_before.clear()
        channels = [await self.store.channels.find(self.address(name)) for name in self.channels]
        broken = [one.id for one in channels if one is not None and one.state is ChannelState.BROKEN]
        now = self.machine.wall()
        await self.store.channels.resume_all(broken, lambda one: now if one.name == "hourly" else None)

    def begin_to_stop(self, channel: str, gone: Gone) -> None:
        self.stopping |= self._scope(channel, gone)

    def stop(self, channel: str, gone: Gone) -> None:
        """It is written down that something takes nothing any more."""
        self.stopped |= self._scope(channel, gone)

    def _scope(self, channel: str, gone: Gone) -> set[str]:
        workspace = CHANNELS[channel][0]
        whole = gone.scope is GoneScope.WORKSPACE
        return {
            name for name, (place, *_) in self.channels.items() if name == channel or (whole and place == workspace)
        }

    def notice(self) -> None:
        """Whatever is written down counts, also where whoever wrote it does not know yet."""
        leases = {row["key"]: row["lease"] for row in self.rows()}
        for key, story in self.there.stories.items():
            last = story.last
            is_over = last is not None and (key, last.lease) in self.expired
            if last and last.is_settling and leases.get(key) != last.lease and not is_over:
                last.was_settled, last.is_settling = True, False

    def pass_time(self, seconds: float) -> None:
        self.notice()
        self.moment += 1
        self.machine.run(seconds=seconds)
        self.lost |= {row["key"] for row in self.rows() if row["state"] in ("leased", "unknown") and row["attempt_at"]}
        for life in self.lives:
            for flight in list(life.line.flights):  # they are under way, whoever stands still
                self.there.take(flight)
        self.there.arrive()

    def set_clock(self, off: timedelta) -> None:
        self.moment += 1
        self.machine.set_off(off)
        self.rests_until.clear()  # what was rested by another clock is forgotten
        self.compare_clocks()

    def compare_clocks(self) -> None:
        offs = [self.machine.off, *(life.off() for life in self.lives)]
        self.blur = max(self.blur, max(offs) - min(offs))

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
        assert not self.faults, self.faults
        rows = self.rows()
        self.failed |= {row["key"] for row in rows if row["state"] == "failed"}
        ends: dict[str, set[int]] = {"posted": set(), "dropped": set()}
        for row in self._deliveries():
            if row["state"] in ends:
                ends[row["state"]].add(row["post_id"])
        there = {remote_id: message.key for remote_id, message in self.there.messages}
        in_flight = [row["name"] for row in rows if row["state"] == "leased"]
        assert len(in_flight) == len(set(in_flight)), "one post of a channel at a time"
        for row in rows:
            story = self.there.stories[row["key"]]
            refused = story.is_given_up or (isinstance(story.last.answer, Rejected) if story.last else False)
            assert (row["state"] == "leased") <= bool(row["lease"] and row["lease_until"]), "whoever holds one is known"
            assert (row["state"] == "pending") <= (not row["lease"]), "nobody holds what waits"
            assert (row["state"] == "sent") == (row["sent_at"] is not None)
            assert (row["state"] == "failed") <= refused, f"what is given up was refused: {dict(row)} {story}"
            assert (row["id"] in ends["posted"]) <= (row["state"] == "sent"), "a paper is posted when its message is"
            assert (row["id"] in ends["dropped"]) <= (row["state"] == "failed"), "a paper is dropped with its message"
            if row["remote_id"] is not None:
                assert there.get(row["remote_id"]) == row["key"], "what is called so is there"
            elif row["state"] == "sent":
                assert story.may_be_taken_for_sent(self.policy, self.blur), (
                    f"what is sent is there: {dict(row)} {story}"
                )
        broken = self.broken()
        assert self.stopped <= broken, f"what takes nothing is stopped: {self.stopped} {broken}"
        assert broken <= self.stopped | self.stopping, f"nothing else is stopped: {self.stopped} {broken}"
        self._check_messages(rows)

    def passes(
        self, row: sqlite3.Row, older: sqlite3.Row, rows: list[sqlite3.Row], now: datetime, *,
        blur: timedelta | None = None,
    ) -> bool:  # fmt: skip
        """Whether a post may be sent before an older one: if that one, or another one of its digest, is looked for
        longer than `HOLDS_UP`."""
        if older["digest_id"] is not None and older["digest_id"] == row["digest_id"]:
            return False
        since = now - HOLDS_UP + (self.blur if blur is None else blur)
        return any(
            lost["state"] == "unknown" and time_of(lost["attempt_at"]) <= since
            for lost in rows
            if lost["id"] == older["id"] or (older["digest_id"] and lost["digest_id"] == older["digest_id"])
        )

    def is_passed(self, key: str) -> bool:
        """Whether something else has come into its channel since it was first sent."""
        (channel,) = [row["name"] for row in self.rows() if row["key"] == key]
        since = self.there.stories[key].since
        others = [one[0] for one in self.there.messages if one[1].address.channel == channel and one[1].key != key]
        return any(since is None or self.there.posted_at[remote_id] >= since - self.blur for remote_id in others)

    def _check_messages(self, rows: list[sqlite3.Row]) -> None:
        by_key = {row["key"]: row for row in rows}
        for channel in self.channels:
            # What did not arrive, as far as anybody could find out, may go for another message, and then come.
            keys = [key for key in self.there.keys(channel) if key in by_key or not self.known]
            assert all(by_key[key]["name"] == channel for key in keys)
            if self.policy is UnknownPolicy.AT_MOST_ONCE:
                assert len(keys) == len(set(keys)), f"no message is there twice: {keys}"
            first = [by_key[key] for key in dict.fromkeys(keys) if key not in self.failed]
            for place, row in enumerate(first):
                for later in first[place + 1 :]:
                    assert row["id"] < later["id"] or self._may_pass(later, row, rows), f"in order: {keys}"

    def _may_pass(self, older: sqlite3.Row, newer: sqlite3.Row, rows: list[sqlite3.Row]) -> bool:
        """Whether the newer post may be there before the older one: if that, or another one of its digest, is lost."""
        if not self.can_look_up and self.there.stories[older["key"]].is_vague:
            return True  # it was left where it was, and came
        if older["digest_id"] is not None and older["digest_id"] == newer["digest_id"]:
            return False
        if self.blur >= HOLDS_UP:
            return True  # by the clock of one process that is lost which has just left by the clock of another
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
            slow = number > 10 or any(post["state"] == "unknown" for post in open_posts)
            self.pass_time(61 if slow else 3600 if not open_posts and waits == {"hourly"} else 3)
        else:
            raise AssertionError(f"stuck: {open_posts} {waits}")
        self.pass_time(600)
        self._check_end()
        await survivor.end(taken=True)

    def _check_end(self) -> None:
        self.check()
        rows = {row["id"]: row for row in self.rows()}
        shown = {
            message.key: [self.home(one) for one in message.message.paper_ids] for _, message in self.there.messages
        }
        found = sorted((row["name"], row["paper_id"]) for row in self._deliveries())
        papers = [paper(number).id for number in range(1, self.papers + 1)]
        papers += [in_feed(number).id for number in self.in_feeds - self.known]
        assert found == sorted((name, one) for name in self.channels for one in papers)
        self._check_once(rows.values())
        for delivery in self._deliveries():
            post = rows[delivery["post_id"]]
            if delivery["state"] == "dropped":
                assert post["state"] == "failed"
            elif not delivery["is_shown"]:
                assert post["state"] in ("sent", "failed"), "what is only counted goes with what is shown"
            elif post["state"] != "failed":
                is_there = delivery["paper_id"] in shown.get(post["key"], ())
                assert is_there or post["remote_id"] is None, f"a paper is where its message is: {dict(delivery)}"

    def _check_once(self, rows: Iterable[sqlite3.Row]) -> None:
        """No paper is there twice by messages of digests, unless both were under way before it was known to be one."""
        of_digests = {row["key"]: row for row in rows if row["digest_id"]}
        there: defaultdict[tuple[str, str, bool], set[str]] = defaultdict(set)
        for _, message in self.there.messages:
            if row := of_digests.get(message.key):
                # Where a thread is gone, it goes on in the channel.
                is_reply = message.reply_to is not None or bool(json.loads(row["content"]).get("apart"))
                for one in message.message.paper_ids:
                    there[row["name"], self.home(one), is_reply].add(message.key)
        numbers = {paper(number).id: number for number in range(1, self.papers + 1)}
        for (channel, one, _), keys in there.items():
            most = max(1, self.left_before[channel, numbers.get(one, 0)])
            assert len(keys) <= most, f"no paper is there twice: {channel} {one} {keys}"

    async def close(self) -> None:
        self._eyes.close()
        await self.store.close()


def in_feed(number: int) -> Paper:
    """The paper as a feed has it."""
    return paper(number, id=f"feed:{number:020}", title=f"Paper {number} in a feed")


def has_left(row: sqlite3.Row) -> bool:
    return row["state"] in ("sent", "unknown") or (row["state"] == "leased" and row["attempt_at"] is not None)


def _to(changed: Channel, _: Channel) -> Channel:
    return changed
