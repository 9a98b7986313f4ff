"""Items of feeds as papers: what identifies them, and what they say in readable form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from adapters.feeds.limits import LONGEST_ABSTRACT, LONGEST_TITLE, MOST_AUTHORS
from adapters.feeds.links import web_link
from adapters.feeds.syndication.items import FeedDocument, Item, names_in
from bot.papers.dois import doi_in_link, doi_of, id_of_doi
from bot.papers.ids import feed_id, id_for_doi, is_arxiv_id, linked_paper_ids, paper_id_of
from bot.papers.names import read_names, split_names
from bot.papers.paper import Paper
from bot.papers.sources import SourceName
from bot.text.readable import readable, readable_text, readable_title, tex_of

MOST_KEYWORDS: Final = 20
_LONGEST_KEYWORD: Final = 100  # characters
_LONGEST_VENUE: Final = 120
_ARXIV_NAME = re.compile(r"(?:oai:)?arxiv(?:\.org)?:", re.IGNORECASE)
#: What says from where somebody came, not where they are.
_TRACKING = re.compile(r"utm_.*|rss|ref|source|af|fbclid|gclid|ftcamp|error|mc_[ce]id", re.IGNORECASE)


def papers_of(document: FeedDocument, source: SourceName, address: str, now: datetime) -> tuple[list[Paper], int]:
    """The papers of a feed, each once, in its order; and how many items were unusable."""
    ambiguous = names_in(document.items)
    papers: dict[str, Paper] = {}
    skipped = 0
    for item in document.items:
        title = readable_title(item.title, LONGEST_TITLE)
        page = web_link(item.link) or web_link(document.page) or web_link(address)
        if not title or not (item.names or item.published):
            skipped += 1
            continue
        own = _own_id(item, title, address, ambiguous)
        paper_id, doi = _ids_of(item.names, own)
        published = item.published.date() if item.published and item.published <= now + timedelta(days=1) else None
        paper = Paper(
            id=paper_id,
            doi=doi,
            other_ids=(own,) if own != paper_id else (),
            title=title,
            title_tex=tex_of(item.title, LONGEST_TITLE),
            abstract=readable_text(item.summary, LONGEST_ABSTRACT),
            authors=tuple(read_names(_names(item.authors))[:MOST_AUTHORS]),
            keywords=_keywords(item.subjects),
            published_on=published,
            sources=frozenset({source}),
            page_url=page,
            file_url=web_link(item.file),
            venue=readable(item.venue, _LONGEST_VENUE),
        )
        papers.setdefault(paper_id, paper)
    return list(papers.values()), skipped


def _ids_of(names: Iterable[str], own: str) -> tuple[str, str]:
    """The paper's id, and its DOI: arXiv's id goes before a DOI, and that before what only the feed has."""
    doi = ""
    for name in names:
        found = linked_paper_ids(name) or ([named] if _ARXIV_NAME.match(name) and (named := paper_id_of(name)) else [])
        if found and is_arxiv_id(found[0]):
            return found[0], doi
        doi = doi or doi_of(name) or doi_in_link(name) or ""
    if doi and is_arxiv_id(paper_id := id_for_doi(doi)):
        return paper_id, ""
    return (id_of_doi(doi), doi) if doi else (own, "")


def _own_id(item: Item, title: str, address: str, ambiguous: set[str]) -> str:
    """The id from the feed's own name for the item: its GUID, else its page, else its title, whichever is unique."""
    for name in (item.guid, item.link):
        if name and name not in ambiguous:
            return feed_id(_normal(name) if name.startswith(("http://", "https://")) else f"{address}\n{name}")
    return feed_id(f"{address}\n{item.link}\n{title}\n{item.published}")


def _normal(link: str) -> str:
    """An address without what differs from one feed to another that names the same page."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return link
    query = urlencode([pair for pair in parse_qsl(parts.query) if not _TRACKING.fullmatch(pair[0])])
    return urlunsplit(("https", parts.netloc.lower().removeprefix("www."), parts.path.rstrip("/"), query, ""))


def _names(authors: Sequence[str]) -> list[str]:
    """One entry a person: many feeds put all of them into one."""
    if len(authors) == 1 and re.search(r"[,;]|\band\b|&", authors[0]):
        return split_names(authors[0])
    return list(authors[:MOST_AUTHORS])


def _keywords(subjects: Iterable[str]) -> tuple[str, ...]:
    words = (readable(subject, _LONGEST_KEYWORD) for subject in subjects)
    return tuple(dict.fromkeys(filter(None, words)))[:MOST_KEYWORDS]
