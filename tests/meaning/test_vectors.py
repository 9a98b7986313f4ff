"""Vectors: exact products, and the nearest papers in the one right order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.meaning.collection import Nearness, Vectors, VectorView
from bot.meaning.store import VectorChange
from bot.meaning.vectors import SCALE, WHOLE, Vector, dot_products, vector_of


@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.sampled_from([0, 1, 2, 1_023, 1_025]),
    width=st.sampled_from([1, 3, 384, 1_040, 1_041, 2_500]),
    others=st.sampled_from([None, 1, 3]),
)
def test_products_are_exact_however_many_there_are_and_however_wide(
    seed: int, rows: int, width: int, others: int | None
) -> None:
    random = np.random.default_rng(seed)
    shape = (width,) if others is None else (others, width)
    # Mostly the largest there are: so sums reach what a float holds exactly, and beyond for the widest.
    left = random.choice(np.array([-127, 127, 126], dtype=np.int8), (rows, width))
    right = random.choice(np.array([127, 125], dtype=np.int8), shape)
    assert (dot_products(left, right) == left.astype(np.int64) @ right.astype(np.int64).T).all()


@given(st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=400).filter(lambda parts: any(map(abs, parts))))
def test_a_vector_has_its_direction_and_no_length(parts: list[float]) -> None:
    found = vector_of("m", parts)
    exact = np.array(parts) / np.linalg.norm(parts) * SCALE
    assert np.abs(found.array - np.clip(exact, -127, 127)).max() <= 0.5
    assert vector_of("m", [part * 8 for part in parts]) == found


@pytest.mark.parametrize("parts", [[], [0.0, 0.0], [float("nan"), 1.0], [float("inf"), 1.0]])
def test_what_points_nowhere_is_refused(parts: list[float]) -> None:
    with pytest.raises(ValueError, match="no direction"):
        vector_of("m", parts)


def test_a_text_is_as_near_to_itself_as_can_be() -> None:
    random = np.random.default_rng(1)
    one = vector_of("m", random.normal(size=384))
    assert one.dot(one) == pytest.approx(WHOLE, rel=0.01)
    with pytest.raises(ValueError, match="two models"):
        one.dot(Vector("other", one.numbers))


@given(
    numbers=st.lists(st.integers(-3, 3), max_size=30),
    limit=st.integers(0, 12),
    among=st.none() | st.sets(st.integers(0, 35)),
)
def test_the_nearest_are_the_first_of_all_in_order(numbers: list[int], limit: int, among: set[int] | None) -> None:
    ids = [f"p{place * 7 % 31:02}" for place in range(len(numbers))]
    rows = np.array(numbers, dtype=np.int8).reshape(len(numbers), 1)
    view = VectorView("m", ids, {paper_id: place for place, paper_id in enumerate(ids)}, rows)
    wanted = None if among is None else {f"p{number:02}" for number in among}
    everything = [
        Nearness(paper_id, 2 * number)
        for paper_id, number in zip(ids, numbers, strict=True)
        if wanted is None or paper_id in wanted
    ]
    everything.sort(key=lambda near: (near.product, near.paper_id), reverse=True)
    assert view.nearest(Vector("m", b"\x02"), limit, wanted) == everything[:limit]


class Feed:
    """A store of which only the changes are read."""

    def __init__(self) -> None:
        self.changes: list[VectorChange] = []

    def add(self, paper_id: str, number: int) -> None:
        change = len(self.changes) + 1
        self.changes.append(VectorChange(change, paper_id, Vector("m", bytes([number, 1]))))

    async def changed_vectors(self, model: str, after: int, limit: int) -> list[VectorChange]:
        return self.changes[after : after + limit]

    async def last_change(self) -> int:
        return len(self.changes)


async def test_what_comes_later_is_followed_and_what_is_looked_at_stays() -> None:
    feed = Feed()
    vectors = Vectors(feed, "m")  # type: ignore[arg-type]
    question = Vector("m", b"\x01\x00")
    assert (await vectors.follow()).nearest(question, 3) == []
    for number in range(3_000):
        feed.add(f"{number:04}", 1)
    before = await vectors.follow()
    feed.add("0007", 5)
    feed.add("9999", 4)
    after = await vectors.follow()
    assert after.nearest(question, 2) == [Nearness("0007", 5), Nearness("9999", 4)]
    assert before.nearest(question, 2) == [Nearness("2999", 1), Nearness("2998", 1)]
    assert before.nearest(question, 2, among={"9999", "0007"}) == [Nearness("0007", 1)]
    await vectors.release()
    assert len(vectors.view().rows) == 0
    assert (await vectors.follow()).nearest(question, 1) == [Nearness("0007", 5)]
