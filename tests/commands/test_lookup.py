"""Asking elsewhere when we know next to nothing ourselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import SourceError
from bot.messages.plain import plain_text
from bot.papers.paper import SourceName
from storage.store import SqlStore
from tests.sources import ScriptedLookup, a_paper
from tests.town import Town


@pytest.fixture
def arxiv() -> ScriptedLookup:
    return ScriptedLookup(a_paper(91, title="Turtles at Sea"), a_paper(92, title="Turtles at Night"))


@pytest.fixture
def hub() -> ScriptedLookup:
    return ScriptedLookup(a_paper(91, title="Turtles at Sea"), name=SourceName.HUGGINGFACE)


@pytest.fixture
async def town(sqlite_url: str, tmp_path: Path, hub: ScriptedLookup, arxiv: ScriptedLookup) -> AsyncIterator[Town]:
    store = SqlStore(sqlite_url)
    town = Town(store, tmp_path / "index", lookups=[hub, arxiv])
    yield town
    await town.index.close()
    await store.close()


async def test_a_thin_answer_is_completed_by_the_sources_own_search(town: Town) -> None:
    reply = await town.ask("search turtles")
    words = plain_text(reply.message)
    assert "Found at Hugging Face" in words
    assert "Found at arXiv" in words
    assert reply.message.paper_ids == ["2605.00091", "2605.00092"]  # each once, though both know the first
    # What was shown is known from now on, and news to nobody.
    assert (await town.ask("search turtles night")).message.paper_ids[:1] == ["2605.00092"]
    assert await town.store.papers.unmatched(10) == []


async def test_a_good_answer_and_a_query_with_fields_ask_nobody(town: Town, arxiv: ScriptedLookup) -> None:
    await town.news(*(a_paper(number) for number in range(1, 5)))
    await town.say("search diffusion")
    await town.say("search title:turtles")
    await town.say("search turtles -sea")
    await town.say("search turt*")
    assert arxiv.questions == []
    await town.say('search "sea turtles" fast')
    assert arxiv.questions == ["sea turtles fast"]


async def test_a_library_that_fails_is_left_out(town: Town, arxiv: ScriptedLookup) -> None:
    arxiv.error = SourceError("it sent a web page")
    assert (await town.ask("search turtles")).message.paper_ids == ["2605.00091"]
    assert "I do not know 2605.00092" in await town.refused("show 2605.00092")
    arxiv.error = None
    assert (await town.ask("show 2605.00092")).message.paper_ids == ["2605.00092"]
    assert await town.store.papers.count() == 2
