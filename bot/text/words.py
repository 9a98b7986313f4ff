"""How text becomes words. Search and topics both go through here: that is why they agree on what matches.

A word is a run of letters and digits (so `fine-tuning` is two words and `C++` is `c`), accents and case are folded, and
the inflections of an English word have one term, for everything but prefixes, names and what is asked for exactly. The
search engine is given words and terms with spaces between, so that it has nothing to decide. Its folding is used for
what is written in Latin letters; `normalized` does the same for every script before.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable
from typing import Final

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from bot.text.cleaning import without_unseen
from bot.text.inflections import stem

# The engine silently leaves out words of 65,530 bytes and more. Cutting far below that, before anybody looks, keeps
# such a word the same for search and topics; folding can make four bytes of a character, NFKC is done by then.
_LONGEST_WORD = 10_000
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_VOICING = "\u3099\u309a"
_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
_OVERLONG = re.compile(rf"\S{{{_LONGEST_WORD}}}")
# What the engine makes of ASCII: small letters and digits, everything else separates.
_ASCII_FOLDED = bytes(ord(chr(code).lower()) if chr(code).isalnum() else ord(" ") for code in range(128)).ljust(256)

MOST_STEMS: Final = 100_000  # words whose stems are remembered, some ten megabytes of them
_LONGEST_STEMMED = 40  # characters; longer ones are hardly seen twice


def normalized(text: str) -> str:
    """The text as both analysers, here and in the index, want it.

    Compatibility forms are unified (NFKC), so that `ﬁ`, `𝐀` and `Ａ` are the same to search as what they stand for.
    Accents go, in one character with their letter or behind it, and so does what nobody sees (soft hyphens, joiners),
    lone surrogates among it. The voicing marks of kana stay: with them it is another letter.
    """
    if not text.isprintable():
        text = without_unseen(text)
    if not text.isascii():
        # Case is folded after taking apart: what has an accent or two may have no other small letter.
        text = unicodedata.normalize("NFKD", text).casefold()
        text = unicodedata.normalize("NFKC", _FOREIGN.sub(_without_accents, text))
    return _OVERLONG.sub(r"\g<0> ", text) if len(text) > _LONGEST_WORD else text


def _without_accents(foreign: re.Match[str]) -> str:
    return "".join(char for char in foreign[0] if not _is_accent(char))


def _is_accent(char: str) -> bool:
    """Whether it only goes on a letter, or chooses its form; vowel signs of Indian scripts are letters of their own."""
    if unicodedata.combining(char):
        return char not in _VOICING
    return unicodedata.category(char) == "Me" or char in _SELECTORS


def words(text: str) -> list[str]:
    """The words of a text in their order, folded but not stemmed. Safe in any thread."""
    text = normalized(text)
    if text.isascii():  # nearly always, and several times as fast as asking the engine
        return folded(text).split()
    with _ONE_AT_A_TIME:  # an analyser keeps a buffer of its own
        return _FOLDING.analyze(text)


def folded(text: str) -> str:
    """A text of ASCII with small letters, and a space for each character that is of no word: all stays in its place."""
    return text.encode("ascii").translate(_ASCII_FOLDED).decode("ascii")


def terms(text: str) -> list[str]:
    """The words of a text in their order, folded and stemmed: as many as `words`. Safe in any thread."""
    return stemmed(words(text))


def stemmed(written: Iterable[str]) -> list[str]:
    """The terms of words that `words` gave, one for each."""
    return list(map(_STEMS.__getitem__, written))


class _Stems(dict[str, str]):
    """The stems of words seen lately: papers are made of the same words again and again."""

    def __missing__(self, word: str) -> str:
        term = stem(word)
        if len(word) <= _LONGEST_STEMMED:
            if len(self) >= MOST_STEMS:
                self.clear()
            self[word] = term
        return term


def _folding() -> TextAnalyzer:
    # Folding comes before lower-casing: "İ" in small letters is two characters, of which no accent can be folded. Once
    # more, because the small letters of a few rare capitals fold, too: so folded words fold to themselves.
    folding = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.ascii_fold()).filter(Filter.lowercase())
    return folding.filter(Filter.ascii_fold()).filter(Filter.lowercase()).build()


_FOLDING: Final = _folding()
_ONE_AT_A_TIME: Final = threading.Lock()
_STEMS: Final = _Stems()
