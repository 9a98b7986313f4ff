"""Items of feeds, from RSS 0.9x to 2.0, Atom and JSON Feed.

https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec, RFC 4287,
https://www.jsonfeed.org/version/1.1/, and the modules of Dublin Core and PRISM that publishers use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any, Final
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

from adapters.feeds.dates import moment_of
from adapters.feeds.syndication.documents import is_page, tree_of
from bot.errors import SourceError
from bot.text.cleaning import clean_line

MOST_ITEMS: Final = 2_000
_LONGEST_FIELD: Final = 30_000  # characters that are looked at
_LONGEST_TITLE: Final = 5_000
_LONGEST_NAME: Final = 1_000
_BLOCKS = re.compile(r"</?(?:p|br|div|li|ul|ol|tr|td|table|h[1-6]|blockquote|section)\b[^<>]{0,500}>", re.IGNORECASE)
_TAGS = re.compile(
    r"</?(?:a|abbr|b|big|cite|code|del|em|font|i|img|ins|kbd|mark|q|s|small|span|strike|strong|sub|sup|tt|u|var|html|body"
    r"|head|figure|figcaption|picture|source|iframe|video|hr|pre|dl|dt|dd|thead|tbody|th|[a-z]{2,6}:[a-z-]{1,20}|math|m[a-z]{1,9})"
    r"(?:\s[^<>]{0,2000})?/?>|<!--[^<]{0,500}?-->",
    re.IGNORECASE | re.DOTALL,
)
_HIDDEN = re.compile(r"<(/?)(?:script|style)\b[^<>]{0,500}>", re.IGNORECASE)
_WRITER = re.compile(r"\s*[^\s@()]{1,100}@[^\s()]{1,100}\s*\((.{1,200})\)\s*")
_DATES: Final = (
    "pubDate",
    "published",
    "issued",
    "date",
    "publicationDate",
    "coverDate",
    "created",
    "updated",
    "modified",
)
_EMPTY: Final = ET.Element("none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry of a feed, as it says it. Texts may have marks of HTML in them. `names` are all that may identify it."""

    title: str
    link: str
    guid: str
    names: tuple[str, ...]
    summary: str
    authors: tuple[str, ...]
    published: datetime | None
    subjects: tuple[str, ...] = ()
    venue: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A feed: what it calls itself, the page that it is of, and its items in their order."""

    title: str
    page: str
    items: tuple[Item, ...]


def read_feed(text: str, place: str, address: str) -> FeedDocument:
    """Reads a document of whichever format. Raises `SourceError` for what is no feed."""
    if is_page(text):
        raise SourceError(f"{place} is a web page, not a feed.{_feed_of_page(text, address)}")
    root = tree_of(text, place)
    kind = _name(root)
    if kind == "html":
        raise SourceError(f"{place} is a web page, not a feed.{_feed_of_page(text, address)}")
    if kind not in ("rss", "RDF", "feed"):
        raise SourceError(f"{place} sent XML that is no feed.")
    channel = root if kind == "feed" else _child(root, "channel")
    found = root.iter() if kind != "feed" else iter(root)
    base = _joined(address, root.get(_BASE, "") or channel.get(_BASE, "")) or address
    page = _link(channel, base) if len(channel) else address
    # What Atom says in relation to its document, RSS says in relation to its page.
    base = base if kind == "feed" else page or base
    title = plain(_text(channel, "title"))
    items = [_item(one, base, title) for one in found if _name(one) in ("item", "entry")][:MOST_ITEMS]
    return FeedDocument(title=title, page=page, items=tuple(items))


def read_json_feed(document: object, place: str, address: str) -> FeedDocument:
    """Reads a JSON Feed. Raises `SourceError` for other JSON."""
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        raise SourceError(f"{place} sent JSON that is no feed.")
    feed: dict[str, Any] = document
    page = _joined(address, _str(feed.get("home_page_url")))
    title = clean_line(_str(feed.get("title")), 300)
    entries = [one for one in feed["items"][:MOST_ITEMS] if isinstance(one, dict)]
    return FeedDocument(title=title, page=page, items=tuple(_json_item(one, page, title) for one in entries))


def plain(markup: str) -> str:
    """Text without HTML's marks; what only looks like one stays, as in `a<b`."""
    text = _shown(markup[:_LONGEST_FIELD])
    for _ in range(2):  # what is escaped twice is HTML within the text of HTML
        text = unescape(_TAGS.sub("", _BLOCKS.sub("\n", text)))
    return text.strip()


def _shown(markup: str) -> str:
    """The markup without scripts and styles."""
    kept, place, hidden = [], 0, False
    for tag in _HIDDEN.finditer(markup):
        if not hidden:
            kept.append(markup[place : tag.start()])
        hidden, place = not tag[1], tag.end()
    return " ".join([*kept, "" if hidden else markup[place:]])


_BASE: Final = "{http://www.w3.org/XML/1998/namespace}base"


def _item(element: ET.Element, base: str, title: str) -> Item:
    base = _joined(base, element.get(_BASE, "")) or base
    guid = _text(element, "guid", "id") or element.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about", "").strip()
    link = _link(element, base)
    identifiers = list(_texts(element, "doi", "identifier", "arxivid", "DOI"))
    others = [_joined(base, one.get("href", "")) for one in element if _name(one) == "link" and one.get("href")]
    files = [one for one in element if _name(one) in ("enclosure", "link") and one.get("type") == "application/pdf"]
    file = next((_joined(base, one.get("url") or one.get("href") or "") for one in files), "")
    permanent = next((one.get("isPermaLink", "true") for one in element if _name(one) == "guid"), "false")
    if not link and guid.startswith(("http://", "https://")) and permanent != "false":
        link = guid
    return Item(
        title=plain(_text(element, "title")[:_LONGEST_TITLE]),
        link=link,
        guid=guid,
        names=_names(*identifiers, guid, link, *others),
        summary=plain(_summary(element)),
        authors=tuple(_authors(element)),
        published=next(filter(None, map(moment_of, _texts(element, *_DATES))), None),
        subjects=tuple(_subjects(element)),
        venue=plain(_text(element, "publicationName")) or plain(_source_of(element)) or title,
        file=file,
    )


def _json_item(entry: dict[str, Any], page: str, title: str) -> Item:
    guid = entry.get("id")
    guid = str(guid) if isinstance(guid, str | int | float) else ""
    link = _str(entry.get("url")) or _str(entry.get("external_url")) or (guid if guid.startswith("http") else "")
    link = _joined(page, link) if link else ""
    people = _list(entry.get("authors")) or [entry.get("author")]
    tags = _list(entry.get("tags"))
    external = _str(entry.get("external_url"))
    content = _str(entry.get("content_html")) or _str(entry.get("content_text"))
    return Item(
        title=plain(_str(entry.get("title"))[:_LONGEST_TITLE]),
        link=link,
        guid=guid,
        names=_names(_str(entry.get("doi")), guid, link, external),
        summary=plain(_str(entry.get("summary")) or content),
        authors=tuple(name for one in people if isinstance(one, dict) and (name := _str(one.get("name")))),
        published=moment_of(_str(entry.get("date_published")) or _str(entry.get("date_modified"))),
        subjects=tuple(_str(tag) for tag in tags if _str(tag)),
        venue=title,
    )


def _names(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if 0 < len(name) <= _LONGEST_NAME))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _str(value: object) -> str:
    return value.strip()[:_LONGEST_FIELD] if isinstance(value, str) else ""


def _name(element: ET.Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def _child(element: ET.Element, name: str) -> ET.Element:
    return next((one for one in element if _name(one) == name), _EMPTY)


def _texts(element: ET.Element, *names: str) -> Iterator[str]:
    """What children of these names say, in the order of the names."""
    for name in names:
        for one in element:
            if _name(one) == name and (said := "".join(one.itertext()).strip()):
                yield said[:_LONGEST_FIELD]


def _text(element: ET.Element, *names: str) -> str:
    return next(_texts(element, *names), "")


def _link(element: ET.Element, base: str) -> str:
    """The page: of RSS as text, of Atom the alternate one."""
    links = [one for one in element if _name(one) == "link"]
    hrefs = [one for one in links if one.get("href") and one.get("rel", "alternate") == "alternate"]
    html = [one for one in hrefs if one.get("type", "text/html") == "text/html"] or hrefs
    written = (
        html[0].get("href", "") if html else next(("".join(one.itertext()).strip() for one in links if one.text), "")
    )
    return _joined(base, written.strip()) if written else ""


def _joined(base: str, link: str) -> str:
    """A link as an address; empty for what cannot be one, such as a host in half of its brackets."""
    try:
        return urljoin(base, link)
    except ValueError:
        return ""


def _summary(element: ET.Element) -> str:
    """The abstract where there is one that says something, else the whole text."""
    short = _text(element, "abstract", "description", "summary")
    long = _text(element, "encoded", "content")
    return short if len(short) >= 80 or not long else long


def _authors(element: ET.Element) -> Iterator[str]:
    for one in element:
        match _name(one):
            case "creator":
                yield plain("".join(one.itertext()))
            case "author":
                said = _text(one, "name") if len(one) else "".join(one.itertext())
                writer = _WRITER.fullmatch(said[:400])
                yield plain(writer[1] if writer else said)


def _source_of(element: ET.Element) -> str:
    """The journal that an item is from, as PubMed says it; in Atom that is a feed within the entry."""
    source = _child(element, "source")
    return _text(source, "title") if len(source) else "".join(source.itertext())


def _subjects(element: ET.Element) -> Iterable[str]:
    for one in element:
        if _name(one) in ("category", "subject", "section") and (said := one.get("term") or "".join(one.itertext())):
            yield plain(said)


_ALTERNATE = re.compile(r"<link\b[^<>]{0,500}>", re.IGNORECASE)
_FEED_TYPE = re.compile(r"type\s*=\s*[\"']?application/(?:rss\+xml|atom\+xml|feed\+json)", re.IGNORECASE)
_HREF = re.compile(r"href\s*=\s*[\"']?([^\s\"'>]{1,500})", re.IGNORECASE)


def _feed_of_page(text: str, address: str) -> str:
    """Where a page says that its feed is, as a sentence behind a space; empty where it does not."""
    for link in _ALTERNATE.findall(text[:200_000]):
        if _FEED_TYPE.search(link) and (href := _HREF.search(link)):
            feed = clean_line(_joined(address, unescape(href[1])), 300)
            if feed.startswith(("http://", "https://")) and not re.search(r"[<>`|\s]", feed):
                return f" Its feed may be {feed}."
    return ""


def names_in(items: Sequence[Item]) -> set[str]:
    """The names that more than one item has: they identify none."""
    seen: set[str] = set()
    twice: set[str] = set()
    for item in items:
        for name in {item.guid, item.link}:
            (twice if name in seen else seen).add(name)
    return twice
