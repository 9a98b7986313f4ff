"""Pieces of formulas as plain characters."""

from __future__ import annotations

import re
import unicodedata

from bot.text.tex.symbols import ORDINALS, SUBSCRIPTS, SUPERSCRIPTS

LONGEST_FORMULA = 600
"""Characters between two dollars that can still be a formula."""

_WORD = re.compile(r"[^\W\d_]{3}")
_PLAIN_NAME = re.compile(r"[\w.′∗*%]+")
_ATOM = re.compile(r"√?[\w.′%]*(?:\([^()]*\))?")
_PLAIN_WORDS = re.compile(r"(?<![\\A-Za-z])[a-z]{2,}(?= )")


def is_formula(inner: str, after: str) -> bool:
    """Whether what stands between two dollars is a formula. `after` is the character behind the second one.

    The rule of Pandoc (no space inside the dollars, no digit behind them) is too strict for arXiv, where `$ x $` and
    `$\\sim$10` are common; so it holds only where nothing in between looks like TeX.
    """
    body = inner.strip()
    if not body or len(body) > LONGEST_FORMULA:
        return False
    words = 0 if "{" in body else len(_PLAIN_WORDS.findall(body))
    if any(mark in body for mark in "\\^_"):
        return words < 3
    has_edge_space = len(body) != len(inner)
    if body[0].isdigit():
        return not (has_edge_space or after.isdigit() or words)
    return words < 3 and (not has_edge_space or len(body) <= 3 or "=" in body)


def script(kind: str, content: str, out: list[str]) -> str:
    """`content` as a superscript (`^`) or a subscript (`_`) of what is in `out`."""
    content = content.strip()
    if not content:
        return ""
    raised = kind == "^"
    if raised and content in ORDINALS:
        before = "".join(out[-3:]).strip()
        if not before or before[-1].isdigit():
            return content  # `20$^{th}$ century`, `$20^{th}$ century`
    signs = SUPERSCRIPTS if raised else SUBSCRIPTS
    if not _WORD.search(content) and all(character in signs for character in content):
        return "".join(signs[character] for character in content)
    return f"{kind}{content}" if _PLAIN_NAME.fullmatch(content) or len(content) == 1 else f"{kind}({content})"


def factor(content: str) -> str:
    """`content` in parentheses if it needs them beside a `/` or a `√`."""
    content = content.strip()
    return content if not content or _ATOM.fullmatch(content) else f"({content})"


def accent(base: str, mark: str) -> str:
    """`base` with the accent if it is one letter: in one code point where there is one, else combined in formulas."""
    if len(base) != 1 or not base.isalpha() or not mark:
        return base
    base = {"ı": "i", "ȷ": "j"}.get(base, base)
    return unicodedata.normalize("NFC", base + mark)


def printable(code_point: int) -> str:
    """The character with that number, empty if it is none that can be seen."""
    character = chr(code_point) if code_point <= 0x10FFFF else ""
    return character if character.isprintable() else ""
