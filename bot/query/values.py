"""Values: the words, quoted texts and parts of `name:value` that a query is written of, and where they stand in it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from bot.errors import UserError
from bot.papers.ids import parse_paper_id
from bot.query.errors import QueryError
from bot.text.typed import value_typed
from bot.text.words import words as analyzed_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A word, a quoted text or the part of `name:value` behind the colon, and where in the query it is."""

    text: str
    query: str
    position: int
    length: int
    quoted: bool
    exact: bool = False  # with a `=` before it

    def error(self, problem: str, hint: str) -> QueryError:
        return QueryError(problem, hint, query=self.query, position=self.position, length=self.length)

    @property
    def shown(self) -> str:
        """The text as error messages name it."""
        return f"“{shortened(self.text)}”"

    @property
    def plain(self) -> str:
        """The text without compatibility forms, for values that are no words: `２０` is 20, `≥` stays."""
        return value_typed(unicodedata.normalize("NFKC", self.text))


def shortened(text: str) -> str:
    text = "".join(character if character.isprintable() else " " for character in text)
    return text if len(text) <= 40 else text[:39] + "…"


def words_of(value: Value) -> tuple[str, ...]:
    """The words to look for; raises `QueryError` if there are none.

    Words are made of words until nothing changes: a rare capital and an accent stay two characters while their small
    letters become one, and the canonical text must mean the same as what was typed.
    """
    found = analyzed_words(value.text)
    while not value.text.isascii() and (again := analyzed_words(" ".join(found))) != found:
        found = again
    if not found:
        raise value.error(
            f"There is no letter or digit to look for in {value.shown}.", "Leave it out, or write a word there."
        )
    return tuple(found)


def paper_id_in(value: Value) -> str | None:
    """The id of the paper that a value names, in whatever case."""
    for text in (value.plain, value.plain.lower()):
        try:
            return parse_paper_id(text)
        except UserError:
            continue
    return None
