"""Text from outside made harmless to keep: one look for white space, nothing invisible, a length.

What is kept is still untrusted. Escaping for a platform belongs to the adapter that renders it.
"""

from __future__ import annotations

import re
import unicodedata

MARKS_IN_A_ROW = 8
"""Accents on one letter. Vietnamese needs 2, pointed Hebrew 4; text that paints over its neighbours needs more."""

# What a reader cannot see and what changes how its neighbours are read: control characters that are not white space,
# Unicode's Default_Ignorable_Code_Point (soft hyphens, zero-width characters, bidirectional controls, blank letters,
# tags) except variation selectors, annotations, lone surrogates and noncharacters. Joiners (U+200C, U+200D) go too:
# the words of a title read the same without, and with them two equal-looking titles would differ in a search.
_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad"
    "\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]+"
)
# Most text is plain ASCII, for which this is thirty times as fast.
_UNSEEN_ASCII = bytes(code for code in range(128) if _UNSEEN.match(chr(code)))


def clean_line(text: str, limit: int) -> str:
    """`text` in one line of at most `limit` characters, for titles and names.

    The result is in NFC and holds no control, invisible or bidirectional characters; white space of any kind is one
    space. A text that is too long ends in `…`.
    """
    return _cut(" ".join(_visible(text).split()), limit)


def clean_text(text: str, limit: int) -> str:
    """Like `clean_line`, but keeps paragraphs: what blank lines set apart stays apart by one blank line."""
    paragraphs: list[list[str]] = [[]]
    for line in _visible(text).splitlines():
        if words := line.split():
            paragraphs[-1] += words
        elif paragraphs[-1]:
            paragraphs.append([])
    return _cut("\n\n".join(" ".join(words) for words in paragraphs if words), limit)


def without_unseen(text: str) -> str:
    """`text` without the characters that nobody sees, other than white space."""
    if text.isascii():
        return text.encode("ascii").translate(None, _UNSEEN_ASCII).decode("ascii")
    return _UNSEEN.sub("", text)


def _visible(text: str) -> str:
    if text.isascii():
        return without_unseen(text)
    # Marks are thinned out before, because putting n of them in order takes n² steps, and once more after, because
    # some come apart into two.
    return _thin_out_marks(unicodedata.normalize("NFC", _thin_out_marks(without_unseen(text))))


def _thin_out_marks(text: str) -> str:
    kept: list[str] = []
    in_a_row = 0
    for char in text:
        in_a_row = in_a_row + 1 if _is_mark(char) else 0
        if in_a_row <= MARKS_IN_A_ROW:
            kept.append(char)
    return "".join(kept)


def _is_mark(char: str) -> bool:
    return char > "\u02ff" and unicodedata.category(char)[0] == "M"


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > 0 and _is_mark(text[end]):  # never between a letter and its accent
        end -= 1
    return text[:end].rstrip() + "…"
