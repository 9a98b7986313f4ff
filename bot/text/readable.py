"""Readable text: what HTML, TeX habits and odd characters in titles, abstracts and names mean.

Papers are read once, when a source's answer becomes a `Paper`. That form is kept, shown, searched and exported.
"""

from __future__ import annotations

import re
import sys
from typing import Final

from bot.text.cleaning import clean_line, clean_text
from bot.text.markup import without_markup
from bot.text.tex.reader import plain_text

MOST_READINGS: Final = 8
"""What is read can spell something to read again (`\\textbackslash alpha`): a line is read so often at most."""

#: How much of a text is looked at, in times of what may be kept: TeX and entities are longer than what they mean.
_ROOM: Final = 4
_END_OF_PARAGRAPH = re.compile(r"</(?:jats:)?p>", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n")


def readable(text: str, limit: int = sys.maxsize) -> str:
    """`text` in one line of at most `limit` characters, without HTML and TeX habits: `$O(n^2)$` is O(n²),
    `Schr\\"odinger` is Schrödinger, `&lt;` is <.

    Never raises; takes time linear in the text. The outcome has no control, invisible or bidirectional characters.
    It is data and may still look like markup: rendering escapes it.
    """
    text = clean_line(text[: _ROOM * limit], sys.maxsize)
    for _ in range(MOST_READINGS):
        read = _read(text)
        if read == text:
            break
        text = read
    return clean_line(text, limit)


def readable_title(text: str, limit: int) -> str:
    """Like `readable`, but a title of which nothing would be left stays as it is."""
    return readable(text, limit) or clean_line(text, limit)


def readable_text(text: str, limit: int) -> str:
    """Like `readable`, but keeps paragraphs: what blank lines or `</p>` set apart stays apart by one blank line.

    Each is read once only: among the formulas of an abstract, what looks like TeX after that is as often a set.
    """
    text = without_markup(_END_OF_PARAGRAPH.sub(r"\g<0>\n\n", text[: _ROOM * limit]))
    paragraphs = _BLANK_LINES.split(text)
    return clean_text("\n\n".join(_read(clean_line(paragraph, sys.maxsize)) for paragraph in paragraphs), limit)


def tex_of(text: str, limit: int) -> str:
    """`text` as TeX, in one line, where reading it changed more than its HTML; else empty, as where it is too long."""
    text = clean_line(without_markup(clean_line(text[: _ROOM * limit], sys.maxsize)), sys.maxsize)
    return text if len(text) <= limit and text != plain_text(text) else ""


def _read(line: str) -> str:
    # Cleaned in between and after, since nothing invisible may hide a habit, and a habit can spell anything.
    return clean_line(plain_text(clean_line(without_markup(line), sys.maxsize)), sys.maxsize)
