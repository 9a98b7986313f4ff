"""A query matches a paper if and only if a search for it finds that paper."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.meaning.collection import VectorView
from bot.meaning.vectors import PaperVectors
from bot.papers.paper import Paper
from bot.query.categories import category_named
from bot.query.parser import parse
from bot.query.queries import Query
from bot.text.words import words
from bot.topics.matcher import Matcher, matches
from storage.search.index import TantivyIndex
from tests.search.feeds import MemoryFeed, arxiv_papers, needs_arxiv
from tests.strategies import EMBEDDING_MODEL, papers, queries, vectors
from tests.thorough import THOROUGH


@settings(max_examples=settings().max_examples // 2, deadline=None)
@given(
    st.lists(papers(), min_size=1, max_size=4, unique_by=lambda paper: paper.id),
    vectors(),
    st.lists(queries(), min_size=25),
)
def test_search_finds_what_matches(known: list[Paper], meant: PaperVectors, asked: list[Query]) -> None:
    embedded = [
        (paper_id, vector) for paper_id, its in meant.items() for vector in its if vector.model == EMBEDDING_MODEL
    ]

    async def view(model: str) -> VectorView:
        ids = [paper_id for paper_id, _ in embedded]
        rows = np.array([vector.array for _, vector in embedded], np.int8).reshape(len(ids), 3)
        return VectorView(model, ids, {paper_id: place for place, paper_id in enumerate(ids)}, rows)

    async def compare() -> None:
        with TemporaryDirectory() as folder:
            index = TantivyIndex(Path(folder), MemoryFeed(known), view)
            for query in asked:
                page = await index.search(query, limit=10)
                found = {hit.paper_id for hit in page.hits}
                assert found == {paper.id for paper in known if matches(query, paper, meant)}, query.text
                assert page.total == len(page.hits) == len(found)
                assert not found & {hit.paper_id for hit in page.related}
            await index.close()

    asyncio.run(compare())


@needs_arxiv
@pytest.mark.shared
async def test_search_finds_what_matches_among_real_papers(tmp_path: Path) -> None:
    known = list(arxiv_papers(2000))
    asked = _queries(known, 2000 if THOROUGH else 800, random.Random(20260424))
    matcher = Matcher()
    for number, query in enumerate(asked):
        matcher.put(number, query)
    expected: list[set[str]] = [set() for _ in asked]
    for paper, numbers in zip(known, matcher.match_all(known), strict=True):
        for number in numbers:
            expected[number].add(paper.id)

    index = TantivyIndex(tmp_path, MemoryFeed(known))
    await index.refresh()
    for query, ids in zip(asked, expected, strict=True):
        page = await index.search(query, limit=30)
        assert page.total == len(ids), query.text
        assert {hit.paper_id for hit in page.hits} <= ids, query.text
        assert len(page.hits) == min(len(ids), 30)
    await index.close()
    assert (
        sum(bool(ids) for ids in expected) > len(asked) / 2
    )  # most of them find something, so that this says something


def _queries(known: Sequence[Paper], count: int, chance: random.Random) -> list[Query]:
    """Queries about these papers, of all kinds."""
    return [parse(" ".join(_part(known, chance) for _ in range(chance.choice((1, 1, 2, 2, 3))))) for _ in range(count)]


def _part(known: Sequence[Paper], chance: random.Random) -> str:
    paper = chance.choice(known)
    field = chance.choice(("", "", "", "title:", "abstract:"))
    text = words(paper.title if field == "title:" else paper.abstract) or ["paper"]
    place = chance.randrange(len(text))
    word = text[place]
    categories = [name for category in paper.categories if (name := category_named(category))]
    kinds = [
        f"{field}{word}",
        f"{field}{word}",
        f'{field}"{" ".join(text[place : place + chance.choice((2, 3))])}"',
        f"{field}{word[: chance.choice((3, 4, 5))]}*" if len(word) > 2 else word,
        f"{word} -{chance.choice(text)}" if chance.random() < 0.5 else f"({word} OR {chance.choice(text)})",
        f"cat:{chance.choice(categories)}" if categories else "*",
        f"cat:{categories[0].partition('.')[0]}.*" if categories and "." in categories[0] else "*",
        f'author:"{" ".join(words(chance.choice(paper.authors).written)[-2:])}"' if paper.authors else "*",
        f"upvotes:>={chance.randrange(200)}",
        f"date:{paper.day:%Y-%m}" if paper.day else "*",
        f"id:{paper.id}",
    ]
    return chance.choice(kinds)
