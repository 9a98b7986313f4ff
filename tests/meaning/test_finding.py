"""What is found by meaning: below what matches, never instead of it, and with every condition of the query."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.embedding.onnx import OnnxModel
from bot.meaning.collection import Nearness
from bot.meaning.fusion import fused, weight_of_meaning
from bot.meaning.meaning import IDLE_AFTER
from bot.papers.paper import Paper
from bot.query.parser import parse
from bot.search.results import Hit
from storage.store import SqlStore
from tests.core import Core
from tests.papers.names import names
from tests.sources import a_paper

TEXTS = {
    1: ("Teaching cars to brake", "Automobiles learn to stop before obstacles on the road.", "cs.RO"),
    2: ("Sourdough at home", "Bread dough rises slowly when the kitchen is cold.", "cs.CY"),
    3: ("Predicting protein structure", "Folding of amino acid chains from their sequence alone.", "q-bio.BM"),
    4: ("Vehicles that see at night", "Thermal cameras help autonomous driving in the dark.", "cs.CV"),
    5: ("Baking with less energy", "An oven is preheated only as long as the loaf needs.", "cs.CY"),
}


def texts() -> list[Paper]:
    return [
        a_paper(number, title=title, abstract=abstract, categories=(category,))
        for number, (title, abstract, category) in TEXTS.items()
    ]


@pytest.fixture
async def core(sqlite_url: str, tmp_path: Path, model: OnnxModel) -> AsyncIterator[Core]:
    store = SqlStore(sqlite_url)
    core = Core(store, tmp_path / "index", model=model)
    await core.news(*texts())
    yield core
    core.engine.close()
    await core.index.close()
    await store.close()


async def found(core: Core, query: str) -> tuple[list[str], list[str]]:
    page = await core.finder.search(parse(query), limit=10, asked=query)
    return [hit.paper_id[-1] for hit in page.hits], [hit.paper_id[-1] for hit in page.related]


async def test_what_means_the_same_is_found_without_a_common_word(core: Core) -> None:
    exact, related = await found(core, "self-driving automobile safety")
    assert exact == []
    assert set(related[:2]) == {"1", "4"}
    words = await core.say("search self-driving automobile safety")
    assert "Best matches" in words
    assert "Teaching cars to brake" in words
    assert "Sourdough at home" not in words
    assert "words alone" not in words


async def test_what_matches_comes_first_and_is_not_among_the_related(core: Core) -> None:
    exact, related = await found(core, "bread")
    assert exact == ["2"]
    assert related[0] == "5"
    assert "2" not in related
    assert "Related" in await core.say("search bread")


@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        ("car safety", {"1", "4"}),
        ("car safety cat:cs.RO", {"1"}),
        ("car safety -thermal", {"1"}),
        ("car safety id:2605.00004", {"4"}),
        ("car safety author:nobody", set()),
        ("medieval tax law", set()),  # no paper is near enough to that
    ],
)
async def test_every_condition_holds_for_what_is_found_by_meaning(core: Core, query: str, allowed: set[str]) -> None:
    assert [set(numbers) for numbers in await found(core, query)] == [set(), allowed]


async def test_a_question_is_looked_for_by_what_it_asks(core: Core) -> None:
    words = await core.say("search How do I get my loaf of bread to rise?")
    assert "Sourdough at home" in words
    assert "Vehicles that see at night" not in words


async def test_similar_papers_mean_the_same_and_those_of_others_come_first(core: Core) -> None:
    hits = await core.finder.similar(texts()[0], limit=5)
    assert hits[0].paper_id[-1] == "4"
    assert len(hits) == 4  # not itself
    unknown = replace(texts()[1], id="2605.99999")
    assert (await core.finder.similar(unknown, limit=1))[0].paper_id.endswith("2")
    await core.news(a_paper(4, title=TEXTS[4][0], abstract=TEXTS[4][1]), a_paper(6, authors=names("Somebody Else")))
    words = await core.say("similar 2605.00001")
    assert words.index("Diffusion Study 6") < words.index("Vehicles that see at night")


async def test_a_paper_whose_text_changed_is_found_by_what_it_says_now(core: Core) -> None:
    await core.news(a_paper(3, title="Cakes and pies", abstract="Pastry is baked in an oven until it is brown."))
    assert (await found(core, "recipes for cookies"))[1][:1] == ["3"]
    assert await core.store.vectors.waiting(await core.engine.meaning.model(), 9) == []


async def test_memory_is_given_back_after_ten_idle_minutes_and_everything_works_again(core: Core) -> None:
    await found(core, "driving safety")
    core.clock.advance(seconds=(IDLE_AFTER - timedelta(seconds=1)).total_seconds())
    assert not await core.engine.meaning.release_idle()
    core.clock.advance(seconds=1)
    assert await core.engine.meaning.release_idle()
    assert not await core.engine.meaning.release_idle()
    assert set((await found(core, "self-driving automobile safety"))[1][:2]) == {"1", "4"}


def test_fusion_weighs_both_lists_and_sentences_more_by_meaning() -> None:
    words = [Hit("a", 9.0), Hit("b", 5.0), Hit("c", 1.0)]
    meaning = [Nearness("c", 100_000), Nearness("d", 60_000), Nearness("a", 20_000)]
    assert [(hit.paper_id, hit.score) for hit in fused(words, meaning)] == [
        ("c", 0.5),
        ("a", 0.5),
        ("d", 0.25),
        ("b", 0.25),
    ]
    assert [hit.paper_id for hit in fused(words, meaning, weight_of_meaning(6))] == ["c", "d", "a", "b"]
    assert [weight_of_meaning(count) for count in (1, 5, 6, 30)] == [0.5, 0.5, 0.7, 0.7]
    assert [hit.paper_id for hit in fused([], meaning)] == ["c", "d", "a"]
    assert [(hit.paper_id, hit.score) for hit in fused([Hit("x", 3.0)], [])] == [("x", 0.5)]
    assert fused([], []) == []
