"""Two papers turn out to be one while messages wait that show them: a channel gets it once all the same."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.channels.channel import Address, Style
from bot.messages.plain import plain_text
from bot.papers.paper import Paper
from bot.papers.sources import ARXIV, HUGGINGFACE
from bot.posting import outbox
from bot.posting.post import PostState
from bot.topics.store import TopicOptions
from storage.store import SqlStore
from storage.tables.posts import DIGESTS, POSTS
from tests.clocks import SettableClock
from tests.core import Core
from tests.databases import SQLITE_IS_ENOUGH
from tests.platforms import Fault, SimulatedPlatform
from tests.processes import Process
from tests.sources import a_paper
from tests.storage.scenes import listed, match
from tests.thorough import THOROUGH

#: What a feed calls a paper of arXiv's, before anybody knows that it is one.
IN_A_FEED = a_paper(id="feed:0123456789abcdef0123", title="Diffusion in a feed", upvotes=9)
ON_ARXIV = a_paper(1, upvotes=8, sources=frozenset({ARXIV}))
OTHERS = (a_paper(2), a_paper(3, upvotes=4))


@pytest.fixture
async def core(store: SqlStore, tmp_path: Path) -> AsyncIterator[Core]:
    core = Core(store, tmp_path / "index", platform=SimulatedPlatform(per_message=1))
    yield core
    await core.index.close()


async def matched(core: Core, *papers: Paper) -> None:
    await listed(core.store, *papers, source=HUGGINGFACE, now=core.clock.now())
    await core.engine.matching.match_new()


async def planned(core: Core, *papers: Paper) -> None:
    """A digest of these papers waits to be sent."""
    await matched(core, *papers)
    await core.say("now")


async def they_are_one(core: Core) -> None:
    await listed(core.store, replace(ON_ARXIV, other_ids=(IN_A_FEED.id,)), source=ARXIV, now=core.clock.now())
    assert (await core.store.papers.papers([IN_A_FEED.id]))[IN_A_FEED.id].id == ON_ARXIV.id


def shown(core: Core, *, replies: bool = False) -> Counter[str]:
    """How often each paper stands in the channel, or in its threads."""
    ids = [
        one for post in core.platform.posts if (post.reply_to is not None) == replies for one in post.message.paper_ids
    ]
    return Counter(ON_ARXIV.id if one == IN_A_FEED.id else one for one in ids)


async def check(core: Core, *papers: str, times: int = 1) -> None:
    """These papers were posted, and that one so many times; nothing is left to do, and nothing more comes."""
    await core.settle(hours=0.15)
    await core.next_digest()
    counts = await core.store.posts.counts()
    assert {state for state, number in counts.items() if number} == {PostState.SENT}
    expected = Counter({**dict.fromkeys(papers, 1), ON_ARXIV.id: times})
    assert shown(core) == expected
    if replies := shown(core, replies=True):
        assert replies == Counter(expected.keys())
    history = await core.store.digests.history((await core.channel()).id, 20)
    assert Counter(one.paper.id for one in history) == Counter(expected.keys())


async def styled(core: Core, style: Style) -> None:
    await core.say("subscribe diffusion")
    await core.say(f"settings style {style}")


@SQLITE_IS_ENOUGH
@pytest.mark.parametrize(
    ("style", "faults", "times"),
    [
        (Style.CARDS, (), 1),
        (Style.CARDS, (Fault.BUSY,), 1),
        (Style.CARDS, (Fault.NONE, Fault.BUSY), 1),
        (Style.CARDS, (Fault.ANSWER_LOST,), 1),
        (Style.CARDS, (Fault.NONE, Fault.LOST), 1),
        (Style.CARDS, (Fault.NONE, Fault.GONE), 1),
        # Both have arrived before anybody knew.
        (Style.CARDS, (Fault.NONE, Fault.ANSWER_LOST), 2),
        (Style.THREADS, (), 1),
        (Style.THREADS, (Fault.NONE, Fault.LOST), 1),
    ],
)
async def test_it_stood_in_two_messages_of_a_digest(
    core: Core, style: Style, faults: tuple[Fault, ...], times: int
) -> None:
    await styled(core, style)
    await planned(core, IN_A_FEED, ON_ARXIV, *OTHERS)
    core.platform.fail("general", *faults)
    if faults:
        await core.engine.outbox.drain()
    await they_are_one(core)
    if Fault.GONE in faults:
        await core.say("resume")
    await check(core, *(one.id for one in OTHERS), times=times)


@SQLITE_IS_ENOUGH
@pytest.mark.parametrize("in_a_feed_first", [True, False])
@pytest.mark.parametrize("style", [Style.CARDS, Style.THREADS])
async def test_it_stood_in_two_digests(core: Core, style: Style, in_a_feed_first: bool) -> None:
    await styled(core, style)
    first, second = (IN_A_FEED, ON_ARXIV) if in_a_feed_first else (ON_ARXIV, IN_A_FEED)
    await planned(core, first, OTHERS[0])
    await planned(core, second)
    await they_are_one(core)
    await check(core, OTHERS[0].id)
    async with core.store.database.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(DIGESTS))).scalar_one() == 1


@SQLITE_IS_ENOUGH
@pytest.mark.parametrize("style", [Style.CARDS, Style.THREADS])
async def test_it_waits_for_the_next_digest_as_well(core: Core, style: Style) -> None:
    await styled(core, style)
    await planned(core, IN_A_FEED)
    await matched(core, ON_ARXIV, *OTHERS)
    await they_are_one(core)
    await check(core, *(one.id for one in OTHERS))


@SQLITE_IS_ENOUGH
@pytest.mark.parametrize("style", [Style.CARDS, Style.THREADS])
async def test_it_stood_twice_in_one_message(store: SqlStore, tmp_path: Path, style: Style) -> None:
    core = Core(store, tmp_path / "index")
    await styled(core, style)
    await planned(core, IN_A_FEED, ON_ARXIV, *OTHERS)
    await they_are_one(core)
    await check(core, *(one.id for one in OTHERS))
    (first, *_) = core.platform.posts
    assert "3 new papers" in plain_text(first.message)
    await core.index.close()


class Trial:
    """A digest of two messages is planned and sent, and at one moment their papers turn out to be one."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder
        self.store = SqlStore(url)
        self._number = 0

    async def run(self, moment: int) -> bool:
        """Whether the moment was before the end."""
        self._number += 1
        clock, platform, name = SettableClock(), SimulatedPlatform(per_message=1), f"here-{self._number}"
        here = await self.store.channels.add(
            Address(platform.name, name, name),
            name,
            time_zone="UTC",
            schedule="daily 12:00",
            next_digest_at=clock.now(),
        )
        cards = replace(here, settings=replace(here.settings, style=Style.CARDS))
        await self.store.channels.change(here.id, lambda _: cards, clock.now())
        topic = TopicOptions(query="diffusion")
        subscription = await self.store.subscriptions.add(here.id, topic, created_by="ada", now=clock.now())
        feeds, arxivs, other = (
            replace(IN_A_FEED, id=f"feed:{self._number:020}"),
            replace(ON_ARXIV, id=f"2605.1{self._number:04}"),
            OTHERS[0],
        )
        await listed(self.store, feeds, arxivs, other, now=clock.now())
        matches = [match(here, one.id, subscription) for one in (feeds, arxivs, other)]
        await self.store.digests.record_matches({}, matches, clock.now())

        store = SqlStore(self._url)
        core = Core(store, self._folder, clock=clock, platform=platform)
        process = Process(store)
        process.start(_delivers(core))
        steps = 0
        while steps < moment and await process.step():
            steps += 1
        one = replace(arxivs, other_ids=(feeds.id,))
        merging = asyncio.create_task(listed(self.store, one, now=clock.now()))
        while process.is_in_transaction and await process.step():
            pass  # either may have to wait for the other
        await merging
        left = await self._left(here.id)
        await process.go_on()
        for _ in range(9):
            clock.advance(seconds=61)
            await core.engine.outbox.reconcile()
            await core.engine.planner.sweep()
            await core.engine.outbox.drain()
        await core.index.close()
        await store.close()
        shown = Counter(paper for post in platform.posts for paper in post.message.paper_ids)
        assert shown.pop(other.id) == 1
        assert 1 <= shown.total() <= max(1, left), (moment, shown)
        assert await self.store.posts.open_in(here.id) == 0
        history = await self.store.digests.history(here.id, 9)
        assert sorted(line.paper.id for line in history) == sorted((arxivs.id, other.id))
        return steps == moment

    async def _left(self, channel_id: int) -> int:
        """How many requests with one of the two may have left."""
        async with self.store.database.read() as connection:
            begun = select(POSTS.c.content).where(POSTS.c.channel_id == channel_id, POSTS.c.attempt_at.is_not(None))
            contents = (await connection.execute(begun)).scalars()
            return sum(OTHERS[0].id not in content["paper_ids"] for content in contents)


async def _delivers(core: Core) -> None:
    await core.engine.planner.sweep()
    await core.engine.outbox.drain()


async def test_whenever_they_turn_out_to_be_one(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more request leaves only where it was about to."""
    monkeypatch.setattr(outbox, "GATHER", 0.0)
    trial = Trial(database_url, tmp_path / "index")
    moment = 0
    while await trial.run(moment):
        moment += 1 if THOROUGH else 17
    assert moment > 50
    await trial.store.close()
