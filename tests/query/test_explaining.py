"""Queries in words."""

from __future__ import annotations

import pytest
from hypothesis import given

from bot.query.explanations import explain
from bot.query.parser import parse
from bot.query.queries import Query
from tests.strategies import queries


def explained(query: Query) -> str:
    """The explanation with stars around what the person wrote."""
    return "".join(f"*{span.text}*" if span.italic else span.text for span in explain(query))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("diffusion", "papers with *diffusion*"),
        (
            'diffusion "consistency model" -survey upvotes:>=20',
            "papers with *diffusion* and the phrase *consistency model*, not *survey*, with at least 20 upvotes",
        ),
        ("a b c", "papers with *a*, *b* and *c*"),
        ("a upvotes:1 b", "papers with *a* and *b*, with exactly 1 upvote"),
        ('llm OR "language model"', "papers with *llm* or the phrase *language model*"),
        ("a OR b OR quant*", "papers with *a*, *b* or words that start with *quant*"),
        ("a -(b OR c)", "papers with *a*, neither *b* nor *c*"),
        ("a -(b c)", "papers with *a*, not (with *b* and *c*)"),
        ("a OR (b cat:cs.CL)", "papers either with *a* or (with *b*, in *cs.CL*)"),
        ("title:a abstract:b", "papers with *a* in the title, with *b* in the abstract"),
        ('author:"yann lecun"', "papers by *yann lecun*"),
        ("cat:cs.* org:nvidia", "papers in any category of *cs*, from the organisation *nvidia*"),
        ("submitter:akhaliq source:hf", "papers submitted by *akhaliq*, listed by Hugging Face"),
        ("stars:10..50 comments:0 upvotes:<=1", "papers with 10 to 50 stars, with no comments, with at most 1 upvote"),
        ("after:2026-01-01 before:2026-02", "papers from 2026-01-01 or later, from before 2026-02-01"),
        ("date:2026-04 OR date:2026-05-01..2026-05-03", "papers either from 2026-04 or from 2026-05-01 to 2026-05-03"),
        ("has:code -has:model has:project", "papers with code, not with a model, with a project page"),
        ("id:2604.13035", "papers with the id *2604.13035*"),
        ('"interpretability" agents', "papers with exactly *interpretability* and *agents*"),
        ('="an agent"', "papers with exactly the phrase *an agent*"),
        ("扩散模型 C++", "papers with the phrase *扩散模型* and *C++*"),
        ("*", "all papers"),
        ("* sort:new", "all papers, newest first"),
        ("* -survey", "all papers, not *survey*"),
        ("a sort:top", "papers with *a*, most upvoted first"),
    ],
)
def test_the_sentence(text: str, sentence: str) -> None:
    assert explained(parse(text)) == sentence


@given(queries())
def test_every_query_has_one(query: Query) -> None:
    assert explained(query).startswith(("papers ", "all papers"))
