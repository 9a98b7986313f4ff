"""A process of the model, from its start to its end: what it does, and what holds whenever it has done something."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from bot.digests.digest import DigestKind
from bot.messages.message import PaperBlock
from bot.platforms.outcomes import HistoryWindow, Outgoing
from bot.posting.redraws import Redraws
from bot.posting.retries import UnknownPolicy
from bot.reading.votes import Vote
from storage.store import SqlStore
from tests.core import Core
from tests.posting.model.observed import LEASE, ObservedPosts, is_open, time_of
from tests.posting.model.platform import BACK, DEFECT, Line
from tests.posting.model.stories import HELD_UP, Look, Request
from tests.processes import Process
from tests.storage.scenes import paper

if TYPE_CHECKING:
    from tests.posting.model.world import World

INTERVAL = 1.0


class Stop(Enum):
    """Where a process stands still: with a post that it holds, a request that is noted and has not left, one that is on
    its way, one that was taken, or one whose answer has come."""

    AT_THE_END = auto()
    LEASED = auto()
    NOTED = auto()
    ON_ITS_WAY = auto()
    TAKEN = auto()
    ANSWERED = auto()


class Life:
    """A process, from its start to its end."""

    def __init__(self, world: World, *, interval: float = INTERVAL) -> None:
        self.world = world
        self.store = SqlStore(world.url)
        self.store.posts = ObservedPosts(self.store.posts, self)  # type: ignore[assignment]
        self.process = Process(self.store)
        self.clock = world.machine.clock()
        self.line = Line(world.there, self, can_look_up=world.can_look_up, interval=interval)
        self.core = Core(
            self.store, world.folder / "index", clock=self.clock, platform=self.line,  # type: ignore[arg-type]
            unknown_policy=world.policy,
        )  # fmt: skip
        self.edits = Line(world.there, self, can_look_up=True, interval=0.0)
        self.is_idle = True
        self.answered = 0
        self.turns = 0  # how often it stood still, and went on
        self.adopted_at: datetime | None = None
        self.leases: set[str] = set()
        self.tells = 0  # how often somebody is to be told that something stopped
        self.broken_before: set[str] = set()  # the channels that were known not to be well when its work began
        world.lives.append(self)
        world.compare_clocks()

    def demand(self, is_so: bool, what: str) -> None:
        """What does not hold is remembered: whoever does the work takes an error for a defect, and goes on."""
        if not is_so:
            self.world.faults.append(what)
            raise AssertionError(what)

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
        self.turns += 1
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
            case Stop.LEASED:
                mine = [row for row in self.world.rows() if row["state"] == "leased" and row["lease"] in self.leases]
                return any(row["attempt_at"] is None for row in mine)
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
        assert turn is not None
        return turn.locked()

    # ---- what it does

    async def round(self) -> None:
        """What a process does again and again."""
        began = self.world.moment
        await self.core.engine.deliver()
        if self.world.moment == began:
            self._check_delivered()
        await self.core.engine.reconcile()
        if self.world.moment == began:
            self._check_reconciled()
        self.demand(len(self.line.told) >= self.tells, "whoever set it up is told that it stopped")

    async def digest_now(self, channel: str) -> None:
        found = await self.store.channels.find(self.world.address(channel))
        assert found is not None
        await self.core.engine.planner.plan_now(found, DigestKind.REQUESTED)
        await self.core.engine.outbox.drain()

    async def vote(self, channel: str, number: int) -> None:
        """Somebody votes for a paper, and its messages are drawn again."""
        found = await self.store.channels.find(self.world.address(channel))
        assert found is not None
        stands = await self.store.reading.vote(found.id, paper(number).id, "ada", Vote.UP, self.clock.now())
        messages, refused, turns = len(self.world.there.messages), self.edits.refused_edits, self.turns
        shows = {post.remote_id for post in await self.store.posts.showing(found.id, paper(number).id)}
        redraws = Redraws(
            posts=self.store.posts, composer=self.core.services.composer, platforms={self.edits.name: self.edits},
            gather=0.0, every=0.0, wait=0.0,
        )  # fmt: skip
        redraws.voted(found, paper(number).id, drawn="")
        await asyncio.sleep(0)
        await redraws.close()
        there = self.world.there.messages[:messages]
        if self.edits.refused_edits > refused or self.turns > turns:
            return  # what is lost does no harm, and the next vote draws it
        for _, outgoing in [one for one in there if one[0] in shows]:
            blocks = [block for block in outgoing.message.blocks if isinstance(block, PaperBlock)]
            (block,) = [block for block in blocks if block.paper_id == paper(number).id]
            self.demand(
                block.thumbs is None or block.thumbs.up == (stands is Vote.UP),
                f"a vote is shown by what was posted: {channel} {outgoing} {self.edits.redrawn}",
            )

    # ---- what holds

    def _check_delivered(self) -> None:
        """What could be sent is: nothing waits that need not."""
        rows, now = self.world.rows(), self.clock.now()
        busy = {row["channel_id"] for row in rows if row["state"] == "leased"}
        for row in rows:
            rests = row["post_after"] and time_of(row["post_after"]) > now
            if row["state"] != "pending" or time_of(row["due_at"]) > now or rests or row["channel_id"] in busy:
                continue
            is_held_up = any(
                is_open(older) and not self.world.passes(row, older, rows, now, blur=timedelta())
                for older in rows
                if older["channel_id"] == row["channel_id"] and older["id"] < row["id"]
            )
            self.demand(is_held_up or row["channel_state"] != "active", f"nothing waits that may be sent: {dict(row)}")
        for row in rows:
            is_mine = row["state"] == "leased" and row["lease"] in self.leases and time_of(row["lease_until"]) > now
            last = self.world.there.stories[row["key"]].last
            has_failed = last is not None and last.lease == row["lease"] and last.answer is DEFECT
            self.demand(not is_mine or has_failed, f"nothing is kept by somebody who does nothing with it: {dict(row)}")

    def _check_reconciled(self) -> None:
        """Whatever is over is freed, and whatever is to be looked for was."""
        if self.core.engine.outbox._reconciliation._jumps() is None:
            return  # what is stored is to be moved along first
        now = self.clock.now()
        for row in self.world.rows():
            ends = time_of(row["lease_until"]) if row["lease_until"] else now
            is_due = row["state"] == "unknown" and time_of(row["due_at"]) <= now and ends <= now
            looks = self.world.there.stories[row["key"]].looks
            was_looked_for = bool(looks) and looks[-1].began_at == self.world.machine.true
            self.demand(row["state"] != "leased" or ends > now, f"nobody holds what is over: {dict(row)}")
            is_looked_for = not is_due or was_looked_for or row["channel_state"] != "active"
            self.demand(is_looked_for, f"whatever may be there is looked for: {dict(row)}")

    def leaves(self, outgoing: Outgoing) -> Request:
        """Implements `tests.posting.model.platform.Sender`."""
        world, now = self.world, self.world.machine.true
        rows = [row for row in world.rows() if row["key"] == outgoing.key]
        self.demand(bool(rows), "what leaves is on record")
        (row,) = rows
        story = world.there.stories[outgoing.key]
        request = story.last
        self.demand(not (story.is_folded and outgoing.reply_to), "nothing is replied in a thread that is gone")
        # Processes whose clocks differ may take a lease for over that is not: only its holder's answer counts then.
        is_held = row["state"] == "leased" or bool(world.blur)
        self.demand(is_held, f"whoever sends a post holds it: {dict(row)}")
        self.demand(row["attempt_at"] is not None and request is not None, "no request leaves unnoted")
        assert request is not None
        is_noted = (request.lease == row["lease"] or bool(world.blur)) and request.left_at is None
        self.demand(is_noted, "each request is noted")
        self.demand(row["remote_id"] is None, f"what is there is not sent again: {dict(row)}")
        self.demand(now <= request.noted_at + HELD_UP + world.blur, "nothing leaves that was held up for long")
        self.demand(now < request.noted_at + LEASE + world.blur, "nothing leaves that others may have taken over")
        self.demand(row["name"] not in self.broken_before, "nothing is sent where nothing is taken")
        has_papers = outgoing.message.paper_ids != [] or "digest" not in row["content"]
        self.demand(has_papers or bool(world.known), "a message has its papers")
        rests = world.rests_until.get(row["name"])
        self.demand(
            rests is None or now >= rests - world.blur, f"a channel rests after a message until {rests}: {dict(row)}"
        )
        if world.policy is UnknownPolicy.AT_MOST_ONCE:
            self.demand(outgoing.key not in world.there.keys(row["name"]), "nothing is sent twice")
        return story.leaves(now)

    def looks(self, outgoing: Outgoing, window: HistoryWindow, since: datetime) -> Look:
        """Implements `tests.posting.model.platform.Sender`."""
        world, story, now = self.world, self.world.there.stories[outgoing.key], self.world.machine.true
        first = story.since
        self.demand(bool(story.requests), "what never left is not looked for")
        self.demand(first is None or since <= first - BACK + world.blur, f"a look is for all requests: {story}")
        self.demand(story.knows(window.cursor), f"a look goes on where another one stopped: {window}")
        return story.look_begins(self, window, now, world.takeovers)

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
