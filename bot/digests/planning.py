"""Planning: turning what waits for a channel into a digest when its time has come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.background import Stints
from bot.channels.channel import Channel, PlatformName
from bot.channels.next_digest import local_day, next_for, quiet_until
from bot.channels.store import ChannelStore
from bot.clocks import Clock
from bot.digests.calendar import Calendar
from bot.digests.digest import Digest, DigestKind, DigestPlan, Elsewhere, QueuedPaper
from bot.digests.selection import plan_digest
from bot.digests.spreading import CROWD, place_of, turn_of
from bot.digests.store import DigestStore
from bot.errors import StorageError
from bot.intake.enrichment import Enrichment
from bot.mail.trending import Trending
from bot.metrics import Metrics
from bot.platforms.platform import Platform
from bot.ranking.taste import NO_TASTE, Taste
from bot.ranking.tastes import Tastes
from bot.spans import Spans, trace_of_paper

CHANNELS_AT_ONCE = 100
#: Pauses end at a time that somebody wrote; looking for them reads all channels.
PAUSES_EVERY = timedelta(seconds=20)
#: Seconds after which a sweep leaves the rest to the next one: whatever else comes with each sweep must not wait.
SWEEP_FOR = 20.0
#: How long papers that were to go out at once to a person are held that come in a channel of theirs, before that is
#: looked at again.
HELD_FOR = timedelta(minutes=10)
#: Seconds that a platform gets to say how its channels take papers: those of all others wait meanwhile.
ASKED_FOR = 5.0
#: A channel that a defect keeps from being planned is tried again after so many seconds.
SET_ASIDE_FOR = 60.0
#: Where a defect is met in so many channels, it is none of theirs, and each of them costs the time of the others.
MOST_SET_ASIDE = 1000
#: Papers of a digest that the log names, and that its span points to: as many as a digest may show.
MOST_NAMED = 100

#: So long before their time it is noted which digests are many.
LOOK_AHEAD = timedelta(minutes=1)

NOTHING_ELSEWHERE = Elsewhere()

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Made:
    """A plan of a channel that is due, and how many seconds making it took."""

    channel: Channel
    plan: DigestPlan
    kind: DigestKind
    seconds: float = 0.0


class Planner:
    """Makes digests. All of its work is in stored `next_digest_at` and queued papers: a restart forgets nothing."""

    def __init__(
        self,
        *,
        digests: DigestStore,
        channels: ChannelStore,
        platforms: Mapping[PlatformName, Platform],
        clock: Clock,
        enrichment: Enrichment,
        tastes: Tastes,
        trending: Trending,
        metrics: Metrics,
        spans: Spans,
        spread: timedelta = timedelta(),
    ) -> None:
        self._digests = digests
        self._metrics = metrics
        self._spans = spans
        self._channels = channels
        self._enrichment = enrichment
        self.tastes = tastes
        self._trending = trending
        self._platforms = platforms
        self._clock = clock
        self._spread = spread
        self.calendar = Calendar(digests, spread)
        #: Times that so many channels share that their digests are spread. They are noted before the first is planned.
        self._crowded: set[datetime] = set()
        self._pauses_at: datetime | None = None
        #: Channels that a defect keeps from being planned, with the moments (monotonic) at which they are tried again.
        self._set_aside: dict[int, float] = {}

    async def sweep(self) -> int:
        """Plans the digests that are due, as many as fit into `SWEEP_FOR`; returns how many."""
        began = time.monotonic()
        await self._end_pauses()
        await self._note_crowds()
        planned = 0
        # Those of a platform that is switched off stay due, and would soon be all that one look finds. So do those
        # that are set aside.
        while ours := await self._due_now():
            started, aside = time.monotonic(), len(self._set_aside)
            stored = []
            # People's own channels come last: by then it is known what they read in the others.
            for some in (
                [channel for channel in ours if not channel.person],
                [channel for channel in ours if channel.person],
            ):
                if some:
                    stored += await self._plan_each(some)
            planned += sum(plan.digest is not None for plan in stored)
            self._metrics.plan(time.monotonic() - started)
            moved = bool(stored) or len(self._set_aside) > aside
            if not moved or time.monotonic() - began > SWEEP_FOR:
                break
        return planned

    async def _due_now(self) -> list[Channel]:
        now = time.monotonic()
        self._set_aside = {channel_id: until for channel_id, until in self._set_aside.items() if until > now}
        if len(self._set_aside) >= MOST_SET_ASIDE:
            return []
        return await self._digests.due(
            self._clock.now(), CHANNELS_AT_ONCE, self._platforms.keys(), self._set_aside.keys()
        )

    async def _plan_each(self, channels: Sequence[Channel]) -> list[DigestPlan]:
        """Plans channels that are due; returns the plans that are stored. What a defect is about is set aside."""
        try:
            return await self._plan_together(channels)
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other channels have nothing to do with it
            if len(channels) == 1:
                _log.error("digest.not_planned", channel=str(channels[0].address), exc_info=error)
                self._set_aside[channels[0].id] = time.monotonic() + SET_ASIDE_FOR
                return []
        middle = len(channels) // 2
        return [*await self._plan_each(channels[:middle]), *await self._plan_each(channels[middle:])]

    async def _plan_together(self, channels: Sequence[Channel]) -> list[DigestPlan]:
        await self._trending.gather(channels, self._clock.now())
        waiting = await self._digests.waiting_in([channel.id for channel in channels])
        await self._enrichment.freshen({queued.paper.id for papers in waiting.values() for queued in papers})
        busy = [channel for channel in channels if waiting[channel.id]]
        tastes, elsewhere = await self._tastes_of(busy), await self._elsewhere(busy)
        return await self._plan_due(channels, waiting, tastes, elsewhere)

    async def plan_now(self, channel: Channel, kind: DigestKind, only: Collection[str] | None = None) -> Digest | None:
        """Makes a digest of what waits (or of some of it) outside the schedule; returns it, None if there is none.

        For a platform that is switched off there is none: what waits goes on waiting, as in a sweep.
        """
        if channel.address.platform not in self._platforms:
            return None
        papers = await self._digests.waiting(channel.id)
        if only is not None:
            papers = [queued for queued in papers if queued.paper.id in only]
        apart, taste = await self._takes_apart(channel), await self.tastes.of(channel)
        papers, elsewhere = await self._own(channel, papers)
        started = time.monotonic()
        plan = await self._digest(channel, papers, kind, channel.next_digest_at, taste, apart=apart)
        plan = replace(plan, read_elsewhere=elsewhere.read)
        stored = plan.digest is not None and await self._digests.plan(plan, self._clock.now())
        if not stored:
            return None
        self._tell(channel, plan, kind, time.monotonic() - started)
        return plan.digest

    async def preview(self, channel: Channel) -> DigestPlan:
        """The digest that would go out now; nothing is stored."""
        papers, _ = await self._own(channel, await self._digests.waiting(channel.id))
        taste = await self.tastes.of(channel)
        return await self._digest(channel, papers, DigestKind.REQUESTED, channel.next_digest_at, taste)

    async def correct(self) -> int:
        """Brings forward what is set later than schedule and quiet days say; returns in how many channels.

        That happens when a clock was ahead for a while, or when the rules of a time zone changed.
        """
        now = self._clock.now()
        # Most of the time all is well, and ten thousand channels are of a few kinds.
        if not any(_correction(channel, now) for channel in await self._channels.kinds_due_after(now)):
            return 0
        plans: list[DigestPlan] = []
        stints = Stints()
        for channel in await self._channels.due_after(now):
            await stints.rest()
            if plan := _correction(channel, now):
                plans.append(plan)
        return len(await self._digests.plan_all(plans, now))

    async def late(self, channel: Channel) -> timedelta:
        """How long after its stated time the channel's next digest comes, because many channels share that time."""
        if not self._spread or channel.next_digest_at is None:
            return timedelta()
        shared = await self._digests.sharing(channel.next_digest_at) >= CROWD
        return place_of(channel.id, self._spread) if shared else timedelta()

    async def _note_crowds(self) -> None:
        if self._spread:
            now = self._clock.now()
            crowded = await self._digests.crowds(now + LOOK_AHEAD, CROWD)
            self._crowded = {*crowded, *(moment for moment in self._crowded if moment > now - self._spread)}

    def _post_at(self, channel: Channel, now: datetime) -> datetime | None:
        """When a digest that is due goes out, None for now."""
        if channel.next_digest_at is None:
            return None
        turn = turn_of(channel.id, channel.next_digest_at, self._crowded, self._spread)
        return turn if turn > now else None

    async def _end_pauses(self) -> None:
        now = self._clock.now()
        if self._pauses_at is not None and timedelta() <= now - self._pauses_at < PAUSES_EVERY:
            return
        self._pauses_at = now
        if not await self._channels.ended_pauses(now):
            return
        # As they are by then: somebody may pause one again, or give it another schedule, at this moment.
        for channel in await self._channels.end_pauses(now, lambda channel: next_for(channel, now)):
            _log.info("channel.resumed", channel=str(channel.address))

    async def _tastes_of(self, channels: Sequence[Channel]) -> dict[int, Taste]:
        """The tastes of channels: of one that follows another, that one's, where people vote."""
        ids = sorted({one.follows for one in channels if one.follows is not None})
        followed = await self._channels.get(ids) if ids else {}
        voting = {one.id: followed.get(one.follows or 0, one) for one in channels}
        tastes = await self.tastes.of_all(list({one.id: one for one in voting.values()}.values()))
        return {own: tastes[one.id] for own, one in voting.items() if one.id in tastes}

    async def _elsewhere(self, channels: Sequence[Channel]) -> dict[int, Elsewhere]:
        """What of that which waits for people in their own channels they have in others."""
        own = [channel.id for channel in channels if channel.person]
        return await self._digests.elsewhere(own) if own else {}

    async def _own(self, channel: Channel, papers: Sequence[QueuedPaper]) -> tuple[list[QueuedPaper], Elsewhere]:
        """Those of the papers that come in no other channel of a person, if it is a person's own."""
        elsewhere = (await self._elsewhere([channel])).get(channel.id, NOTHING_ELSEWHERE)
        return _only_here(papers, elsewhere), elsewhere

    async def _plan_due(
        self,
        channels: Sequence[Channel],
        waiting: Mapping[int, Sequence[QueuedPaper]],
        tastes: Mapping[int, Taste],
        elsewhere: Mapping[int, Elsewhere],
    ) -> list[DigestPlan]:
        """Plans channels that are due; returns the plans that are stored, where no other process was faster."""
        now, stints = self._clock.now(), Stints()
        asked = [channel for channel in channels if waiting[channel.id]]
        answers = await asyncio.gather(*(self._takes_apart(channel) for channel in asked))
        apart = {channel.id for channel, answer in zip(asked, answers, strict=True) if answer}
        made: list[_Made] = []
        for channel in channels:
            await stints.rest()
            known = elsewhere.get(channel.id, NOTHING_ELSEWHERE)
            taste = tastes.get(channel.id, NO_TASTE)
            made.append(await self._due(channel, waiting[channel.id], taste, known, now, apart=channel.id in apart))
        stored = await self._digests.plan_all([one.plan for one in made], now)
        for one in made:
            if one.channel.id in stored and one.plan.digest is not None:
                self._tell(one.channel, one.plan, one.kind, one.seconds)
        return [one.plan for one in made if one.channel.id in stored]

    async def _due(
        self,
        channel: Channel,
        papers: Sequence[QueuedPaper],
        taste: Taste,
        elsewhere: Elsewhere,
        now: datetime,
        *,
        apart: bool,
    ) -> _Made:
        """The plan of a due channel."""
        scheduled = channel.next_digest_at is not None and channel.next_digest_at <= now
        kind = DigestKind.SCHEDULED if scheduled else DigestKind.INSTANT
        later = next_for(channel, now) if scheduled else channel.next_digest_at
        held_until = quiet_until(channel, now)
        if held_until is not None:
            quiet = DigestPlan(
                channel_id=channel.id,
                expected_next=channel.next_digest_at,
                next_digest_at=later,
                instant_not_before=held_until,
            )
            return _Made(channel, quiet, kind)
        if not scheduled and channel.next_digest_at is not None:
            papers = [queued for queued in papers if queued.instant]
        held = any((queued.instant or later is None) and queued.paper.id in elsewhere.coming for queued in papers)
        started = time.monotonic()
        plan = await self._digest(channel, _only_here(papers, elsewhere), kind, later, taste, apart=apart)
        plan = replace(
            plan,
            read_elsewhere=elsewhere.read,
            instant_not_before=now + HELD_FOR if held else plan.instant_not_before,
            post_at=self._post_at(channel, now) if scheduled else None,
        )
        return _Made(channel, plan, kind, time.monotonic() - started)

    def _tell(self, channel: Channel, plan: DigestPlan, kind: DigestKind, seconds: float) -> None:
        """Tells of a digest that is planned. Of very many papers those are named that it shows."""
        self._metrics.digest(kind.value)
        address, shown = str(channel.address), plan.paper_ids[:MOST_NAMED]
        _log.info(
            "digest.planned",
            channel=address,
            kind=kind.value,
            trace=plan.trace,
            total=len(plan.paper_ids),
            posts=len(plan.posts),
            papers=list(shown),
        )
        self._spans.done(
            "plan",
            seconds,
            trace=plan.trace,
            first=True,
            links=[trace_of_paper(paper_id) for paper_id in shown],
            channel=address,
            kind=kind.value,
            papers=len(plan.paper_ids),
            posts=len(plan.posts),
        )

    async def _takes_apart(self, channel: Channel) -> bool:
        """What its platform says, or soon does; else as most channels are, which is well for others, too."""
        try:
            async with asyncio.timeout(ASKED_FOR):
                return await self._platforms[channel.address.platform].takes_apart(channel.address)
        except TimeoutError:
            _log.warning("digest.channel_unknown", channel=str(channel.address), seconds=ASKED_FOR)
            return False

    async def _digest(
        self,
        channel: Channel,
        papers: Sequence[QueuedPaper],
        kind: DigestKind,
        later: datetime | None,
        taste: Taste,
        *,
        apart: bool = False,
    ) -> DigestPlan:
        platform = self._platforms[channel.address.platform]
        planning = partial(
            plan_digest,
            channel,
            papers,
            kind=kind,
            day=local_day(channel, self._clock.now()),
            per_message=platform.papers_per_message(channel.settings.style, abstracts=channel.settings.abstracts),
            next_digest_at=later,
            apart=apart,
            taste=taste,
        )
        # The prior takes microseconds a paper; a taste has to read each of them.
        return await asyncio.to_thread(planning) if taste.learnt else planning()


def _only_here(papers: Sequence[QueuedPaper], elsewhere: Elsewhere) -> list[QueuedPaper]:
    return [
        queued for queued in papers if queued.paper.id not in elsewhere.read and queued.paper.id not in elsewhere.coming
    ]


def _correction(channel: Channel, now: datetime) -> DigestPlan | None:
    """What sets a channel right whose times are later than schedule and quiet days say; None where they are not."""
    wanted, held_until = next_for(channel, now), quiet_until(channel, now)
    late = channel.next_digest_at is not None and wanted is not None and wanted < channel.next_digest_at
    held = channel.instant_at is not None and channel.instant_at > (held_until or now + HELD_FOR)
    if not late and not held:
        return None
    return DigestPlan(
        channel_id=channel.id,
        expected_next=channel.next_digest_at,
        next_digest_at=wanted if late else channel.next_digest_at,
        instant_not_before=held_until,
    )
