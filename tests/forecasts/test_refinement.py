"""Refining a query: what it may leave out, and further examples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forecasts.refinement import exclusions_of, with_example, without
from bot.query.errors import QueryError
from bot.query.parser import parse
from bot.query.syntax import Like, Not, Or
from bot.topics.matcher import matches
from tests.sources import a_paper

PAPER = a_paper(1, title="Turtles swim in quantum tunnels", categories=("cs.CL", "cs.AI"))


def test_what_may_be_left_out_is_so_of_the_paper_and_not_what_was_asked_for() -> None:
    found = exclusions_of(PAPER, ["turtles"])
    assert all(matches(parse(one.part), PAPER) for one in found)
    assert [one.part for one in found if one.part.startswith("cat:")] == ["cat:cs.CL"]
    words = [one.part for one in found if one.part.startswith("title:")]
    assert words
    assert "title:turtles" not in words


@pytest.mark.parametrize(
    ("query", "example"),
    [
        ("turtles swim", "turtles swim OR like:2604.00001"),
        ("turtles OR hares", "turtles OR hares OR like:2604.00001"),
        ("like:2604.13035", "like:(2604.13035 2604.00001)"),
        ("like:2604.13035~3/day -survey", "like:(2604.13035 2604.00001)~3/day -survey"),
        ("like:2604.00001", "like:2604.00001"),
    ],
)
def test_a_wanted_paper_becomes_an_example(query: str, example: str) -> None:
    assert with_example(parse(query), "2604.00001") == parse(example)


QUERIES = st.sampled_from(["turtles", "turtles OR hares", "turtles -survey", "(turtles OR hares) walk", "like:2604.1"])


@given(QUERIES, st.sampled_from(["author:hinton", "cat:cs.CV", "title:hares", "hares OR swim"]))
def test_what_is_excluded_is_found_no_more_and_nothing_else_changes(query: str, part: str) -> None:
    try:
        before = parse(query)
    except QueryError:
        return
    after = without(before, parse(part))
    for title in ("Turtles swim", "Hares walk", "Turtles walk", "Hares"):
        paper = a_paper(1, title=title, abstract="", categories=("cs.CV",) if "swim" in title else ())
        if not before.by_example():
            assert matches(after, paper) == (matches(before, paper) and not matches(parse(part), paper))
    assert not isinstance(after.root, Or | Not | Like)


def test_a_query_that_would_be_too_long_says_so() -> None:
    long = parse(" ".join(f"word{number}" for number in range(50)))
    with pytest.raises(QueryError, match="at most"):
        without(long, parse("author:hinton"))
