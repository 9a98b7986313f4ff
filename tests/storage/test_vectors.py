"""Vectors in the store: of the text that a paper has now, by model, followed like papers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.meaning.store import Coverage
from bot.meaning.vectors import Vector
from bot.papers.sources import ARXIV
from storage.store import SqlStore
from tests.clocks import NOON
from tests.storage.scenes import listed, paper

OLD, NEW = "a" * 64, "b" * 64


def vector(number: int = 1, model: str = OLD) -> Vector:
    return Vector(model, bytes([number % 128] * 384))


async def test_the_newest_papers_wait_first(store: SqlStore) -> None:
    await store.papers.import_papers(
        [
            paper(1, sources=frozenset(), featured_on=None, published_on=date(2020, 1, 1)),
            paper(2, sources=frozenset(), featured_on=None),
            paper(3, sources=frozenset(), featured_on=None, published_on=date(2021, 1, 1)),
        ]
    )
    await listed(store, paper(4))
    await listed(store, paper(5))
    order = [f"2605.{number:05}" for number in (5, 4, 3, 1, 2)]
    assert await store.vectors.waiting(OLD, 10) == order
    assert await store.vectors.waiting(OLD, 2) == order[:2]
    assert await store.vectors.add([(paper(4), vector())]) == 1
    assert await store.vectors.waiting(OLD, 10) == [order[0], *order[2:]]
    assert await store.vectors.waiting(NEW, 10) == order
    assert await store.vectors.coverage(OLD) == Coverage(papers=5, embedded=1)
    assert await store.vectors.coverage(OLD, NOON - timedelta(days=1)) == Coverage(papers=2, embedded=1)
    assert await store.vectors.coverage(NEW) == Coverage(papers=5, embedded=0)
    # As long as any source listed it lately.
    await listed(store, paper(5), source=ARXIV, now=NOON + timedelta(days=9))
    assert await store.vectors.coverage(OLD, NOON + timedelta(days=8)) == Coverage(papers=1, embedded=0)


async def test_a_paper_loses_its_vector_with_its_text_and_only_then(store: SqlStore) -> None:
    short, long = paper(1), paper(1, abstract="At last.")
    await listed(store, short, paper(2))
    await store.vectors.add([(short, vector()), (paper(2), vector(2))])
    await listed(store, replace(short, upvotes=9), paper(2))
    assert set(await store.vectors.vectors(OLD, ["2605.00001", "2605.00002", "9999"])) == {"2605.00001", "2605.00002"}
    await listed(store, long, paper(2))
    assert await store.vectors.vectors(OLD, ["2605.00001", "2605.00002"]) == {"2605.00002": vector(2)}
    # Whoever began before the text changed comes too late.
    assert await store.vectors.add([(short, vector(3)), (paper(9), vector())]) == 0
    assert await store.vectors.add([(long, vector(4))]) == 1
    assert await store.vectors.vectors(OLD, ["2605.00001"]) == {"2605.00001": vector(4)}


async def test_new_vectors_are_followed_by_model(store: SqlStore) -> None:
    await listed(store, paper(1), paper(2), paper(3))
    assert await store.vectors.last_change() == 0
    await store.vectors.add([(paper(2), vector(2)), (paper(1), vector(1)), (paper(1), vector(7, NEW))])
    changes = await store.vectors.changed_vectors(OLD, 0, 10)
    assert [(change.paper_id, change.vector) for change in changes] == [
        ("2605.00001", vector(1)),
        ("2605.00002", vector(2)),
    ]
    (first,) = await store.vectors.changed_vectors(OLD, 0, 1)
    assert first == changes[0]
    before = await store.vectors.last_change()
    await store.vectors.add([(paper(3), vector(3)), (paper(1), vector(9))])
    later = await store.vectors.changed_vectors(OLD, before, 10)
    assert {change.paper_id: change.vector for change in later} == {
        "2605.00001": vector(9),
        "2605.00003": vector(3),
    }
    assert [change.vector for change in await store.vectors.changed_vectors(NEW, 0, 10)] == [vector(7, NEW)]


async def test_one_model_is_current_and_others_can_be_forgotten(store: SqlStore) -> None:
    await listed(store, paper(1), paper(2))
    assert await store.vectors.current_model() is None
    await store.vectors.make_current(OLD)
    await store.vectors.add([(paper(1), vector()), (paper(2), vector()), (paper(1), vector(5, NEW))])
    assert await store.vectors.current_model() == OLD
    await store.vectors.make_current(NEW)
    assert await store.vectors.current_model() == NEW
    assert await store.vectors.vectors(OLD, ["2605.00001"]) == {"2605.00001": vector()}
    forgotten = [await store.vectors.forget_others([NEW], 1) for _ in range(3)]
    assert forgotten == [1, 1, 0]
    assert await store.vectors.coverage(OLD) == Coverage(papers=2, embedded=0)
    assert await store.vectors.coverage(NEW) == Coverage(papers=2, embedded=1)
    assert await store.vectors.current_model() == NEW


@pytest.mark.parametrize("count", [0, 501])
async def test_many_are_kept_at_once(store: SqlStore, count: int) -> None:
    papers = [paper(number) for number in range(1, count + 1)]
    await store.papers.import_papers(papers)
    assert await store.vectors.add([(one, vector(number)) for number, one in enumerate(papers)]) == count
    assert await store.vectors.waiting(OLD, 10) == []
