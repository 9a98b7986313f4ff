"""What arXiv sends: announcement feeds (RSS) and the answers of its API (Atom), read without trust.

The formats are described at https://info.arxiv.org/help/rss_specifications.html and
https://info.arxiv.org/help/api/user-manual.html.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Final
from xml.etree import ElementTree as ET

import structlog

from adapters.feeds.arxiv.fields import LONGEST_COMMENT, arxiv_categories, author_names
from adapters.feeds.limits import LONGEST_ABSTRACT, LONGEST_TITLE, MOST_AUTHORS, YEARS
from bot.errors import SourceError
from bot.papers.ids import linked_paper_ids, normalize_paper_id
from bot.papers.names import read_names
from bot.papers.paper import Paper
from bot.papers.sources import ARXIV
from bot.text.cleaning import clean_line
from bot.text.readable import readable, readable_text, readable_title, tex_of

log = structlog.get_logger()

MOST_ELEMENTS = 500_000
"""In one answer. A page of 100 papers has some 3,000, a feed of 2,000 papers some 30,000."""
DEEPEST = 30
_PIECE = 65_536

_ATOM: Final = "{http://www.w3.org/2005/Atom}"
_ARXIV: Final = "{http://arxiv.org/schemas/atom}"
_DC: Final = "{http://purl.org/dc/elements/1.1/}"
_OPENSEARCH: Final = "{http://a9.com/-/spec/opensearch/1.1/}"
_HEADING = re.compile(r"\s*arXiv:\S+\s+Announce Type:\s*(?P<kind>[a-z-]+)\s*(?:Abstract:)?", re.IGNORECASE)
_ANNOUNCED: Final = {"new", "cross"}
_ERRORS: Final = "/api/errors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A feed of one category: the papers that are new there, those of other categories last.

    `day` is the day that they were announced on, None for a feed that does not say. `skipped` counts entries that
    were unusable.
    """

    day: date | None
    papers: tuple[Paper, ...]
    skipped: int


@dataclass(frozen=True, slots=True)
class Submission:
    """A paper of the API and when its first version was submitted, which is not when it was announced."""

    paper: Paper
    submitted: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the API's answer: how many papers there are in all, and how many entries are on this page."""

    total: int
    entries: int
    submissions: tuple[Submission, ...]


class ComplaintError(SourceError):
    """The API's own words about a request that it did not like."""


class _UnusableEntryError(ValueError):
    """What an entry lacks."""


def read_announcement(body: bytes, place: str) -> Announcement:
    """Reads a feed; raises `SourceError` for anything that is none."""
    root = _parse(body, place)
    channel = root.find("channel") if root.tag == "rss" else None
    if channel is None:
        raise SourceError(f"{place} sent something else than an announcement feed.")
    items = channel.findall("item")
    # The items' own day comes first: a feed that got stuck still gets a new date every morning.
    days = Counter(filter(None, (_day(item.findtext("pubDate")) for item in items)))
    day = days.most_common(1)[0][0] if days else _day(channel.findtext("pubDate"))
    new: dict[str, Paper] = {}
    cross: dict[str, Paper] = {}
    skipped = 0
    for item in items:
        kind = _kind(item)
        if kind not in _ANNOUNCED:
            continue
        try:
            paper = _announced_paper(item, day if kind == "new" else None)
        except _UnusableEntryError as error:
            skipped += 1
            log.warning("feed.item_skipped", source=ARXIV, place=place, reason=str(error))
            continue
        (new if kind == "new" else cross).setdefault(paper.id, paper)
    # New ones first; a paper that comes as both is new.
    return Announcement(day=day, papers=tuple((new | cross | new).values()), skipped=skipped)


def read_page(body: bytes, place: str) -> Page:
    """Reads an answer of the API; raises `ComplaintError` for one that is an error, whatever its status says."""
    root = _parse(body, place)
    if root.tag != f"{_ATOM}feed":
        raise SourceError(f"{place} sent something else than a list of papers.")
    entries = root.findall(f"{_ATOM}entry")
    for entry in entries:
        if _ERRORS in _text(entry, f"{_ATOM}id"):
            complaint = clean_line(_text(entry, f"{_ATOM}summary"), 200).rstrip(".")
            raise ComplaintError(f"{place} complains: {complaint or 'an error without words'}.")
    submissions = []
    for entry in entries:
        try:
            submissions.append(_submission(entry))
        except _UnusableEntryError as error:
            log.warning("feed.item_skipped", source=ARXIV, place=place, reason=str(error))
    return Page(
        total=_count(_text(root, f"{_OPENSEARCH}totalResults")), entries=len(entries), submissions=tuple(submissions)
    )


class _Builder(ET.TreeBuilder):
    """Builds a tree of a bounded size, and none with a document type: no feed has one, and its entities are bombs."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place
        self._elements = 0
        self._depth = 0

    def doctype(self, _name: str, _public_id: str | None, _system: str | None) -> None:
        raise SourceError(f"{self._place} sent a document type declaration; it was not read.")

    def start(self, tag: str, attrs: dict[str, str], /) -> ET.Element:
        self._elements += 1
        self._depth += 1
        if self._elements > MOST_ELEMENTS or self._depth > DEEPEST:
            raise SourceError(f"{self._place} sent more than any feed has in it; it was not read.")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def _parse(body: bytes, place: str) -> ET.Element:
    builder = _Builder(place)
    parser = ET.XMLParser(target=builder)  # noqa: S314  # the builder refuses what makes this dangerous
    try:
        # In pieces, because the parser goes on to the end of a piece after the builder has refused it.
        for start in range(0, len(body), _PIECE):
            parser.feed(body[start : start + _PIECE])
        root: ET.Element = parser.close()
    except (ET.ParseError, LookupError, ValueError):
        raise SourceError(f"{place} sent an answer that is not XML or is cut short ({len(body)} bytes).") from None
    return root


def _kind(item: ET.Element) -> str:
    said = _text(item, f"{_ARXIV}announce_type").strip()
    if not said and (heading := _HEADING.match(_text(item, "description"))):
        said = heading["kind"]
    return said.lower() or "new"


def _announced_paper(item: ET.Element, published_on: date | None) -> Paper:
    names = [name for creator in item.findall(f"{_DC}creator") for name in author_names(creator.text or "")]
    described = _text(item, "description")
    return _paper(
        paper_id=normalize_paper_id(_text(item, "guid").rpartition(":")[2]) or _linked_id(_text(item, "link")),
        title=_text(item, "title"),
        abstract=described[heading.end() :] if (heading := _HEADING.match(described)) else described,
        authors=names,
        categories=[category.text or "" for category in item.findall("category")],
        published_on=published_on,
    )


def _submission(entry: ET.Element) -> Submission:
    submitted = _moment(_text(entry, f"{_ATOM}published"))
    if submitted is None:
        raise _UnusableEntryError("no date")
    terms = [*entry.iterfind(f"{_ARXIV}primary_category"), *entry.iterfind(f"{_ATOM}category")]
    paper = _paper(
        paper_id=_linked_id(_text(entry, f"{_ATOM}id")),
        title=_text(entry, f"{_ATOM}title"),
        abstract=_text(entry, f"{_ATOM}summary"),
        authors=(name.text or "" for name in entry.iterfind(f"{_ATOM}author/{_ATOM}name")),
        categories=[category.get("term", "") for category in terms],
        published_on=submitted.date(),
        comment=_text(entry, f"{_ARXIV}comment"),
    )
    return Submission(paper, submitted)


def _paper(
    *,
    paper_id: str | None,
    title: str,
    abstract: str,
    authors: Sequence[str] | Iterator[str],
    categories: Sequence[str],
    published_on: date | None,
    comment: str = "",
) -> Paper:
    if not paper_id:
        raise _UnusableEntryError("no arXiv id")
    if not (read := readable_title(title, LONGEST_TITLE)):
        raise _UnusableEntryError("no title")
    return Paper(
        id=paper_id,
        title=read,
        title_tex=tex_of(title, LONGEST_TITLE),
        abstract=readable_text(abstract, LONGEST_ABSTRACT),
        authors=tuple(read_names(islice(authors, MOST_AUTHORS))[:MOST_AUTHORS]),
        categories=arxiv_categories(categories),
        published_on=published_on,
        author_comment=readable(comment, LONGEST_COMMENT),
        sources=frozenset({ARXIV}),
    )


def _linked_id(address: str) -> str | None:
    return next(iter(linked_paper_ids(address)), None)


def _text(element: ET.Element, path: str) -> str:
    return element.findtext(path) or ""


def _count(said: str) -> int:
    return int(said) if re.fullmatch(r"\d{1,9}", said.strip(), re.ASCII) else 0


def _day(said: str | None) -> date | None:
    """The date as it is written there: arXiv's days begin and end in New York."""
    moment = _moment(said or "")
    return moment.date() if moment else None


def _moment(said: str) -> datetime | None:
    """A moment in the form of RSS or of Atom."""
    said = said.strip()
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(said)
        except (ValueError, OverflowError):
            continue
        if moment.year in YEARS:
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
