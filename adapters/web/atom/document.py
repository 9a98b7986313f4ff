"""The Atom document of a feed (RFC 4287)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from xml.etree import ElementTree as ET

from adapters.web.atom.content import html_of, paper_html
from bot import __version__
from bot.channels.channel_feed import ChannelFeed
from bot.library.channel_feed import FeedEntry
from bot.messages.message import PaperBlock
from bot.text.urls import is_web_url

MEDIA_TYPE: Final = "application/atom+xml; charset=utf-8"
_ATOM: Final = "http://www.w3.org/2005/Atom"
#: As arXiv's own feeds say that a category is one of theirs.
_ARXIV_CATEGORIES: Final = "http://arxiv.org/schemas/atom"
PUBLISHER: Final = "Paper Round"
#: Collaborations have thousands of members, whom no reader lists.
MOST_AUTHORS: Final = 100
#: What XML 1.0 has no way to write (https://www.w3.org/TR/xml/#charsets).
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def atom_document(feed: ChannelFeed, entries: Sequence[FeedEntry], *, address: str, page: str = "") -> bytes:
    """The feed at that address. `page` is the address of the channel's page, empty where it has none."""
    root = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": "en"})
    _add(root, "id", feed.tag)
    _add(root, "title", f"{feed.channel.full_name} · {PUBLISHER}")
    _add(root, "subtitle", f"Research papers that were posted in {feed.channel.full_name}")
    _add(root, "updated", _time(last_change(feed, entries)))
    _add(root, "link", rel="self", type="application/atom+xml", href=address)
    if page:
        _add(root, "link", rel="alternate", type="text/html", href=page)
    _add(root, "generator", PUBLISHER, version=__version__)
    _add(_add(root, "author"), "name", PUBLISHER)
    for entry in entries:
        _add_entry(root, feed, entry, page)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'.encode()


def last_change(feed: ChannelFeed, entries: Iterable[FeedEntry]) -> datetime:
    """When the feed last had something new, or became another one."""
    return max([feed.changed_at, *(entry.posted_at for entry in entries)])


def _add_entry(root: ET.Element, feed: ChannelFeed, entry: FeedEntry, page: str) -> None:
    element = _add(root, "entry")
    _add(element, "id", f"{feed.tag}/{entry.name}")
    _add(element, "title", entry.title)
    _add(element, "published", _time(entry.posted_at))
    _add(element, "updated", _time(entry.posted_at))
    url = entry.url or (f"{page}/d/{entry.digest_id}" if page else "")
    if is_web_url(url):
        _add(element, "link", rel="alternate", type="text/html", href=url)
    for name in entry.authors[:MOST_AUTHORS]:
        _add(_add(element, "author"), "name", name)
    for category in entry.categories:
        _add(element, "category", term=category, scheme=_ARXIV_CATEGORIES)
    for topic in entry.topics:
        _add(element, "category", term=topic)
    # Below the entry's own title the paper's would be there twice.
    alone = entry.blocks[0] if len(entry.blocks) == 1 else None
    is_paper = isinstance(alone, PaperBlock) and entry.digest_id is None
    content = paper_html(alone) if is_paper and isinstance(alone, PaperBlock) else html_of(entry.blocks)
    _add(element, "content", str(content), type="html")


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, name, {key: _NOT_XML.sub("", value) for key, value in attributes.items()})
    if text:
        element.text = _NOT_XML.sub("", text)
    return element


def _time(moment: datetime) -> str:
    """RFC 3339, in whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
