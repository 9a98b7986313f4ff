"""Names of authors as people read them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bot.text.shortening import _is_boundary

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
