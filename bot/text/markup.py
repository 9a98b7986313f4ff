"""HTML that got into titles, abstracts and names: entities, however often escaped, and the tags of running text.

Feeds of papers are plain text in which `<` is as likely a sign of mathematics (`p < 0.05`), a token (`<think>`), a
tuple (`<person, action>`) or a mean (`<B>`) as a tag. So only what is certainly HTML goes: elements of running text
that are closed, carry attributes, or need no closing.
"""

from __future__ import annotations

import html
import re
from typing import Final

from bot.text.tex.formulas import script

MOST_ESCAPED: Final = 3
"""How often an entity may have been escaped: `&amp;amp;lt;` is `<`."""

# Only with its semicolon: `?a=1&copy=2` and `x&parameter` are no entities, though `html.unescape` says so.
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_ATTRIBUTES = r"""(?:\s+[A-Za-z][\w:.-]{0,40}\s*=\s*(?:"[^"<>]{0,500}"|'[^'<>]{0,500}'|[^\s"'<>=]{1,500}))"""
_NAMES = (
    "a|abbr|article|b|big|blockquote|br|center|cite|code|dd|del|div|dl|dt|em|figure|font|h[1-6]|hr|i|img|ins|kbd|li|"
    "inline-formula|italic|m(?:ath|frac|i|n|o|over|row|sqrt|sub|sup|text|under)|mark|ol|p|pre|q|s|section|small|span|strike|strong|sub|sup|table|tbody|td|tex-math|th|thead|tr|tt|u|ul|var|"
    "(?:jats|mml):[a-z]{1,20}"
)
_TAG = re.compile(
    rf"<(?P<end>/?)(?P<name>{_NAMES})(?P<attributes>{_ATTRIBUTES}{{0,8}})\s*(?P<alone>/?)>", re.IGNORECASE
)
_SCRIPT = re.compile(r"<(?P<tag>(?:jats:)?su[bp])>(?P<content>[^<>]{1,40})</(?P=tag)>", re.IGNORECASE)
_VOID: Final = frozenset(("br", "hr", "img"))
_INLINE: Final = frozenset([
    "inline-formula", "italic", "math", "mfrac", "mi", "mn", "mo", "mover", "mrow", "msqrt", "msub", "msup", "mtext",
    "munder", "tex-math",
    "a", "abbr", "b", "big", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "mark", "q", "s", "small", "span",
    "strike", "strong", "sub", "sup", "tt", "u", "var",
])  # fmt: skip
#: What begins a new piece of text among the elements of JATS, the format of publishers.
_JATS_BLOCKS: Final = (":p", ":title", ":sec", ":list", ":list-item")


def without_markup(text: str) -> str:
    """`text` without entities and without the tags that are certainly tags. Takes time linear in the text."""
    if "&" in text:
        for _ in range(MOST_ESCAPED):
            unescaped = _ENTITY.sub(_character, text)
            if unescaped == text:
                break
            text = unescaped
    if "<" in text and ">" in text:
        text = _without_tags(text)
    return text


def _character(entity: re.Match[str]) -> str:
    return html.unescape(entity[0])


def _without_tags(text: str) -> str:
    text = _SCRIPT.sub(lambda found: _script(found, text), text)
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for tag in _TAG.finditer(text):
        name = tag["name"].lower()
        if tag["end"]:
            last[name] = tag.start()
        else:
            first.setdefault(name, tag.start())

    def kept(tag: re.Match[str]) -> str:
        name = tag["name"].lower()
        if tag["end"]:
            certain = first.get(name, len(text)) < tag.start()
        else:
            certain = (
                name in _VOID
                or bool(tag["attributes"])
                or last.get(name, -1) > tag.start()
                or (tag[0] == "<p>" and _begins_paragraph(text, tag.start()))
            )
        if not certain:
            return tag[0]
        return "" if name in _INLINE or (":" in name and not name.endswith(_JATS_BLOCKS)) else " "

    return _TAG.sub(kept, text)


def _script(found: re.Match[str], text: str) -> str:
    """`<sub>2</sub>` in the characters of a formula; before it stands what an ordinal would need."""
    before = text[max(found.start() - 3, 0) : found.start()]
    return script("^" if found["tag"].lower().endswith("sup") else "_", found["content"], [before])


def _begins_paragraph(text: str, at: int) -> bool:
    """Whether nothing in front of a `<p>` makes it a variable between signs of comparison: `i<p>`."""
    return not text[max(at - 2, 0) : at].rstrip()[-1:].isalnum()
