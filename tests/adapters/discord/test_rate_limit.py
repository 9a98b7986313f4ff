"""So many requests a second, and not more."""

from __future__ import annotations

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.client.rate_limit import RateLimit


@given(st.lists(st.floats(0, 0.5), max_size=200))
def test_in_no_second_there_are_more_than_allowed(pauses: list[float]) -> None:
    now = 100.0
    pace = RateLimit(40, burst=5, longest=1000, now=lambda: now)
    leaving = []
    for pause in pauses:
        now += pause
        leaving.append(now + pace.next())
    assert leaving == sorted(leaving)
    for place, moment in enumerate(leaving):
        assert bisect_left(leaving, moment + 1 - 1e-6) - place <= 45


def test_whoever_would_wait_too_long_takes_nobodys_turn() -> None:
    pace = RateLimit(1, burst=1, longest=2.5, now=lambda: 0.0)
    assert [pace.next() for _ in range(5)] == pytest.approx([0, 1, 2, 3, 3])
