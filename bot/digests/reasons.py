"""Reasons: why a digest shows a paper, in a sentence or in the paper's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.digests.excerpts import excerpt, matching_terms
from bot.messages.message import Span, bold, text
from bot.papers.paper import Paper
from bot.ranking.order import Reason, ReasonKind
from bot.text.counting import count_of
from bot.text.shortening import shorten

LONGEST_TITLE: Final = 100  # characters
MOST_TERMS: Final = 5  # that are named below a whole abstract


def reason_in_words(
    reason: Reason | None, paper: Paper, liked: Mapping[str, Paper], *, with_abstract: bool = False
) -> tuple[Span, ...]:
    """The reason as a card says it; empty without one. Below the whole abstract no sentence of it is said again.

    `liked` has the papers that reasons are about; of one that is gone nothing is said.
    """
    match reason:
        case Reason(ReasonKind.TOPIC, query):
            if not with_abstract:
                return excerpt(query, paper.title, paper.summary, paper.abstract)
            terms = matching_terms(query, f"{paper.title}\n{paper.abstract}")[:MOST_TERMS]
            named = [piece for term in terms for piece in (", ", bold(term))][1:]
            return text("Matches ", *named) if named else ()
        case Reason(ReasonKind.EXAMPLE, title):
            return text("Like ", Span(shorten(title, LONGEST_TITLE), italic=True))
        case Reason(ReasonKind.LIKED, about):
            other = liked.get(about)
            return (
                text("Like ", Span(shorten(other.title, LONGEST_TITLE), italic=True), ", liked here") if other else ()
            )
        case Reason(ReasonKind.AUTHOR, name, count):
            return text("By ", bold(name), f", of whom {count_of(count, 'paper')} were liked here")
        case _:
            return ()
