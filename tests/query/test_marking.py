"""The colours of a query that somebody is writing."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.papers.sources import ARXIV
from bot.query.errors import QueryError
from bot.query.marking import MarkKind, marks_of, mistake_in
from bot.query.parser import LONGEST_QUERY, parse
from bot.query.tokens import Kind, tokens


def shown(text: str) -> list[tuple[str, str]]:
    """What is marked, and as what; what is excluded with a minus before it."""
    return [
        (text[mark.start : mark.end], f"{'-' if mark.excluded else ''}{mark.kind.value}") for mark in marks_of(text)
    ]


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("diffusion OR llm", [("diffusion", "word"), ("OR", "operator"), ("llm", "word")]),
        ('"mixture of experts" =agents', [('"mixture of experts"', "phrase"), ("=agents", "word")]),
        ("author:hinton", [("author:", "field"), ("hinton", "value")]),
        ("upvotes:>=20 stars>100", [("upvotes:", "field"), (">=20", "value"), ("stars", "field"), (">100", "value")]),
        ("llm -survey x", [("llm", "word"), ("-", "-operator"), ("survey", "-word"), ("x", "word")]),
        ("a NOT (b c) d", [("a", "word"), ("NOT", "-operator"), ("(", "-group"), ("b", "-word"), ("c", "-word"),
                            (")", "-group"), ("d", "word")]),
        ("-cat:cs.CV", [("-", "-operator"), ("cat:", "-field"), ("cs.CV", "-value")]),
        ("like:(2604.13035 2604.1)~3/day", [("like:", "field"), ("(", "group"), ("2604.13035", "value"),
                                           ("2604.1", "value"), (")", "group"), ("~3/day", "word")]),
        ("ｃａｔ：cs.CL", [("ｃａｔ：", "field"), ("cs.CL", "value")]),
        ('"cat:cs.CL agents"', [("cat:", "field"), ("cs.CL", "value"), ("agents", "word")]),
        ('llm "never closed', [("llm", "word")]),
        ("", []),
    ],
)  # fmt: skip
def test_every_part_of_a_query_is_marked_as_what_the_parser_takes_it_for(
    text: str, marks: list[tuple[str, str]]
) -> None:
    assert shown(text) == marks


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('llm "never closed', '"'),
        ("cat:nonsense", "nonsense"),
        ('  "author:x cat:nonsense" ', "nonsense"),
        ("(llm OR agents", "("),
        ("llm OR", "OR"),
        ("", ""),
        ("x" * (LONGEST_QUERY + 3), "xxx"),
    ],
)
def test_a_mistake_is_told_with_its_place_in_what_was_written(text: str, meant: str) -> None:
    mistake = mistake_in(text)
    assert mistake is not None
    assert meant in text[mistake.start : mistake.end]
    assert mistake.sentence


def test_a_query_that_can_be_understood_has_no_mistake() -> None:
    assert mistake_in("diffusion -survey source:arxiv") is None
    assert mistake_in("source:nowhere", sources=[ARXIV]) is not None


PIECES = st.sampled_from(
    [*"ab ()\"-=:*“”'~`", "OR", "NOT ", "AND ", "cat:", "author:", "like:(", "title:=", "ｃａｔ：", "é", "中"]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_marks_are_in_order_inside_the_text_and_cover_every_token_of_a_readable_query(text: str) -> None:
    marks = marks_of(text)
    assert all(0 <= mark.start < mark.end <= len(text) for mark in marks)
    assert all(before.end <= after.start for before, after in pairwise(marks))
    mistake = mistake_in(text)
    if mistake is not None:
        assert 0 <= mistake.start <= mistake.end <= len(text)
        return
    parse(text)
    try:
        read = [token for token in tokens(text) if token.kind is not Kind.END]
    except QueryError:
        return  # what is in quotes around all of it
    if len(read) == len(marks):
        assert [mark.kind is MarkKind.FIELD for mark in marks] == [token.kind is Kind.FIELD for token in read]
