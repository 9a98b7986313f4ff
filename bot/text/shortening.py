"""Making titles, abstracts and names fit to be read in a chat: pure functions over plain text."""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"


# ---- sentences

# What ends in a full stop and is hardly ever the end of a sentence, lower-case and without its last full stop.
_ABBREVIATIONS = frozenset([
    "e.g", "i.e", "cf", "vs", "viz", "al", "resp", "approx", "ca", "a.k.a", "w.r.t", "i.i.d", "s.t", "fig", "figs",
    "eq", "eqs", "eqn", "sec", "secs", "ref", "refs", "tab", "thm", "lem", "def", "prop", "cor", "no", "nos", "vol",
    "pp", "ch", "chap", "app", "alg", "dr", "prof", "mr", "mrs", "ms", "st", "jr", "sr", "inc", "ltd", "corp", "dept",
    "est", "u.s", "u.k", "ph.d", "m.sc", "b.sc", "d.r", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep",
    "sept", "oct", "nov", "dec",
])  # fmt: skip
_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?= )|[。！？]+[」』”）]*")
_LAST_WORD = re.compile(r"[^\s(\[“\"]*$")
_LABEL_WORDS = 2  # “Objective.”, “Main results.” are headings of a structured abstract, not sentences


def first_sentence(text: str, limit: int) -> str:
    """The first sentence of `text`, at most `limit` characters, shortened with `…` where it is longer.

    Headings of structured abstracts (“Objective.”) stay with the sentence that they announce.
    """
    text = " ".join(text[: 4 * limit + 400].split())
    for end in _SENTENCE_END.finditer(text):
        if end.start() > limit:
            break
        if _ends_sentence(text, end):
            return shorten(text[: end.end()], limit)
    return shorten(text, limit)


def sentences(text: str) -> list[str]:
    """The sentences of `text`, each in one line; headings of structured abstracts stay with theirs."""
    text = " ".join(text.split())
    found, begin = [], 0
    for end in _SENTENCE_END.finditer(text):
        if _ends_sentence(text, end):
            found.append(text[begin : end.end()].strip())
            begin = end.end()
    return [one for one in (*found, text[begin:].strip()) if one]


def _ends_sentence(text: str, end: re.Match[str]) -> bool:
    if end[0][0] in "。！？":
        return True
    if text[end.end() + 1].islower():
        return False
    sentence = text[: end.start()]
    if end[0][0] == ".":
        # A sentence is short: what lies further back than this is not needed to know its last word.
        word = _LAST_WORD.search(sentence[-40:])
        last = word[0].lower() if word else ""
        if last in _ABBREVIATIONS:
            return False
        if len(last) == 1 and last.isalpha() and last != "i" and not end[0].endswith((")", "]", "”", '"')):
            return False  # an initial: “J. Doe”
    return len(sentence.split(maxsplit=_LABEL_WORDS)) > _LABEL_WORDS or end[0][0] in "!?"


# ---- cutting

# A cut inside the last part of the text looks for the end of a word; further back would waste the space.
_WORD_END_WITHIN = 0.6
_DANGLING = " \t\n,;:-–—(["


def shorten(text: str, limit: int) -> str:
    """`text` in at most `limit` code points: cut at the end of a word where possible, with `…` in place of the rest.

    Never cuts inside what people see as one character: combining marks, emoji sequences, flags, Hangul syllables.
    """
    if len(text) <= limit:
        return text
    if limit <= 0:
        return ""
    room = limit - len(ELLIPSIS)
    cut = room
    while cut > 0 and not _is_boundary(text, cut):
        cut -= 1
    if not text[cut].isspace():
        word_end = max(text.rfind(space, 0, cut) for space in " \n\t")
        if word_end >= room * _WORD_END_WITHIN:
            cut = word_end
    return text[:cut].rstrip(_DANGLING) + ELLIPSIS


def split_text(text: str, limit: int) -> list[str]:
    """`text` in parts of at most `limit` code points, parted at empty lines, else between lines, else anywhere."""
    parts: list[str] = []
    while len(text) > limit:
        cut = next((end for mark in ("\n\n", "\n") if (end := text.rfind(mark, 1, limit)) > 0), limit)
        parts.append(text[:cut])
        text = text[cut:].lstrip("\n")
    return [*parts, text] if text else parts


_JOINER = "\u200d"
#: Joiners, and the Thai and Lao vowel signs that Unicode counts as letters.
_CLINGING = (_JOINER, "\u200c", "\u0e33", "\u0eb3")
_TAGS = range(0xE0020, 0xE0080)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_REGIONAL_INDICATORS = range(0x1F1E6, 0x1F200)
_HANGUL_LEADING = range(0x1100, 0x1160)
_HANGUL_INNER = range(0x1160, 0x1200)
_LOW_SURROGATES = range(0xDC00, 0xE000)
_VIRAMA = 9  # the combining class of signs that take a consonant's vowel away


def _is_boundary(text: str, at: int) -> bool:
    """Whether a person sees two characters left and right of `at`: Unicode's UAX #29, in doubt for one character."""
    before, after = text[at - 1], text[at]
    code = ord(after)
    if unicodedata.category(after) in ("Mn", "Me", "Mc") or after in _CLINGING:
        return False
    if before == _JOINER or code in _TAGS or code in _SKIN_TONES or code in _LOW_SURROGATES or before + after == "\r\n":
        return False
    if unicodedata.combining(before) == _VIRAMA and unicodedata.category(after) == "Lo":
        return False  # a conjunct of Devanagari and its relatives
    if code in _HANGUL_INNER or (code in _HANGUL_LEADING and ord(before) in _HANGUL_LEADING):
        return not (0x1100 <= ord(before) < 0x1200 or 0xAC00 <= ord(before) <= 0xD7A3)
    if code in _REGIONAL_INDICATORS:
        run = at
        while run > 0 and ord(text[run - 1]) in _REGIONAL_INDICATORS:
            run -= 1
        return (at - run) % 2 == 0  # flags are pairs
    return True


# ---- names


# ---- numbers
