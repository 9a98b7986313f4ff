"""Questions that people type as a search: which of their words say what they are about."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from bot.query.queries import Query
from bot.query.syntax import And, TextField, Word
from bot.text.words import stemmed, terms, words

#: Words that say nothing about what a paper is about, stemmed: those of grammar, and those that make a question of it.
STOP_WORDS: Final = frozenset(
    terms(
        "a about all also an and any are as at be been being but by can could did do does doing for from had has have "
        "having how i if in into is it its just may me might more most must my no nor not of on only or other our out "
        "over own please same shall should so some such than that the their them then there these they this those to "
        "too under up us very was we were what when where whether which while who whom whose why will with would you"
    )
)
#: What people call papers when they say in a sentence which ones they want, stemmed.
SAID_OF_PAPERS: Final = frozenset(
    terms(
        "anything article everything find follow give interested latest literature looking me new news paper papers "
        "publication recent recently research show something study studies topic want work works"
    )
)
_BEGINNINGS: Final = frozenset(
    (
        *("how", "what", "when", "where", "whether", "which", "who", "whom", "whose", "why"),
        *("is", "are", "was", "were"),
        *("do", "does", "did", "can", "could", "should", "would", "will", "has", "have"),
    )
)


def without_question(query: Query, asked: str) -> Query:
    """The query for what a question is about, without the words of grammar in it; what is no question stays.

    A question is nothing but plain words that begin as questions do, or end with a question mark.
    """
    begins = words(asked)[:1]
    return without_grammar(query) if asked.rstrip().endswith("?") or set(begins) & _BEGINNINGS else query


def without_grammar(query: Query, others: Collection[str] = ()) -> Query:
    """The query without words of grammar and without `others` (stemmed), where it has nothing but plain words."""
    plain = plain_nodes(query)
    telling = tuple(
        node for node in plain if (term := stemmed((node.word,))[0]) not in STOP_WORDS and term not in others
    )
    if not telling or len(telling) == len(plain):
        return query
    return Query.of(telling[0] if len(telling) == 1 else And(telling), query.sort)


def plain_nodes(query: Query) -> tuple[Word, ...]:
    """The words of a query that has nothing but several plain words, else none."""
    nodes = query.root.nodes if isinstance(query.root, And) else ()
    plain = [node for node in nodes if isinstance(node, Word) and node.field is TextField.ANY and not node.exact]
    return tuple(plain) if len(plain) == len(nodes) else ()
