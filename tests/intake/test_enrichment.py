"""What the feeds leave out is asked for elsewhere, and no digest waits long for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.errors import SourceError
from bot.intake import enrichment
from bot.messages.plain import plain_text
from bot.papers.paper import Paper
from bot.papers.sources import HUGGINGFACE
from storage.store import SqlStore
from tests.core import Core
from tests.papers.names import names
from tests.patience import PATIENCE
from tests.sources import ScriptedLookup, a_paper

KNOWN = a_paper(1, categories=("cs.LG", "cs.CV"), authors=names("Ada Lovelace", "Alan Turing", "Kurt Gödel"))


async def test_a_topic_finds_a_paper_by_the_category_that_arxiv_knows(store: SqlStore, tmp_path: Path) -> None:
    core = Core(store, tmp_path / "index", catalogue=ScriptedLookup(KNOWN))
    await core.say("subscribe cat:cs.CV")
    await core.news(a_paper(1), a_paper(2))
    await core.next_digest()
    assert core.platform.papers_in("general") == ["2605.00001"]
    assert "A. Lovelace, A. Turing +1" in plain_text(core.platform.posts[0].message)
    paper = await store.papers.paper("2605.00001")
    assert paper is not None
    # It is still Hugging Face alone that brought it, with its votes.
    assert (paper.sources, paper.upvotes) == (frozenset({HUGGINGFACE}), 5)
    assert paper.categories == ("cs.LG", "cs.CV")
    await core.index.close()


async def test_the_catalogue_is_asked_rarely_and_in_batches(store: SqlStore, tmp_path: Path) -> None:
    class Counting(ScriptedLookup):
        batches: list[list[str]]

        async def lookup(self, paper_ids: Sequence[str]) -> Sequence[Paper]:
            self.batches.append(list(paper_ids))
            return await super().lookup(paper_ids)

    lookup = Counting(KNOWN)
    lookup.batches = []
    core = Core(store, tmp_path / "index", catalogue=lookup)
    await core.news(a_paper(1), a_paper(2), a_paper(3))
    await core.engine.poll()
    assert sorted(lookup.batches[0]) == ["2605.00001", "2605.00002", "2605.00003"]
    core.clock.advance(hours=7)
    lookup.error = SourceError("it is busy")
    await core.engine.poll()
    lookup.error = None
    await core.engine.poll()
    assert [sorted(batch) for batch in lookup.batches[1:]] == [["2605.00002", "2605.00003"]] * 2
    await core.index.close()


async def test_a_digest_has_the_latest_votes(store: SqlStore, tmp_path: Path) -> None:
    hub = ScriptedLookup(a_paper(1, upvotes=77, models=2), name=HUGGINGFACE)
    core = Core(store, tmp_path / "index", hub=hub)
    await core.say("subscribe diffusion")
    await core.news(a_paper(1, upvotes=5))
    await core.next_digest()
    assert "▲ 77" in plain_text(core.platform.posts[0].message)
    await core.index.close()


async def test_no_digest_waits_long_for_details(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(ScriptedLookup):
        asked = 0

        async def lookup(self, paper_ids: Sequence[str]) -> Sequence[Paper]:
            Slow.asked += 1
            await asyncio.sleep(3600)
            return ()

    monkeypatch.setattr(enrichment, "TIMEOUT", 0.1)
    core = Core(store, tmp_path / "index", hub=Slow(name=HUGGINGFACE))
    for channel in ("one", "two"):
        await core.say("subscribe diffusion", channel)
    await core.say("timezone Asia/Tokyo", "two")
    await core.news(a_paper(1))
    async with asyncio.timeout(PATIENCE):
        await core.next_digest("two")
        await core.next_digest("one")
    assert len(core.platform.posts) == 2
    assert Slow.asked <= 2
    await core.index.close()
