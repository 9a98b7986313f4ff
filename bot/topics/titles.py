"""Titles: what a topic is called that nobody gave a name to."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from bot.query.errors import QueryError
from bot.query.models import Models
from bot.query.parser import parse
from bot.query.syntax import (
    About,
    And,
    Author,
    Category,
    Everything,
    Like,
    Node,
    Or,
    Organization,
    Phrase,
    Prefix,
    Submitter,
    Word,
)
from bot.text.counting import count_of
from bot.text.shortening import shorten
from bot.text.words import as_written

LONGEST_TITLE: Final = 60  # characters
EVERYTHING: Final = "all papers"


@lru_cache(16_384)
def topic_title(name: str, query: str, models: Models = ()) -> str:
    """The name that people gave, else one made of the words, names and categories that the query looks for.

    What it excludes, and bounds on numbers and days, are not in it; a query of nothing else is its own title.
    """
    if name:
        return name
    try:
        made = _said(parse(query).with_models(models).root)
    except QueryError:
        made = ""  # stored by a version that understood more
    return shorten(made or query, LONGEST_TITLE)


def _said(node: Node) -> str:
    match node:
        case Word(word):
            return as_written((word,))
        case Prefix(start):
            return f"{start}…"
        case Phrase(words) | Author(words) | Organization(words) | Submitter(words):
            return as_written(words)
        case Category(name):
            return name
        case Like(papers, model=model):
            first, *others = model.titles if model else papers
            return f"like {first}" + (f" and {count_of(len(others), 'other')}" if others else "")
        case About(plain):
            return f"about {plain}"
        case Everything():
            return EVERYTHING
        case And(nodes):
            return " ".join(filter(None, map(_said, nodes)))
        case Or(nodes):
            return " or ".join(filter(None, map(_said, nodes)))
        case _:
            return ""
