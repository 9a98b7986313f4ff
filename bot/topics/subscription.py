"""Subscriptions: a channel's standing orders for queries. People call them topics."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import UserError
from bot.query.errors import QueryError
from bot.query.models import Models
from bot.query.parser import LONGEST_QUERY, MOST_TERMS, parse
from bot.query.queries import Query
from bot.topics.titles import topic_title


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A channel's standing order for a query.

    `number` names it within its channel and is never given to another topic there. `since` is the store's change
    number when the query was set: only papers listed after it are news to this topic. Numbers instead of times, so
    that a clock that jumps neither loses nor repeats a paper.

    A topic of a person's own belongs to their own channel (`bot.channels.personal`), and `named_in` is the channel in
    which they named it: papers there that suit it are said to be for them, unless they wanted it `quiet`.
    """

    id: int
    channel_id: int
    number: int
    name: str
    query: str
    min_upvotes: int | None
    instant: bool
    since: int
    created_by: str
    models: Models = ()
    """What its terms by example are decided by, for as long as it stands."""
    named_in: int | None = None
    quiet: bool = False

    @property
    def title(self) -> str:
        """What people see: the name that they gave, else one made of what it looks for."""
        return topic_title(self.name, self.query, self.models)

    @property
    def asked(self) -> Query:
        """The query without its options."""
        return parse(self.query).with_models(self.models)

    @property
    def wanted(self) -> Query:
        """The query with its options: what a paper must match."""
        return wanted_query(self.asked, self.min_upvotes)


def wanted_query(query: Query, min_upvotes: int | None) -> Query:
    """The query that a topic with these options stands for."""
    return query if min_upvotes is None else query.with_upvotes(min_upvotes)


def united(kept: Subscription, gone: Subscription) -> tuple[Query, int | None]:
    """The query that finds what either topic finds, no more and no less, and the least upvotes beside it.

    A bound that only one of them has becomes a part of the query. Raises `UserError` where no query can say that.
    """
    theirs = dict(gone.models)
    if any(theirs.get(term, model) != model for term, model in kept.models):
        raise UserError(
            f"Topics {kept.number} and {gone.number} cannot be one: both look for papers like the same ones, but they "
            "were set at different times, and what is like them was fixed then."
        )
    common = kept.min_upvotes == gone.min_upvotes
    try:
        sides = [topic.asked if common else topic.wanted for topic in (kept, gone)]
        query = parse(" OR ".join(f"({Query.of(side.root).text})" for side in sides))
        query = query.with_models((*kept.models, *gone.models))
    except QueryError as error:
        raise UserError(
            f"Topics {kept.number} and {gone.number} cannot be one: a query has at most {LONGEST_QUERY} characters and "
            f"{MOST_TERMS} words. `/papers edit N QUERY` makes one of them shorter."
        ) from error
    return query, kept.min_upvotes if common else None
