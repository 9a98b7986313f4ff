"""Readable text: what TeX habits and odd characters in titles, abstracts and names mean."""

from __future__ import annotations

import sys

from bot.text.cleaning import clean_line
from bot.text.tex.reader import plain_text


def readable(text: str) -> str:
    """`text` in one line, without TeX habits: `$O(n^2)$` is O(n²), `Schr\\"odinger` is Schrödinger.

    Never raises; takes time linear in the text. The outcome has no control, invisible or bidirectional characters.
    It is data and may still look like markup: rendering escapes it.
    """
    # Once before, since nothing invisible may hide a habit, and once after, since a habit can spell anything.
    return clean_line(plain_text(clean_line(text, sys.maxsize)), sys.maxsize)
