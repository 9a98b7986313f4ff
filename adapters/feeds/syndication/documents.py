"""Documents of feeds: bytes from anywhere as a tree, in whatever encoding and however broken they are.

What is broken in ways that are common is mended before it is parsed: encodings that are not the ones declared, entities
of HTML, ampersands that stand for themselves, characters that XML does not have. Of a document that breaks off, what
came before is read. Nothing is fetched, and none may declare entities, which make large ones of small ones.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from html.entities import name2codepoint
from typing import Final
from xml.etree import ElementTree as ET

from bot.errors import SourceError

MOST_ELEMENTS: Final = 200_000
DEEPEST: Final = 60
_PIECE: Final = 65_536  # bytes

_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']", re.ASCII)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]{0,500}>", re.IGNORECASE)
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30});")
_BARE = re.compile(r"&(?!(?:[A-Za-z][A-Za-z0-9]{1,30}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});)")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_PAGE = re.compile(r"\s*(?:<!--.{0,1000}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_XML_OWN: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\x00?\x00", "utf-16-le"),
    (b"\x00<\x00?", "utf-16-be"),
)


def text_of(body: bytes, charset: str = "") -> str:
    """The document as text. `charset` is what its headers say.

    What is sound UTF-8 is that, whatever anybody declares: hardly any text in another encoding happens to be.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body.decode(encoding, "replace").lstrip("\ufeff")
    declared = _DECLARED.match(body[:300])
    named = declared[1].decode("ascii") if declared else ""
    for encoding in (*(("utf-8",) if not body.isascii() else ()), named, charset, "utf-8"):
        try:
            return body.decode(encoding or "utf-8")
        except (UnicodeError, LookupError):
            continue
    return body.decode("windows-1252", "replace")


def is_page(text: str) -> bool:
    """Whether it is a web page."""
    return _PAGE.match(text[:5_000]) is not None


def tree_of(text: str, place: str) -> ET.Element:
    """The document's tree; raises `SourceError` for what is no XML at all."""
    text = _DOCTYPE.sub("", _DECLARATION.sub("", text, count=1), count=1)
    text = "".join(_mended(_NOT_XML.sub("", text)))
    builder = _Builder(place)
    parser = ET.XMLParser(target=builder, encoding="utf-8")  # noqa: S314  # the builder refuses what makes this dangerous
    data = text.strip().encode()
    # Of a document that is cut or broken, what was there until then is in the builder.
    with suppress(ET.ParseError, LookupError, ValueError):
        # In pieces, because the parser goes on to the end of a piece after the builder has refused it.
        for start in range(0, len(data), _PIECE):
            parser.feed(data[start : start + _PIECE])
        parser.close()
    root = builder.root
    if root is None:
        raise SourceError(f"{place} sent something that is no feed ({len(data)} bytes).")
    return root


def _mended(text: str) -> Iterator[str]:
    """The text in pieces, with entities mended outside of CDATA. It takes time in proportion to the text."""
    place = 0
    while (start := text.find("<![CDATA[", place)) >= 0 and (end := text.find("]]>", start)) >= 0:
        yield _with_entities(text[place:start])
        yield text[start : end + 3]
        place = end + 3
    yield _with_entities(text[place:])


def _with_entities(text: str) -> str:
    """Text outside of CDATA with what HTML calls characters as their numbers, and bare ampersands as what they are."""
    text = _ENTITY.sub(
        lambda found: (
            found[0]
            if found[1] in _XML_OWN
            else f"&#{name2codepoint[found[1]]};"
            if found[1] in name2codepoint
            else f"&amp;{found[1]};"
        ),
        text,
    )
    return _BARE.sub("&amp;", text)


class _Builder(ET.TreeBuilder):
    """Builds a tree of a bounded size, as far as the document goes."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self.root: ET.Element | None = None
        self._place = place
        self._elements = 0
        self._depth = 0

    def doctype(self, _name: str, _public_id: str | None, _system: str | None) -> None:
        raise SourceError(f"{self._place} sent a document that declares entities; it was not read.")

    def start(self, tag: str, attrs: dict[str, str], /) -> ET.Element:
        self._elements += 1
        self._depth += 1
        if self._elements > MOST_ELEMENTS or self._depth > DEEPEST:
            raise SourceError(f"{self._place} sent more than any feed has in it; it was not read.")
        element = super().start(tag, attrs)
        if self.root is None:
            self.root = element
        return element

    def end(self, tag: str, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)
