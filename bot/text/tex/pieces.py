"""A text in pieces that mean something to TeX, and a place in it."""

from __future__ import annotations

import re

_PIECE = re.compile(
    r"\\(?:[A-Za-z]+\*?|.)"  # a control word or a control symbol
    r"|https?://[^\s\\{}$]+"  # an address means what it says
    r"|[{}$^_~&]|''|-+|`+"
    r"|(?:(?!https?://)[^\\{}$^_~&'`-])+"
    r"|.",
    re.DOTALL,
)

_LONGEST_OPTION = 40  # pieces


class Pieces:
    """The pieces of a text from `at` up to `end`. Joined they are the text."""

    def __init__(self, source: str) -> None:
        self.pieces: list[str] = _PIECE.findall(source)
        self.at = 0
        self.end = len(self.pieces)
        # Where the last closing brace stands, so that a search for one that is missing costs nothing.
        self.last_brace = max((at for at, piece in enumerate(self.pieces) if piece == "}"), default=-1)

    def peek(self, ahead: int = 0) -> str:
        """The piece here, or further on; empty behind the end."""
        at = self.at + ahead
        return self.pieces[at] if at < self.end else ""

    def find(self, piece: str, within: int) -> int | None:
        """Where the next such piece stands, if that is less than so many pieces ahead."""
        try:
            return self.pieces.index(piece, self.at, min(self.end, self.at + within))
        except ValueError:
            return None

    def leave(self, rest: str) -> None:
        """What is left of the piece here once its beginning has been read."""
        if rest:
            self.pieces[self.at] = rest
        else:
            self.at += 1

    def skip_space(self) -> None:
        following = self.peek()
        if following.startswith(" "):
            self.leave(following[1:])

    def take_character(self) -> str:
        piece = self.pieces[self.at]
        self.leave(piece[1:])
        return piece[0]

    def raw_group(self) -> str:
        """The characters of the group that starts here as they stand, for addresses and keys."""
        self.at += 1
        if self.last_brace < self.at:
            return ""
        start = self.at
        while self.at < self.end and self.pieces[self.at] != "}":
            self.at += 1
        raw = "".join(self.pieces[start : self.at])
        self.at = min(self.at + 1, self.end)
        return re.sub(r"\\([%&_#$~{}])", r"\1", raw).strip()

    def option(self) -> str:
        """The `[…]` that starts here, empty if none does."""
        if not self.peek().startswith("["):
            return ""
        for at in range(self.at, min(self.end, self.at + _LONGEST_OPTION)):
            inside, closed, rest = self.pieces[at].partition("]")
            if closed:
                option = "".join(self.pieces[self.at : at]) + inside
                self.at = at
                self.leave(rest)
                return option[1:]
        return ""
