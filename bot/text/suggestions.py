"""What sentences about a person's mistake are made of: their own words, and what they probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection

LONGEST_QUOTE = 60  # characters


def quoted(text: str) -> str:
    """What a person wrote, between backticks: in one line, shortened where it is long."""
    plain = " ".join(text.replace("`", "").split())
    return f"`{plain}`" if len(plain) <= LONGEST_QUOTE else f"`{plain[: LONGEST_QUOTE - 1]}…`"


def closest(word: str, known: Collection[str]) -> str:
    """The known word that this one was probably meant to be, empty if there is none."""
    return next(iter(difflib.get_close_matches(word[:LONGEST_QUOTE], known, n=1, cutoff=0.7)), "")
