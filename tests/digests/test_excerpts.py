"""Excerpts: which sentence a card says of a paper, with which words marked, and where it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digests.cards import paper_card
from bot.digests.excerpts import LONGEST, excerpt, matching_terms, sentence_of
from bot.messages.message import Span
from bot.ranking.order import Reason, ReasonKind
from tests.papers.names import names
from tests.sources import a_paper

ABSTRACT = "We look at speech. Agents distil diffusion models, e.g. in one step. It works very well."


def said(spans: tuple[Span, ...]) -> str:
    return "".join(span.text for span in spans)


def marked(spans: tuple[Span, ...]) -> list[str]:
    return [span.text for span in spans if span.bold]


def test_the_sentence_with_most_of_the_words_is_shown_with_them_bold() -> None:
    spans = excerpt('agent "diffusion model" OR speech -survey', "A title", "", ABSTRACT)
    assert said(spans) == "Agents distil diffusion models, e.g. in one step."
    assert marked(spans) == ["Agents", "diffusion models"]


def test_the_feeds_summary_comes_first_where_it_has_as_much() -> None:
    assert said(excerpt("agents diffusion", "A title", "Diffusion for agents.", ABSTRACT)) == "Diffusion for agents."
    assert said(excerpt("agents diffusion", "A title", "Something for agents.", ABSTRACT)).startswith("Agents distil")
    assert said(excerpt("agents", "A title", "It is fine.", ABSTRACT)).startswith("Agents distil")


def test_what_the_paper_does_comes_before_what_others_did() -> None:
    abstract = "Recent agents use diffusion. We propose agents that use diffusion. Code is available for agents."
    assert said(excerpt("agents diffusion", "", "", abstract)) == "We propose agents that use diffusion."
    assert sentence_of("", "", abstract) == "We propose agents that use diffusion."


def test_the_title_is_not_said_again() -> None:
    abstract = "Agents that use fast diffusion. They are fast agents for everybody."
    assert said(excerpt("agents", "Agents That Use Fast Diffusion", "", abstract)).startswith("They are fast")
    assert excerpt("diffusion", "Agents That Use Fast Diffusion", "", abstract) == ()


@pytest.mark.parametrize("query", ["*", "cat:cs.CL -agents", "title:agents", "upvotes:>=2", "the", "zebra", '"'])
def test_where_no_sentence_has_any_of_the_words_nothing_is_marked(query: str) -> None:
    assert excerpt(query, "A title", "", ABSTRACT) == ()


def test_words_of_grammar_and_parts_of_words_are_not_marked() -> None:
    spans = excerpt("models for the web", "", "", "We train models for the web and for webcams in the wild.")
    assert marked(spans) == ["models", "web"]


def test_a_long_sentence_is_cut_where_most_of_what_matched_is_seen() -> None:
    spans = excerpt("needle", "", "", f"{'hay ' * 200}needle {'straw ' * 200}.")
    assert marked(spans) == ["needle"]
    assert len(said(spans)) <= LONGEST + 3
    clause = f"{'It was {} of old hay, '.format('much ' * 12) * 4}but the needle and the pin were of new iron."
    spans = excerpt("needle pin", "", "", clause)
    assert said(spans).startswith("… It was much")
    assert said(spans).endswith("but the needle and the pin were of new iron.")


def test_no_cut_ends_with_a_small_word() -> None:
    long = f"We study {'diffusion ' * 20}on the {'images ' * 20}."
    assert sentence_of("", long, "").endswith("diffusion…")


def test_a_cut_behind_the_last_mark_leaves_whole_words() -> None:
    long = f"We train {'image ' * 33}reasoning which needs pictures and words of many a kind."
    spans = excerpt("reasoning", "", "", long)
    assert marked(spans) == ["reasoning"]
    assert set(said(spans).removesuffix("…").split()) <= set(long.split())


def test_below_a_whole_abstract_the_words_are_named() -> None:
    paper = a_paper(1, title="Robots", abstract="We study agents.")
    card = paper_card(paper, abstract=True, reason=Reason(ReasonKind.TOPIC, "agents OR robots OR zebras"))
    assert said(card.reason) == "Matches agents, robots"
    assert matching_terms("zebra", "We study agents.") == []


def test_a_card_says_one_sentence_and_with_a_taste_the_reason_too() -> None:
    paper = a_paper(1, title="Robots", abstract="We study agents.", summary="A summary.")
    matched = paper_card(paper, reason=Reason(ReasonKind.TOPIC, "agents"))
    assert (matched.summary, said(matched.reason)) == ("", "We study agents.")
    unmatched = paper_card(paper, reason=Reason(ReasonKind.TOPIC, "robots"))
    assert (unmatched.summary, unmatched.reason) == ("A summary.", ())
    tasty = paper_card(paper, reason=Reason(ReasonKind.AUTHOR, "Ada Lovelace", 3))
    assert (tasty.summary, said(tasty.reason)[:3]) == ("A summary.", "By ")


@given(
    query=st.sampled_from(["agents", '"of the" agents', "quant*", "扩散", "محمد OR agents"]),
    title=st.text(max_size=40),
    summary=st.sampled_from(["", "Agents. ", "x" * 600]),
    abstract=st.text(alphabet="agents quantum.,;: محمد扩散\n\u202e", max_size=600),
)
def test_whatever_a_feed_says_the_sentence_is_bounded(query: str, title: str, summary: str, abstract: str) -> None:
    assert len(said(excerpt(query, title, summary, abstract))) <= LONGEST + 3
    assert len(sentence_of(title, summary, abstract)) <= LONGEST


def test_odd_papers_make_short_cards() -> None:
    bare = paper_card(a_paper(1, title="T" * 250, abstract="", authors=(), upvotes=0))
    assert (bare.summary, bare.byline, bare.facts) == ("", "", ())
    crowd = paper_card(a_paper(1, authors=names(*(f"Given{one} Family{one}" for one in range(3000)))))
    assert len(crowd.byline) < 60
