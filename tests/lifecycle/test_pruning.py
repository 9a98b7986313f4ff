"""What is old is deleted; what is still to be sent, saved or voted on stays; and nothing is ever posted twice."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select

from bot.app.command_line.pruning import lines_of
from bot.lifecycle import pruning
from bot.lifecycle.pruning import KeptFor, Prunable, Pruning
from bot.messages.plain import plain_text
from bot.papers.paper import Paper
from bot.papers.sources import ARXIV
from bot.query.parser import parse
from storage.past_deliveries import paper_number
from storage.store import SqlStore
from storage.tables.papers import GONE_PAPERS, PAPERS
from storage.tables.posts import DELIVERIES, DELIVERY_TOPICS, DIGESTS, PAST_DELIVERIES, POSTS
from storage.tables.reading import SAVED_PAPERS
from tests.core import Core
from tests.sources import a_paper
from tests.storage.scenes import listed

KEPT = KeptFor(history=timedelta(days=90), papers=timedelta(days=180))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows at once, and no pauses."""
    monkeypatch.setattr(pruning, "ROWS_AT_ONCE", 3)


def prune_of(core: Core) -> Pruning:
    return Pruning(core.store.pruning, KEPT)


async def pruned(core: Core, *, delete: bool = True) -> dict[Prunable, int]:
    """What went. What heads a thread, or was all that kept something else, goes with the next run."""
    found = dict.fromkeys(Prunable, 0)
    for _ in range(2 if delete else 1):
        for one in await prune_of(core).prune(core.clock.now(), delete=delete, pause=0):
            found[one.what] += one.rows
    return found


async def count(core: Core, table: Table) -> int:
    async with core.store.database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


async def news(core: Core, *papers: Paper) -> None:
    """The feed lists these papers today, and is read; the weeks in which it had nothing are not looked through."""
    today = core.clock.now().date()
    core.source.list(*papers, day=today)
    await core.store.sources.begin_from(core.source.name, today)
    await core.engine.poll()


async def posted(core: Core, *papers: Paper) -> None:
    await news(core, *papers)
    await core.next_digest()


async def test_what_was_posted_long_ago_is_forgotten_and_never_posted_again(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("settings style threads")
    old = [a_paper(number) for number in range(1, 6)]
    await posted(core, *old)
    core.clock.advance(days=91)
    await posted(core, a_paper(9))
    expected = await pruned(core, delete=False)
    assert (await count(core, DELIVERIES), await count(core, POSTS)) == (6, 8)
    gone = await pruned(core)
    assert gone == expected == {
        Prunable.DELIVERIES: 5, Prunable.POSTS: 6, Prunable.DIGESTS: 1, Prunable.MESSAGES: 0, Prunable.PAPERS: 0,
    }  # fmt: skip
    assert [await count(core, table) for table in (DELIVERIES, DELIVERY_TOPICS, POSTS, DIGESTS)] == [1, 1, 2, 1]
    # The paper changes and is matched anew; another topic finds it, too; somebody asks for older ones.
    sent = len(core.platform.posts)
    await news(core, *(a_paper(number, upvotes=900, abstract="A new text on diffusion.") for number in range(1, 6)))
    await core.say("subscribe study --backfill 10")
    await core.settle(hours=48)
    assert len(core.platform.posts) == sent
    assert await count(core, DELIVERIES) == 1
    assert "posted here, so long ago" in await core.say(f"why {old[0].id}")


async def test_a_paper_that_was_deleted_and_comes_back_under_any_of_its_ids_is_not_posted_again(core: Core) -> None:
    await core.say("subscribe diffusion")
    paper = a_paper(1, doi="10.1234/abc", other_ids=("feed:7",))
    await posted(core, paper)
    core.clock.advance(days=181)
    gone = await pruned(core)
    assert (gone[Prunable.DELIVERIES], gone[Prunable.PAPERS], await count(core, PAPERS)) == (1, 1, 0)
    sent = len(core.platform.posts)
    for again in (paper, a_paper(2, id="doi:10.1234/abc", doi="10.1234/abc"), a_paper(3, id="feed:7")):
        await news(core, again)
        await core.settle(hours=48)
        assert len(core.platform.posts) == sent, again.id
    await posted(core, a_paper(8))
    assert len(core.platform.posts) == sent + 1


async def test_a_paper_that_another_source_lists_stays_as_long_as_one_that_is_new(core: Core) -> None:
    await news(core, a_paper(1), a_paper(2))
    core.clock.advance(days=181)
    now = core.clock.now()
    await listed(core.store, a_paper(1), source=ARXIV, day=now.date(), now=now)
    assert (await pruned(core))[Prunable.PAPERS] == 1
    assert set(await core.store.papers.papers([a_paper(1).id, a_paper(2).id])) == {a_paper(1).id}
    core.clock.advance(days=181)
    assert (await pruned(core))[Prunable.PAPERS] == 1


async def test_search_no_longer_finds_papers_that_were_deleted(core: Core) -> None:
    await news(core, a_paper(1), a_paper(2))
    core.clock.advance(days=181)
    await news(core, a_paper(3))
    assert (await core.index.search(parse("diffusion"), limit=9)).total == 3
    assert (await pruned(core))[Prunable.PAPERS] == 2
    found = await core.index.search(parse("diffusion"), limit=9)
    assert [hit.paper_id for hit in found.hits] == [a_paper(3).id]
    await news(core, a_paper(1))
    assert (await core.index.search(parse("diffusion"), limit=9)).total == 2
    assert await core.index.behind() == 0
    core.clock.advance(days=3)
    await pruned(core)
    assert await count(core, GONE_PAPERS) == 0


async def test_a_paper_that_somebody_saves_at_this_moment_stays(core: Core) -> None:
    await news(core, a_paper(1), a_paper(2))
    core.clock.advance(days=181)
    saving = {"platform": "web", "workspace": "", "person": "ada", "saved_at": core.clock.now(), "by_reaction": False}
    async with core.store.database.write() as connection:
        await connection.execute(insert(SAVED_PAPERS).values(paper_id=a_paper(1).id, **saving))
        pruning = asyncio.create_task(pruned(core))
        await asyncio.sleep(0.5)
    assert (await pruning)[Prunable.PAPERS] == 1
    assert set(await core.store.papers.papers([a_paper(1).id, a_paper(2).id])) == {a_paper(1).id}


async def test_what_somebody_needs_stays_however_old_it_is(core: Core) -> None:
    saved, voted, waiting, example, imported, nobodys = (a_paper(number) for number in range(1, 7))
    await core.say("subscribe title:diffusion upvotes:>=100 --name Liked")
    await news(core, saved, voted, example, nobodys)
    await core.ask(f"save {saved.id}")
    await core.ask(f"vote {voted.id} up")
    await core.say(f"subscribe like {example.id}", "vision")
    await core.store.papers.import_papers([imported])
    await core.say("subscribe diffusion", "paused")
    await news(core, waiting)
    await core.say("pause", "paused")
    core.clock.advance(days=200)
    await pruned(core)
    kept = await core.store.papers.papers([one.id for one in (saved, voted, waiting, example, imported, nobodys)])
    assert set(kept) == {saved.id, voted.id, waiting.id, example.id, imported.id}
    await core.say("resume", "paused")
    before = len(core.platform.posts)
    await core.settle(hours=96)
    assert len(core.platform.posts) > before


async def test_what_is_on_its_way_stays_until_it_has_arrived(core: Core) -> None:
    await core.say("subscribe diffusion")
    await news(core, a_paper(1))
    await core.say("now")
    core.clock.advance(days=200)
    assert await pruned(core) == dict.fromkeys(Prunable, 0)
    sent = len(core.platform.posts)
    await core.engine.deliver()
    assert len(core.platform.posts) == sent + 1


async def test_a_delivery_that_is_forgotten_while_its_paper_is_matched_anew_is_not_queued(store: SqlStore) -> None:
    """The look into what is remembered comes after the row was added, so that nothing slips between the two."""
    async with store.database.write() as connection:
        for table, row in _a_channel():
            await connection.execute(insert(table).values(**row))
        await connection.execute(PAST_DELIVERIES.insert().values(channel_id=1, paper=paper_number("2605.00001")))
    assert await store.digests.delivered_ids(1, ["2605.00001", "2605.00002"]) == {"2605.00001"}
    await store.channels.delete(1, datetime.fromisoformat("2026-05-11T09:00:00+00:00"))
    later = datetime.fromisoformat("2026-05-12T09:00:00+00:00")
    while await store.channels.delete_marked(later, 10):
        pass
    async with store.database.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(PAST_DELIVERIES))).scalar_one() == 0


def _a_channel() -> list[tuple[Table, dict[str, Any]]]:
    from storage.tables.channels import CHANNELS, WORKSPACES

    return [
        (WORKSPACES, {"id": 1, "platform": "web", "external_id": "local", "name": "local", "stopped_for": ""}),
        (
            CHANNELS,
            {
                "id": 1, "workspace_id": 1, "external_id": "general", "name": "general", "time_zone": "UTC",
                "schedule": "hourly", "settings": {}, "state": "active", "reason": "", "last_number": 0,
            },
        ),
    ]  # fmt: skip


async def test_space_is_given_back_step_by_step_and_by_writing_the_file_anew(core: Core, tmp_path: Path) -> None:
    await news(core, *(a_paper(number, abstract="long " * 2000) for number in range(1, 60)))
    core.clock.advance(days=181)
    before = await core.store.pruning.space()
    found = await prune_of(core).prune(core.clock.now(), pause=0)
    after = await core.store.pruning.space()
    assert sum(one.rows for one in found) == 59
    if before.free is None:
        assert "uses that room again" in lines_of(found, before, after)[-1]
        return
    assert (after.total < before.total, after.free) == (True, 0), "it was made smaller step by step"
    await core.store.pruning.rewrite()
    assert (await core.store.pruning.space()).free == 0
    assert "Deleted 59 rows" in lines_of(found, before, after)[-1]
    assert "Would delete 59 rows" in lines_of(found, before, None)[-1]
    assert "no topics" in plain_text((await core.ask("topics")).message).lower()
