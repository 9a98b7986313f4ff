"""Topics by meaning: each paper waits for its vector, and then comes, once, in every process and after a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.embedding.onnx import OnnxModel
from bot.meaning.vectors import Vector
from bot.papers.paper import Paper
from bot.query.models import MeaningModel
from bot.query.queries import Query
from bot.topics.matcher import matches
from storage.store import SqlStore
from tests.core import Core
from tests.sources import a_paper

TEXTS = (
    ("Teaching cars to brake", "Automobiles learn to stop before obstacles on the road."),
    ("Vehicles that see at night", "Thermal cameras help autonomous driving in the dark."),
    ("Lane keeping without maps", "A vehicle follows the road by its cameras alone."),
    ("Sourdough at home", "Bread dough rises slowly when the kitchen is cold."),
    ("Baking with less energy", "An oven is preheated only as long as the loaf needs."),
    ("Predicting protein structure", "Folding of amino acid chains from their sequence alone."),
)
DRIVING = {1, 2, 3}


def texts(first: int) -> list[Paper]:
    return [
        a_paper(first + number, title=title, abstract=abstract) for number, (title, abstract) in enumerate(TEXTS, 1)
    ]


@pytest.fixture
async def core(store: SqlStore, tmp_path: Path, model: OnnxModel) -> AsyncIterator[Core]:
    """The core with a model, on both kinds of database."""
    core = Core(store, tmp_path / "index", model=model)
    yield core
    core.engine.close()
    await core.index.close()


async def queued(core: Core) -> list[int]:
    waiting = await core.store.digests.waiting((await core.channel()).id)
    return sorted(int(one.paper.id[-2:]) for one in waiting)


async def test_papers_wait_for_their_vectors_and_then_come_once(core: Core, tmp_path: Path) -> None:
    await core.news(*texts(0))
    words = await core.say('subscribe about:"self-driving cars"~3/day')
    assert "papers about self-driving cars (about 3 a day)" in words
    assert "3 papers in the one day that is known" in words
    core.clock.advance(days=1)
    # A process without a model takes the papers in: nothing can be said about them yet, by topics or by searches.
    without = Core(core.store, tmp_path / "other", clock=core.clock, source=core.source, platform=core.platform)
    await without.news(*texts(10))
    assert await queued(core) == []
    (topic,) = await core.store.subscriptions.of_channel((await core.channel()).id)
    found = await without.index.search(topic.wanted, limit=20)
    assert found.total == 3
    assert not await without.engine.matching.match_new()
    # Another one with a model embeds them, dies before it matches, and the next one goes on.
    while await core.engine._embedding.step():
        pass
    again = Core(core.store, tmp_path / "again", clock=core.clock, source=core.source, platform=core.platform)
    assert await again.engine.matching.match_new() == [topic.channel_id]
    assert await queued(core) == [11, 12, 13]
    assert not await core.engine.matching.match_new()
    found = await core.index.search(topic.wanted, limit=20)
    vectors = await core.store.vectors.vectors(dict(topic.models)[topic.query].model, [one.id for one in texts(10)])  # type: ignore[union-attr]
    by_matcher = {one.id for one in texts(10) if matches(topic.wanted, one, {one.id: (vectors[one.id],)})}
    assert by_matcher == {hit.paper_id for hit in found.hits if hit.paper_id > "2605.00010"}
    assert "about self-driving cars" in await core.say("topics")
    assert 'about:"self-driving cars"' in await core.say("why 2605.00011")
    await core.next_digest()
    await again.news(*(replace(one, upvotes=99) for one in texts(10)))
    await core.next_digest()
    assert sorted(core.platform.papers_in("general")) == ["2605.00011", "2605.00012", "2605.00013"]
    for other in (without, again):
        other.engine.close()
        await other.index.close()


async def test_what_is_not_about_it_must_be_known_too(core: Core) -> None:
    await core.news(*texts(0))
    await core.say('subscribe * -about:"self-driving cars"~3/day')
    core.clock.advance(days=1)
    await core.news(*texts(10))
    await core.engine.matching.match_new()
    assert await queued(core) == [14, 15, 16]
    page = await core.say('search * -about:"self-driving cars"~3/day')
    assert "Sourdough" in page
    assert "brake" not in page
    assert "2 papers" in await core.say('search about:"self-driving cars"~3/day -maps -id:2605.00011 -id:2605.00012')


async def test_a_lower_threshold_finds_more_and_the_nearest_come_first(core: Core) -> None:
    await core.news(*texts(0))
    few, many = [
        await core.commands._services.examples.decided(
            await core.commands._services.query(f'about:"bread"~{share}/day')
        )
        for share in (1, 3)
    ]
    (one,), (other,) = ([model for _, model in query.models] for query in (few, many))
    assert isinstance(one, MeaningModel)
    assert isinstance(other, MeaningModel)
    assert one.threshold > other.threshold
    found = [[hit.paper_id for hit in (await core.index.search(query, limit=9)).hits] for query in (few, many)]
    assert set(found[0]) <= set(found[1])
    assert found[1][0] == found[0][0] == "2605.00004"
    assert [Query.of(term).text for term in many.by_example()] == ['about:"bread"~3/day']


async def test_without_a_model_a_sentence_says_so(store: SqlStore, tmp_path: Path) -> None:
    core = Core(store, tmp_path / "index")
    await core.news(*texts(0))
    for line in ('subscribe about:"cars"', 'search about:"cars"'):
        assert "needs a model" in await core.refused(line)
    assert "no topics" in await core.say("topics")
    await core.index.close()


class Turned:
    """Another version of a model: it means the same, and says so with other numbers."""

    def __init__(self, model: OnnxModel) -> None:
        self._model = model
        self.name = "f" * 64

    def embed(self, text: str) -> Vector:
        return Vector(self.name, bytes(reversed(self._model.embed(text).numbers)))

    def release(self) -> None:
        """It holds nothing of its own."""


async def test_topics_move_to_another_model_all_at_once_and_their_channels_are_told_once(
    core: Core, model: OnnxModel, tmp_path: Path
) -> None:
    await core.news(*texts(0))
    await core.say('subscribe about:"self-driving cars"~3/day')
    await core.say('subscribe about:"bread"~2/day -driving')
    (before, _) = await core.store.subscriptions.of_channel((await core.channel()).id)
    core.clock.advance(days=1)
    turned = Core(
        core.store,
        tmp_path / "turned",
        clock=core.clock,
        source=core.source,
        platform=core.platform,
        model=Turned(model),
    )
    turned.source.list(*texts(10), day=core.clock.now().date())
    await turned.engine._intake.poll()
    await turned.engine.matching.match_new()
    assert not await turned.engine._model_change.follow()  # nothing has its vectors yet
    assert await queued(core) == []
    while await turned.engine._embedding.step():
        pass
    assert not await turned.engine.matching.match_new()  # what arrived goes by the old model, of which it has no vector
    assert await turned.engine._model_change.follow()
    assert not await turned.engine._model_change.follow()
    await turned.engine.matching.match_new()
    assert await queued(core) == [11, 12, 13, 14, 15]
    (after, _) = await core.store.subscriptions.of_channel((await core.channel()).id)
    assert (after.query, after.since) == (before.query, before.since)
    assert after.wanted.embedding_models == {"f" * 64} == {await core.store.vectors.current_model()}
    await turned.settle(hours=1)
    notices = [post for post in core.platform.posts if "another model of meaning" in str(post.message)]
    assert len(notices) == 1
    turned.engine.close()
    await turned.index.close()
