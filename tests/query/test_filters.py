"""Filters that are added to what somebody wrote, and taken away again."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.papers.sources import ARXIV
from bot.query.errors import QueryError
from bot.query.filters import Filter, filters_of, sorted_by, with_filter, without_filter
from bot.query.parser import parse
from bot.query.queries import Query
from bot.query.syntax import Author, Category, Days, Feature, FromSource, Has, Not, Number, NumberField, Sort
from tests.strategies import written_queries

CODE = Has(Feature.CODE)
SINCE_APRIL = Days(date(2026, 4, 1), None)
FILTERS: tuple[Filter, ...] = (
    CODE,
    SINCE_APRIL,
    Category("cs.CL"),
    FromSource(ARXIV),
    Number(NumberField.UPVOTES, 20, None),
    Author(("yann", "lecun")),
)


@pytest.mark.parametrize(
    ("asked", "chosen", "text"),
    [
        ("fine-tuning LLMs", CODE, "fine-tuning LLMs has:code"),
        ("a OR b", CODE, "(a OR b) has:code"),
        ("a has:code", CODE, "a has:code"),
        ("*", CODE, "has:code"),
        ("a upvotes:>5 -survey", Number(NumberField.UPVOTES, 20, None), "a -survey upvotes:>=20"),
        ("a date:2025", SINCE_APRIL, "a after:2026-04-01"),
        ("a sort:new", Author(("yann", "lecun")), 'a sort:new author:"yann lecun"'),
    ],
)
def test_a_filter_is_added_in_the_words_of_who_wrote(asked: str, chosen: Filter, text: str) -> None:
    assert with_filter(asked, parse(asked), chosen) == text


@pytest.mark.parametrize(
    ("asked", "gone", "text"),
    [
        ("Fine-tuning  has:code LLMs", CODE, "Fine-tuning LLMs"),
        ("has:code", CODE, "*"),
        ("has:code -survey", CODE, "* -survey"),
        ('a author:"Yann LeCun" b', Author(("yann", "lecun")), "a b"),
        ("a -cat:cs.CV", Not(Category("cs.CV")), "a"),
        ("a NOT cat:cs.CV", Not(Category("cs.CV")), "a"),
        ("a cat:(cs.CL) b", Category("cs.CL"), "a b"),
    ],
)
def test_a_filter_is_taken_away_in_the_words_of_who_wrote(asked: str, gone: Filter | Not, text: str) -> None:
    assert without_filter(asked, parse(asked), gone) == text


def test_an_order_is_chosen() -> None:
    for asked, sort, text in (
        ("a b", Sort.NEW, "a b sort:new"),
        ("a sort:new b", Sort.TOP, "a b sort:top"),
        ("a sort:new b", Sort.RELEVANCE, "a b"),
        ("a OR b", Sort.NEW, "(a OR b) sort:new"),
    ):
        written = sorted_by(asked, parse(asked), sort)
        assert parse(written) == parse(text)
    assert sorted_by("a sort:new", parse("a sort:new"), Sort.NEW) == "a sort:new"


def test_with_nothing_written_the_filter_is_all() -> None:
    assert with_filter("", None, CODE) == "has:code"


@given(written_queries(), st.sampled_from(FILTERS))
def test_what_was_added_is_there_and_can_be_taken_away(query: Query, chosen: Filter) -> None:
    try:
        added = parse(with_filter(query.text, query, chosen))
        assert chosen in filters_of(added)
        taken = parse(without_filter(added.text, added, chosen))
        assert chosen not in filters_of(taken)
        others = {one for one in filters_of(query) if type(one) is not type(chosen)}
        assert others <= set(filters_of(taken))
        assert parse(sorted_by(query.text, query, Sort.TOP)) == Query.of(query.root, Sort.TOP)
    except QueryError as error:
        assert "at most" in str(error)  # it has become too long
