"""What people type, on every keyboard and phone: full-width forms, quotes and dashes of every language.

For what people write to the bot; papers are read by `bot.text.readable`. The bot's own language is ASCII, so what
stands for an ASCII sign is taken for it, one character for one: places in the text stay what they were.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from bot.text.cleaning import without_unseen

#: Every character that people and their phones write for a minus.
DASHES: Final = "-\u02d7\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2796\u2e3a\u2e3b\ufe58\ufe63\uff0d"
#: Every character that they write for a double quote; any of them ends what another began.
QUOTES: Final = (
    '"\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u275d\u275e\u301d\u301e\u301f'
    "\u300c\u300d\u300e\u300f\u300a\u300b\u3008\u3009\uff02\uff62\uff63"
)
#: … and for a single one. Most of them are apostrophes, too: they are quotes around something, not inside.
SINGLE_QUOTES: Final = "'\u2018\u2019\u201a\u201b\u2039\u203a\u2032\u275b\u275c\uff07\u00b4"
LONGEST_QUOTED: Final = 500
"""Characters between single quotes at most, so that a line of apostrophes is read in no time."""
#: What stands for a double quote within a quotation.
_AS_SINGLE: Final = str.maketrans(dict.fromkeys(QUOTES, "'") | dict(zip("“”„‟«»", "‘’‚‛‹›", strict=True)))
_NONE: Final = frozenset(("none", "off", "no", "-"))
#: What marks code in a chat, and so comes along when an example is copied.
BACKTICK: Final = "`"


def _ascii_forms() -> dict[int, str]:
    """The characters that are compatibility forms of a printable one in ASCII, other than raised and lowered ones."""
    ranges = (range(0x2000, 0x2070), range(0xFE10, 0xFE70), range(0xFF00, 0xFFEF), (0x3000,))
    forms = {
        code: plain
        for codes in ranges
        for code in codes
        if len(plain := unicodedata.normalize("NFKC", chr(code))) == 1 and " " <= plain <= "~"
    }
    return forms | {0x2236: ":", 0xA789: ":", 0x3001: ",", 0xFF64: ",", 0x060C: ","}


_ASCII_FORMS: Final = _ascii_forms()


def as_typed(text: str) -> str:
    """`text` with ASCII for what stands for it (`ｃａｔ：ｃｓ.ＣＬ`), of the same length."""
    return text if text.isascii() else text.translate(_ASCII_FORMS)


def visible(line: str) -> str:
    """`line` without what nobody sees, which comes along when something is copied."""
    return line if line.isprintable() else without_unseen(line)


def value_typed(text: str) -> str:
    """A whole value as it was meant: ASCII for what stands for it, digits of every script too, no quotes around it."""
    text = as_typed(visible(text))
    if not text.isascii():
        text = "".join(str(unicodedata.digit(char)) if char.isdecimal() else char for char in text)
    return unquoted(text)


def means_none(value: str) -> bool:
    """Whether a value says that there should be none."""
    return value.lower() in _NONE


def unquoted(text: str) -> str:
    """`text` without the quotes or backticks around all of it."""
    text = text.strip()
    while len(text) > 1 and (text[0] == text[-1] == BACKTICK or quote_end(text, 0) == len(text) - 1):
        text = text[1:-1].strip()
    return text


def in_quotes(value: str) -> str:
    """`value` as one value on a line: between quotes, with single ones for those in it, each of which would end it.

    Nothing else in it is special.
    """
    return f'"{value.translate(_AS_SINGLE)}"'


def without_quotes(word: str) -> str:
    """`word` without any quote or backtick at its ends, for one word of several that may be quoted together."""
    return word.strip(BACKTICK + QUOTES + SINGLE_QUOTES)


def quote_end(text: str, start: int) -> int | None:
    """The place of the quote that ends what the one at `start` begins.

    None when that is no quote, or one that is never closed. A single quote begins something only behind a space or a
    sign, and ends it only in front of one, so that apostrophes stay what they are.
    """
    if text[start] in QUOTES:
        return next((place for place in range(start + 1, len(text)) if text[place] in QUOTES), None)
    if text[start] not in SINGLE_QUOTES or (start and text[start - 1].isalnum()):
        return None
    inside = False  # of double quotes
    for place in range(start + 1, min(len(text), start + LONGEST_QUOTED)):
        if text[place] in QUOTES:
            inside = not inside
        elif not inside and text[place] in SINGLE_QUOTES and not text[place + 1 : place + 2].isalnum():
            return place if place > start + 1 else None
    return None
