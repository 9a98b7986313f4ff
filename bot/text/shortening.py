"""Making titles, abstracts and names fit to be read in a chat: pure functions over plain text."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence

from bot.cleaning import clean_line
from bot.tex import plain_text

ELLIPSIS = "…"


def readable(text: str) -> str:
    """`text` in one line, without TeX habits: `$O(n^2)$` is O(n²), `Schr\\"odinger` is Schrödinger.

    Never raises; takes time linear in the text. The outcome has no control, invisible or bidirectional characters.
    It is data and may still look like markup: rendering escapes it.
    """
    # Once before, since nothing invisible may hide a habit, and once after, since a habit can spell anything.
    return clean_line(plain_text(clean_line(text, sys.maxsize)), sys.maxsize)


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
    return len(sentence.split()) > _LABEL_WORDS or end[0][0] in "!?"


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

_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))
_PARTICLES = frozenset([
    "van", "von", "der", "den", "de", "del", "della", "di", "da", "dal", "dos", "das", "do", "du", "la", "le", "ter",
    "ten", "zu", "zum", "zur", "af", "av", "bin", "ibn", "ben", "el", "al", "y", "e", "st",
])  # fmt: skip
_GROUP_WORDS = frozenset([
    "team", "teams", "group", "collaboration", "consortium", "lab", "labs", "laboratory", "research", "institute",
    "project", "university", "community", "contributors", "foundation", "company", "corporation", "inc", "ai",
    "authors", "initiative", "network", "center", "centre",
])  # fmt: skip
_ASIDE = re.compile(r"\([^()]*\)|[\"“”«»]")


def shorten_authors(names: Sequence[str], shown: int = 2) -> str:
    """The first `shown` names with initials for given names, and how many more there are: `Y. LeCun, G. Hinton +6`."""
    names = [name for name in (" ".join(name.split()) for name in names) if name]
    listed = ", ".join(_with_initials(name) for name in names[:shown])
    rest = len(names) - shown
    return f"{listed} +{rest}" if rest > 0 else listed


def _with_initials(name: str) -> str:
    """`Jean-Pierre van der Berg Jr.` is J.-P. van der Berg Jr.; teams, single names and Chinese script stay."""
    words = _ASIDE.sub(" ", name).split()
    if len(words) < 2 or _is_group(words) or not all(_is_name_script(character) for character in name):
        return name
    words, suffix = _split_suffix(words)
    if "," in "".join(words):
        family, _, given = " ".join(words).partition(",")
        words, surname_at = [*given.replace(",", " ").split(), *family.split()], len(given.replace(",", " ").split())
    else:
        surname_at = next(
            (at for at, word in enumerate(words) if at > 0 and word.lower() in _PARTICLES), max(len(words) - 1, 0)
        )
        if words and words[0].islower() and words[0] in _PARTICLES:
            surname_at = 0
    return " ".join([*(_initials(word) for word in words[:surname_at]), *words[surname_at:], *suffix])


def _is_group(words: Sequence[str]) -> bool:
    return (
        words[0].lower() == "the"
        or any(word.strip(".,").lower() in _GROUP_WORDS for word in words[1:])
        or any(character.isdigit() or character in ":&/@" for word in words for character in word)
    )


def _is_name_script(character: str) -> bool:
    """Whether names in this script are abbreviated by initials: not so the Chinese, Japanese and Korean ones."""
    if character.isascii():
        return True
    return not unicodedata.name(character, "").startswith(("CJK", "HANGUL", "HIRAGANA", "KATAKANA", "BOPOMOFO"))


def _split_suffix(words: list[str]) -> tuple[list[str], list[str]]:
    if len(words) > 2 and words[-1].strip(".,").lower() in _SUFFIXES:
        return [*words[:-2], words[-2].rstrip(",")], [words[-1]]
    return words, []


def _initials(given: str) -> str:
    """`Jean-Pierre` is J.-P., `J.K.` is J. K., `Yann` is Y."""
    if given.count(".") > 1 or (given.count(".") == 1 and not given.endswith(".")):
        return " ".join(_initials(part) for part in given.split(".") if part.strip("-"))
    parts = [_first_character(part) for part in re.split("[-‐‑]", given) if part]
    return "-".join(f"{part.upper()}." for part in parts)


def _first_character(word: str) -> str:
    end = 1
    while end < len(word) and not _is_boundary(word, end):
        end += 1
    return word[:end]


# ---- numbers


def count_of(number: int, noun: str) -> str:
    """`1 paper`, `12 papers`, `1,234 replies`: the number with the noun in the form that it needs."""
    return f"{number:,} {noun if number == 1 else _plural(noun)}"


def _plural(noun: str) -> str:
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def compact_number(number: int) -> str:
    """`999`, `1.2k`, `12.3k`, `123k`, `4.6M`: three digits at most, rounded to nearest."""
    scaled, letter = float(abs(number)), ""
    for larger in "kMG":
        if scaled < 999.5:
            break
        scaled, letter = scaled / 1000, larger
    digits = 1 if letter and scaled < 99.95 else 0
    rounded = f"{scaled:.{digits}f}".removesuffix(".0")
    return f"{'-' if number < 0 else ''}{rounded}{letter}"
