"""Asking elsewhere when we know next to nothing ourselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import SourceError
from bot.messages.plain import plain_text
from bot.papers.sources import HUGGINGFACE
from storage.store import SqlStore
from tests.core import Core
from tests.sources import ScriptedLookup, a_paper


@pytest.fixture
def arxiv() -> ScriptedLookup:
    return ScriptedLookup(a_paper(91, title="Turtles at Sea"), a_paper(92, title="Turtles at Night"))


@pytest.fixture
def hub() -> ScriptedLookup:
    return ScriptedLookup(a_paper(91, title="Turtles at Sea"), name=HUGGINGFACE)


@pytest.fixture
async def core(sqlite_url: str, tmp_path: Path, hub: ScriptedLookup, arxiv: ScriptedLookup) -> AsyncIterator[Core]:
    store = SqlStore(sqlite_url)
    core = Core(store, tmp_path / "index", lookups=[hub, arxiv])
    yield core
    await core.index.close()
    await store.close()


async def test_a_thin_answer_is_completed_by_the_sources_own_search(core: Core) -> None:
    reply = await core.ask("search turtles")
    words = plain_text(reply.message)
    assert "Found at Hugging Face" in words
    assert "Found at arXiv" in words
    assert reply.message.paper_ids == ["2605.00091", "2605.00092"]  # each once, though both know the first
    # What was shown is known from now on, and news to nobody.
    assert (await core.ask("search turtles night")).message.paper_ids[:1] == ["2605.00092"]
    assert await core.store.papers.unmatched(10) == []


async def test_a_good_answer_and_a_query_with_fields_ask_nobody(core: Core, arxiv: ScriptedLookup) -> None:
    await core.news(*(a_paper(number) for number in range(1, 5)))
    await core.say("search diffusion")
    await core.say("search title:turtles")
    await core.say("search turtles -sea")
    await core.say("search turt*")
    assert arxiv.questions == []
    await core.say('search "sea turtles" fast')
    assert arxiv.questions == ["sea turtles fast"]


async def test_a_library_that_fails_is_left_out(core: Core, arxiv: ScriptedLookup) -> None:
    arxiv.error = SourceError("it sent a web page")
    assert (await core.ask("search turtles")).message.paper_ids == ["2605.00091"]
    assert "I do not know 2605.00092" in await core.refused("show 2605.00092")
    arxiv.error = None
    assert (await core.ask("show 2605.00092")).message.paper_ids == ["2605.00092"]
    assert await core.store.papers.count() == 2
