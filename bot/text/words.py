"""How text becomes words. Search and topics both go through here: that is why they agree on what matches.

A word is a run of letters and digits (so `fine-tuning` is two words), accents and case are folded, and the inflections
of an English word have one term, for everything but prefixes, names and what is asked for exactly. The search engine is
given words and terms with spaces between, so that it has nothing to decide. Its folding is used for what is written in
Latin letters; `normalized` does the same for every script before.
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

# Words with signs, under what they are called in letters: `C++` and `cplusplus` find each other, as do `R^2` and `R²`.
_SIGNS: Final = ("+", "#", "*", ".n", ".N")  # one of them is in it; not looking further is what most texts cost
_SIGNED: Final = re.compile(
    r"(?<![a-z0-9])(?:([a-z])(?:(\+\+)(?![+a-z])|(#)(?![#\w]))|([ad])\*(?![*\w]))|(?<![a-z0-9.])\.net(?![a-z0-9])",
    re.IGNORECASE,
)
_CALLED: Final = re.compile(r"([a-z])(plusplus|sharp)|([ad])star|dotnet")
_POWER: Final = re.compile(r"(?<=[A-Za-z])\^(?=\d)")

# A Greek letter that stands alone among those of other scripts is its name: `β-VAE` is `beta-VAE`.
_LETTERS: Final = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        (
            *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu"),
            *("nu", "xi", "omicron", "pi", "rho", "sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
        ),
        strict=True,
    )
)
_GREEK: Final = re.compile(r"(?<![\u0370-\u03ff\u1f00-\u1fff])[α-ω](?![\u0370-\u03ff\u1f00-\u1fff])")
# `pi0`, `pi_0` and `π₀` are one thing. How such a name ends is ten times as fast to look for as the names.
_LETTER_AND_DIGIT: Final = re.compile(r"[0-9](?<=[aiounAIOUN][0-9])")
_NUMBERED: Final = re.compile(rf"(?<![A-Za-z0-9])({'|'.join(_LETTERS.values())})(?=\d)", re.IGNORECASE)
_SIGNS_OF_GREEK: Final = str.maketrans({"∆": "δ", "∑": "σ", "∏": "π"})
#: What Unicode calls letters though they only stand beside them, and would join what belongs apart: `μˍ0`.
_MODIFIERS: Final = re.compile("[\u02b9-\u02bc\u02c2-\u02df\u02e5-\u02ff]+")

# Scripts without spaces, of China, Japan and Korea: every character is a word and a run a phrase, so whatever stands in
# a run is found.
_UNSPACED: Final = re.compile(
    "[\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u3096\u309d-\u309f\u30a1-\u30fa"
    "\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7fb"
    "\uf900-\ufaff\U00016fe0-\U00018cff\U0001aff0-\U0001b2ff\U00020000-\U000323af][\u3099\u309a]?"
)
# What the engine makes of ASCII: small letters and digits, everything else separates.
_ASCII_FOLDED = bytes(ord(chr(code).lower()) if chr(code).isalnum() else ord(" ") for code in range(128)).ljust(256)

MOST_STEMS: Final = 100_000  # words whose stems are remembered, some ten megabytes of them
_LONGEST_STEMMED = 40  # characters; longer ones are hardly seen twice


def normalized(text: str) -> str:
    """The text as both analysers, here and in the index, want it.

    Compatibility forms are unified (NFKC), so that `ﬁ`, `𝐀` and `Ａ` are the same to search as what they stand for.
    Accents go, in one character with their letter or behind it, and so does what nobody sees (soft hyphens, joiners),
    lone surrogates among it. The voicing marks of kana stay: with them it is another letter.
    Words with signs and lone Greek letters become their names in plain letters, and the characters of scripts without
    spaces come apart.
    """
    if not text.isprintable():
        text = without_unseen(text)
    if not text.isascii():
        # Case is folded after taking apart: what has an accent or two may have no other small letter.
        text = unicodedata.normalize("NFKD", text).casefold()
        text = unicodedata.normalize("NFKC", _FOREIGN.sub(_plain, text))
        text = _FOREIGN.sub(_apart, text)  # once more, because Hangul is in pieces before
    if any(sign in text for sign in _SIGNS):
        text = _SIGNED.sub(_name_of_signed, text)
    if "^" in text:
        text = _POWER.sub("", text)
    if _LETTER_AND_DIGIT.search(text):
        text = _NUMBERED.sub(r"\1 ", text)
    return _OVERLONG.sub(r"\g<0> ", text) if len(text) > _LONGEST_WORD else text


def _plain(foreign: re.Match[str]) -> str:
    """Without accents."""
    run = "".join(char for char in foreign[0] if not _is_accent(char))
    return _MODIFIERS.sub(" ", run.translate(_SIGNS_OF_GREEK))


def _apart(foreign: re.Match[str]) -> str:
    return _GREEK.sub(lambda found: f" {_LETTERS[found[0]]} ", _UNSPACED.sub(r" \g<0> ", foreign[0]))


def _name_of_signed(found: re.Match[str]) -> str:
    letter, plus, _, starred = found.groups()
    if starred:
        return f" {starred}star "
    return f" {letter}{'plusplus' if plus else 'sharp'} " if letter else " dotnet "


def _is_accent(char: str) -> bool:
    """Whether it only goes on a letter, or chooses its form; vowel signs of Indian scripts are letters of their own."""
    if unicodedata.combining(char):
        return char not in _VOICING
    return unicodedata.category(char) == "Me" or char in _SELECTORS


def as_written(row: Iterable[str]) -> str:
    """Words in a row as people write them, with the same words again: `C++` has its signs, `扩散模型` no spaces."""
    written = ""
    apart = False
    for word in row:
        unspaced = is_unspaced(word)
        written += (" " if written and not (unspaced or apart) else "") + _signed(word)
        apart = unspaced
    return written


def _signed(word: str) -> str:
    called = _CALLED.fullmatch(word)
    if called is None:
        return word
    letter, sign, starred = called.groups()
    if starred:
        return f"{starred.upper()}*"
    return f"{letter.upper()}{'++' if sign == 'plusplus' else '#'}" if letter else ".NET"


def is_unspaced(word: str) -> bool:
    """Whether it is a character of a script without spaces."""
    return _UNSPACED.fullmatch(word) is not None


def is_inflected(word: str) -> bool:
    """Whether other words may have the same term."""
    return word.isascii() and word.isalpha()


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
