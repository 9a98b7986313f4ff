"""The archive: what was listed and posted when, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.reading.votes import Tally, Vote
from storage.store import SqlStore
from tests.core import MANAGER, VISITOR, Core
from tests.sources import a_paper


@pytest.fixture
async def core(store: SqlStore, tmp_path: Path) -> AsyncIterator[Core]:
    core = Core(store, tmp_path / "index")
    yield core
    await core.index.close()


async def test_days_are_counted_paged_and_lead_to_each_other(core: Core) -> None:
    first = core.clock.now().date()
    await core.news(a_paper(1, upvotes=300), a_paper(2, upvotes=900), a_paper(3))
    core.clock.advance(hours=72)
    last = core.clock.now().date()
    await core.news(a_paper(4), a_paper(1, upvotes=400))  # listed a second time
    archive = core.store.archive
    month = first.replace(day=1)
    assert await archive.counts(month, month + timedelta(days=60)) == {first: 3, last: 2}
    assert await archive.counts(month, first) == {}
    page = await archive.listed(first, limit=2)
    assert (page.total, [paper.id[-1] for paper in page.papers]) == (3, ["2", "1"])
    assert (page.earlier, page.later) == (None, last)
    rest = await archive.listed(first, limit=2, offset=2)
    assert ([paper.id[-1] for paper in rest.papers], rest.total) == (["3"], 3)
    between = await archive.listed(first + timedelta(days=1), limit=2)
    assert (between.total, between.earlier, between.later) == (0, first, last)
    assert (await archive.listed(date(1999, 1, 1), limit=2)).later == first


async def test_where_a_paper_was_posted_is_told_of_channels_and_not_of_people(core: Core) -> None:
    for channel in ("general", "vision", "sound"):
        await core.say("subscribe study", channel)
    reply = await core.ask("subscribe study --for me", "elsewhere", person=VISITOR)
    assert not reply.failed
    await core.news(a_paper(1), a_paper(2))
    await core.next_digest()
    await core.settle(hours=48)
    paper_id = a_paper(1).id
    found = (await core.store.archive.postings([paper_id, "nobody"], 2))[paper_id]
    assert (found.total, len(found.latest)) == (3, 2)
    assert all(posting.shown and posting.digest_id for posting in found.latest)
    assert found.others == "1 other channel"
    everywhere = (await core.store.archive.postings([paper_id], 10))[paper_id]
    assert {posting.channel.name for posting in everywhere.latest} == {"general", "vision", "sound"}


async def test_votes_on_a_paper_are_told_by_channel(core: Core) -> None:
    await core.say("subscribe study")
    await core.news(a_paper(1), a_paper(2))
    await core.next_digest()
    paper_id = a_paper(1).id
    await core.say(f"vote {paper_id} up")
    assert not (await core.ask(f"vote {paper_id} up", person=VISITOR)).failed
    await core.say(f"vote {paper_id} down", "vision")
    general, vision = await core.store.archive.votes(paper_id, channels=5, people=1)
    assert (general.channel.name, general.tally, general.up) == ("general", Tally(2, 0), (MANAGER.id,))
    assert (vision.channel.name, vision.tally, vision.up) == ("vision", Tally(0, 1), ())
    channel = await core.channel()
    own = await core.store.reading.own_votes(channel.id, MANAGER.id, [paper_id, a_paper(2).id])
    assert own == {paper_id: Vote.UP}
    assert await core.store.reading.own_votes(channel.id, "nobody", [paper_id]) == {}


async def test_digests_of_a_channel_lead_to_each_other(core: Core) -> None:
    await core.say("settings limit 2")
    await core.say("subscribe study")
    digests = []
    for number in (1, 11, 21):
        await core.news(*(a_paper(number + more) for more in range(3)))
        await core.next_digest()
        [posting] = (await core.store.archive.postings([a_paper(number).id], 1))[a_paper(number).id].latest
        digests.append(posting.digest_id)
        core.clock.advance(hours=20)
    channel = await core.channel()
    first, second, third = [one for one in digests if one is not None]
    found = await core.store.archive.digest(channel.id, second, limit=10)
    assert found is not None
    assert (found.earlier, found.later) == (first, third)
    assert (found.digest.shown, found.digest.total, len(found.papers)) == (2, 3, 3)
    assert await core.store.archive.digest(channel.id + 1, second, limit=10) is None
    ends = [await core.store.archive.digest(channel.id, one, limit=1) for one in (first, third)]
    assert [(one.earlier, one.later, len(one.papers)) for one in ends if one] == [(None, second, 1), (second, None, 1)]
