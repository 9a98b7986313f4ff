"""The outbox of a process of the model, each write of which is compared with what was asked and answered before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from sqlite3 import Row
from typing import TYPE_CHECKING, Any

from bot.channels.channel import Address, Channel, PlatformName
from bot.platforms.outcomes import Gone, GoneScope, Partly, Rejected, Retry, Sent, Unknown
from bot.posting.post import Begun, Post, PostState, Settlement
from bot.posting.retries import UnknownPolicy
from storage.posting.outbox import SqlPostStore
from tests.posting.model.platform import SOON
from tests.posting.model.stories import LAST_LATE_LOOK, LONGEST_WAIT, Look, Request, Story, seconds

if TYPE_CHECKING:
    from tests.posting.model.life import Life

FIRST_LOOK = timedelta(seconds=5)
#: What is refused is waited for for up to so long at first, then for up to twice as long each time.
FIRST_WAIT = timedelta(seconds=5)
LEASE = timedelta(seconds=60)


class ObservedPosts:
    """Implements `bot.posting.store.PostStore`. What it does not know about is left to the real one."""

    def __init__(self, posts: SqlPostStore, life: Life) -> None:
        self._posts, self._life = posts, life

    def __getattr__(self, name: str) -> Any:
        return getattr(self._posts, name)

    # ---- taking

    async def lease(self, platforms: Sequence[PlatformName], **how: Any) -> list[Post]:
        world, demand = self._life.world, self._life.demand
        world.notice()
        stopped = set(world.stopped)
        posts = await self._posts.lease(platforms, **how)
        rows = world.rows()
        for post in posts:
            self._life.leases.add(post.lease)
            row = next((row for row in rows if row["id"] == post.id), None)
            if row is None:
                continue  # it stood still meanwhile
            demand(row["name"] not in stopped or row["name"] not in world.stopped, "nothing is taken where all stopped")
            demand(time_of(row["due_at"]) <= how["now"], f"nothing is taken before its time: {dict(row)}")
            for older in rows:
                if is_open(older) and older["channel_id"] == row["channel_id"] and older["id"] < row["id"]:
                    demand(world.passes(row, older, rows, how["now"]), f"{row['key']} goes past {older['key']}")
        return posts

    async def lease_unknown(self, platforms: Sequence[PlatformName], **how: Any) -> list[Post]:
        self._life.world.notice()
        posts = await self._posts.lease_unknown(platforms, **how)
        self._life.leases |= {post.lease for post in posts}
        return posts

    async def adopt(self, now: datetime, but: Mapping[int, Begun]) -> frozenset[int]:
        taken_over_at = self._life.world.machine.true
        self._life.world.takeovers += 1
        adopted = await self._posts.adopt(now, but)
        self._life.world.takeovers += 1
        self._life.adopted_at = self._life.adopted_at or taken_over_at
        return adopted

    async def expire(self, now: datetime) -> int:
        world = self._life.world
        world.notice()
        leased = [row for row in world.rows() if row["state"] == "leased"]
        over = {(row["key"], row["lease"]) for row in leased if time_of(row["lease_until"]) <= now}
        world.expired |= over
        turn = self._life.turns
        expired = await self._posts.expire(now)
        held = {(row["key"], row["lease"]) for row in world.rows()}
        for row in leased if turn == self._life.turns else ():
            lease = row["key"], row["lease"]
            self._life.demand((lease in over) != (lease in held), f"what is over is freed, nothing else: {dict(row)}")
        return expired

    # ---- writing

    def _holds(self, post: Post) -> bool:
        """The fence: nobody has this token but the one who took the post last."""
        rows = [row for row in self._life.world.rows() if row["id"] == post.id]
        return bool(rows) and rows[0]["lease"] == post.lease and rows[0]["state"] in ("leased", "unknown")

    def _fenced(self, post: Post, *, held: bool, written: bool) -> None:
        self._life.demand(written <= held, f"{post.key} is written by somebody whose lease is over")

    async def begin(self, post: Post, *, now: datetime, until: datetime) -> bool:
        life, story = self._life, self._life.world.there.stories[post.key]
        life.world.notice()
        held, noted_at, turn = self._holds(post), life.world.machine.true, life.turns
        request, before = None, story.copy()
        if held:
            reason = story.may_be_noted(life.world.policy, noted_at, life.world.blur)
            life.demand(not reason, f"no request may leave for {post.key}: {reason}")
            request = story.noted(life, post.lease, noted_at)
        doubles = life.world.shown_elsewhere(post.key)
        is_over = any(time_of(row["lease_until"]) <= now for row in life.world.rows() if row["lease"] == post.lease)
        begun = await self._posts.begin(post, now=now, until=until)
        self._fenced(post, held=held and not is_over, written=begun)
        if request is not None and not begun:
            story.take_back(request, before)
        if is_over and not begun:  # by a clock that was set meanwhile: it is left to whoever frees what is over
            life.leases.discard(post.lease)
        if begun and turn == life.turns:
            life.demand(not doubles, f"no paper leaves that is there, or may be: {post.key} {doubles}")
            (row,) = [row for row in life.world.rows() if row["id"] == post.id]
            life.demand(
                time_of(row["attempt_at"]) == now
                and time_of(row["lease_until"]) == until
                and row["attempts"] == post.attempts + 1,
                f"when a request leaves is noted, and nobody else takes it meanwhile: {dict(row)}",
            )
        return begun

    async def settle(self, settlement: Settlement) -> bool:
        held = self._holds(settlement.post)
        if held:
            self._check(settlement)
        request, turn = self._settling(settlement.post, anew=settlement.fresh_start), self._life.turns
        settled = await self._posts.settle(settlement)
        self._fenced(settlement.post, held=held, written=settled)
        self._life.demand(settled or not self._holds(settlement.post), "who holds a post may write what became of it")
        self._settled(settlement, request, settled=settled)
        if settled and turn == self._life.turns:
            self._check_stored(settlement)
        return settled

    async def stop(self, settlement: Settlement, address: Address, gone: Gone) -> list[Channel] | None:
        world, post = self._life.world, settlement.post
        held = self._holds(post)
        if held:
            self._check_stop(settlement, gone)
        world.begin_to_stop(address.channel, gone)
        request = self._settling(post, anew=settlement.fresh_start)
        stopped = await self._posts.stop(settlement, address, gone)
        self._fenced(post, held=held, written=stopped is not None)
        self._settled(settlement, request, settled=stopped is not None)
        if stopped is not None:
            world.stop(address.channel, gone)
            self._life.tells += bool(stopped)
        return stopped

    async def fold(self, post: Post, **how: Any) -> bool:
        held, story = self._holds(post), self._life.world.there.stories[post.key]
        if held and self._request(post) is not None:
            gone = story.requests[-1].answer
            self._life.demand(isinstance(gone, Gone) and gone.scope is GoneScope.THREAD, f"no thread is gone: {gone}")
        request = self._settling(post, anew=True)
        folded = await self._posts.fold(post, **how)
        self._fenced(post, held=held, written=folded)
        if request is not None:
            request.was_settled, request.is_settling = folded, False
        if folded:
            story.is_folded = True
            story.begins_anew()
        return folded

    # ---- what is written

    def _request(self, post: Post) -> Request | None:
        """The request that this lease was for."""
        last = self._life.world.there.stories[post.key].last
        return last if last is not None and last.lease == post.lease else None

    def _look(self, post: Post) -> Look | None:
        """The latest look of this process."""
        looks = self._life.world.there.stories[post.key].looks
        return next((look for look in reversed(looks) if look.holder is self._life), None)

    def _settling(self, post: Post, *, anew: bool) -> Request | None:
        """What is written now may be there before whoever writes it knows."""
        if anew:
            story = self._life.world.there.stories[post.key]
            story.since, story.surely_tried_for = None, timedelta()
        if (request := self._request(post)) is not None:
            request.is_settling = True
        return request

    def _settled(self, settlement: Settlement, request: Request | None, *, settled: bool) -> None:
        if request is not None:
            request.was_settled, request.is_settling = settled, False
        if not settled:
            return
        if request is None and (look := self._look(settlement.post)) is not None:
            look.was_settled = True
        if settlement.fresh_start:
            self._life.world.there.stories[settlement.post.key].begins_anew()
        rows = [row for row in self._life.world.rows() if row["id"] == settlement.post.id]
        if settlement.channel_after is not None and rows:
            rests_until = settlement.channel_after - self._life.off()
            self._life.world.rests_until[rows[0]["name"]] = rests_until

    def _check_stored(self, settlement: Settlement) -> None:
        row = next((row for row in self._life.world.rows() if row["id"] == settlement.post.id), None)
        if row is None:
            may_go = settlement.state is PostState.PENDING and self._life.world.known
            self._life.demand(bool(may_go), f"what says nothing any more goes, and nothing else: {settlement}")
        elif not row["lease"]:  # nobody has taken it already
            self._life.demand(
                row["state"] == settlement.state
                and row["remote_id"] == settlement.remote_id
                and (settlement.due_at is None or time_of(row["due_at"]) == settlement.due_at),
                f"what is settled is stored: {settlement} {dict(row)}",
            )

    def _check(self, settlement: Settlement) -> None:
        """What is written down about a post follows from what was answered."""
        story = self._life.world.there.stories[settlement.post.key]
        request = self._request(settlement.post)
        if request is not None and request.left_at is None:  # it stood still before the request left
            self._demand_state(settlement, PostState.PENDING, waits=timedelta())
        elif request is not None:
            self._check_answer(settlement, request)
        else:
            look = self._look(settlement.post)
            self._life.demand(look is not None and look.answer is not None, f"nothing was found out: {settlement}")
            if look is not None:
                self._check_look(settlement, story, look)

    def _check_answer(self, settlement: Settlement, request: Request) -> None:
        if isinstance(request.answer, Retry):
            story = self._life.world.there.stories[settlement.post.key]
            ends = story.must_be_given_up(request.answer, self._life.world.blur + SOON)
            self._life.demand(not ends, f"somebody is told of what is refused for long: {story}")
        match request.answer:
            case Sent(remote_id=remote_id):
                self._demand_state(settlement, PostState.SENT)
                self._life.demand(settlement.remote_id == remote_id, f"what is there has its name: {settlement}")
                rest = settlement.channel_after
                interval = self._life.line.channel_interval
                self._life.demand(not interval or rest is not None, "a channel rests after a message")
            case Retry(after=float() | int() as after):
                self._demand_state(settlement, PostState.PENDING, waits=seconds(after))
            case Retry():
                self._demand_state(settlement, PostState.PENDING)
                waits = (settlement.due_at or settlement.at) - settlement.at
                longest = min(FIRST_WAIT * 2**settlement.post.attempts, LONGEST_WAIT)
                self._life.demand(timedelta() <= waits <= longest, f"nothing waits so long: {settlement}")
            case Unknown(late=late):
                self._demand_state(settlement, PostState.UNKNOWN, waits=FIRST_LOOK)
                self._life.demand(settlement.look_ups.late == late, f"whether it may come late is known: {settlement}")
            case Rejected():
                self._demand_state(settlement, PostState.FAILED)
            case answer:
                self._life.demand(False, f"{answer} ends so: {settlement}")

    def _check_look(self, settlement: Settlement, story: Story, look: Look) -> None:
        world = self._life.world
        if isinstance(look.answer, Sent):
            self._demand_state(settlement, PostState.SENT)
            self._life.demand(
                settlement.remote_id == look.answer.remote_id, f"what was found has its name: {settlement}"
            )
            return
        left_to_setting = story.is_left_to_setting(look, world.blur)
        match settlement.state:
            case PostState.PENDING:
                least_once = world.policy is UnknownPolicy.AT_LEAST_ONCE
                may = story.permits(look, world.blur) or (left_to_setting and least_once)
                self._life.demand(may, f"it is sent again too soon: {story}")
                anew = settlement.fresh_start
                self._life.demand(not anew or story.is_wished, f"nothing of it is forgotten: {settlement}")
            case PostState.SENT:
                may = story.may_be_taken_for_sent(world.policy, world.blur)
                self._life.demand(may, f"nobody knows that it is there: {story}")
            case PostState.UNKNOWN:
                ends = not world.blur and story.must_be_left_to_setting(look)
                self._life.demand(not ends, f"looking ends: {story}")
                # What was sent in vain again and again is left alone for as long again.
                vain = LONGEST_WAIT if world.blur else min(story.tried_for, LONGEST_WAIT)
                longest = seconds(look.answer.after) if isinstance(look.answer, Partly) else max(LAST_LATE_LOOK, vain)
                if isinstance(look.answer, Retry):
                    longest = max(LONGEST_WAIT, seconds(look.answer.after or 0.0))
                waits = (settlement.due_at or settlement.at) - settlement.at
                self._life.demand(timedelta() <= waits <= longest, f"the next look is no later: {settlement}")
                cursor = look.answer.cursor if isinstance(look.answer, Partly) else settlement.look_ups.cursor
                self._life.demand(settlement.look_ups.cursor == cursor, f"how far it was read is kept: {settlement}")
                kept = settlement.look_ups.late == settlement.post.look_ups.late
                self._life.demand(kept, f"whether it may come late is not forgotten: {settlement}")
            case PostState.FAILED:
                self._life.demand(story.may_end_missing(look, world.blur), f"it is given up too soon: {story}")
                self._life.demand(world.is_passed(settlement.post.key), f"nothing else has come meanwhile: {story}")
                story.is_given_up = True
            case state:
                self._life.demand(False, f"a look ends so: {state} {look}")

    def _check_stop(self, settlement: Settlement, gone: Gone) -> None:
        """A channel stops for a reason, and what was to be said there waits."""
        story = self._life.world.there.stories[settlement.post.key]
        request = self._request(settlement.post)
        look = story.looks[-1] if request is None else None
        answer = request.answer if request is not None else story.looks[-1].answer
        ends_missing = look is not None and story.may_end_missing(look, self._life.world.blur)
        if isinstance(answer, Gone) and not (look is not None and look.is_missing):
            ends_missing = False
            is_meant = gone.scope is answer.scope and gone.scope is not GoneScope.THREAD
            self._life.demand(is_meant, f"only that stops which a refusal is about: {gone}")
        else:
            blur = self._life.world.blur + SOON
            may = isinstance(answer, Retry) and request is not None and story.may_be_given_up(answer, blur)
            self._life.demand(may or ends_missing, f"it was not tried for long enough: {story}")
        keeps = request is not None or ends_missing
        self._demand_state(settlement, PostState.PENDING if keeps else PostState.UNKNOWN)

    def _demand_state(self, settlement: Settlement, state: PostState, *, waits: timedelta | None = None) -> None:
        self._life.demand(settlement.state is state, f"it is to be {state}: {settlement}")
        if waits is not None:
            due = settlement.due_at or settlement.at
            self._life.demand(due - settlement.at == waits, f"it is to wait for {waits}: {settlement}")


def time_of(stored: str) -> datetime:
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)


def is_open(row: Row) -> bool:
    return row["state"] in ("pending", "leased", "unknown")
