"""What is wrong with a query, where, and what to write instead."""

from __future__ import annotations

import unicodedata

from bot.errors import UserError

#: Columns of the excerpt in `QueryError.pointed`: fits a phone.
_EXCERPT_WIDTH = 48


class QueryError(UserError):
    """A query that cannot be understood; `str(error)` is the whole sentence.

    `position` is the index in `query` of the first character that is meant, `length` how many are (0 at the end of
    the query: something is missing there). `hint` is the part of the sentence that says what to write instead.
    """

    def __init__(self, problem: str, hint: str, *, query: str, position: int, length: int) -> None:
        super().__init__(f"{problem} {hint}")
        self.hint = hint
        self.query = query
        self.position = position
        self.length = length

    @property
    def pointed(self) -> str:
        """Two lines for a monospaced font: the query, or what is around the place, and carets below the place."""
        place = min(self.position, len(self.query))
        start = _back(self.query, place, _EXCERPT_WIDTH // 2)
        end = _forward(self.query, place, _EXCERPT_WIDTH // 2)
        # What one side does not need is the other's.
        start = _back(self.query, place, _EXCERPT_WIDTH - _width(self.query[place:end])) if end > place else start
        end = _forward(self.query, place, _EXCERPT_WIDTH - _width(self.query[start:place]))
        before = ("…" if start > 0 else "") + _printable(self.query[start:place])
        meant = _printable(self.query[place : min(place + self.length, end)])
        after = _printable(self.query[place + len(meant) : end]) + ("…" if end < len(self.query) else "")
        return f"{before}{meant}{after}\n{' ' * _width(before)}{'^' * max(1, _width(meant))}"


def _printable(text: str) -> str:
    """The text on one line, one character for each."""
    return "".join(character if character.isprintable() else " " for character in text)


def _columns(character: str) -> int:
    """Columns of a character in a monospaced font: East Asian ones take two, combining ones none."""
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _width(text: str) -> int:
    return sum(map(_columns, text))


def _back(text: str, place: int, columns: int) -> int:
    """The earliest start from which the text up to `place` takes no more than so many columns."""
    while place > 0 and (columns := columns - _columns(text[place - 1])) >= 0:
        place -= 1
    return place


def _forward(text: str, place: int, columns: int) -> int:
    """The latest end to which the text from `place` on takes no more than so many columns."""
    while place < len(text) and (columns := columns - _columns(text[place])) >= 0:
        place += 1
    return place
