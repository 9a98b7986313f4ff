"""Papers: what every source says about a work, merged under one id: arXiv's without version, else its DOI's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.papers.dois import id_of_doi, link_to_doi
from bot.papers.ids import is_arxiv_id
from bot.papers.names import Name
from bot.papers.sources import HUGGINGFACE, SourceName


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One work. Text is readable (`bot.text.readable`) since the source's answer was taken in; it is never trusted.

    `title_tex` is the title as TeX, where the source wrote it so and it differs.
    `categories` are arXiv's, the primary one first. `organization` is the short name that a query says,
    `organization_name` the one that people read. `upvotes`, `comments` and `stars` are the latest known numbers, and so
    are the `models`, `datasets` and `spaces` that Hugging Face links to it.
    `doi` is in small letters; arXiv's own is none. `other_ids` are what else it was known as, and no other paper is.
    `page_url`, `file_url` and `venue` (a journal, a server) are where other sources than arXiv show it and its PDF.
    `featured_on` is the first day a source listed it, `published_on` the day its authors published it.
    """

    id: str
    title: str
    title_tex: str = ""
    abstract: str = ""
    authors: tuple[Name, ...] = ()
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    summary: str = ""
    published_on: date | None = None
    featured_on: date | None = None
    sources: frozenset[SourceName] = frozenset()
    upvotes: int = 0
    comments: int = 0
    stars: int = 0
    models: int = 0
    datasets: int = 0
    spaces: int = 0
    submitter: str = ""
    organization: str = ""
    organization_name: str = ""
    code_url: str = ""
    project_url: str = ""
    thumbnail_url: str = ""
    author_comment: str = ""
    doi: str = ""
    other_ids: tuple[str, ...] = ()
    page_url: str = ""
    file_url: str = ""
    venue: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids that name it, its own first."""
        doi = (id_of_doi(self.doi),) if self.doi else ()
        return tuple(dict.fromkeys((self.id, *doi, *self.other_ids)))

    @property
    def is_on_arxiv(self) -> bool:
        return is_arxiv_id(self.id)

    @property
    def abstract_url(self) -> str:
        """Its page: arXiv's, else that of the source, else where its DOI leads."""
        if self.is_on_arxiv:
            return f"https://arxiv.org/abs/{self.id}"
        return self.page_url or (link_to_doi(self.doi) if self.doi else "")

    @property
    def pdf_url(self) -> str:
        """Its PDF, empty where none is known."""
        return f"https://arxiv.org/pdf/{self.id}" if self.is_on_arxiv else self.file_url

    @property
    def huggingface_url(self) -> str:
        return f"https://huggingface.co/papers/{self.id}"

    @property
    def url(self) -> str:
        """Where the paper is read and discussed: Hugging Face if it was featured there, else arXiv."""
        return self.huggingface_url if HUGGINGFACE in self.sources else self.abstract_url

    @property
    def day(self) -> date | None:
        """The day that `date:`, `after:` and `before:` mean: featured, else published."""
        return self.featured_on or self.published_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A source featured a paper on a day (a date in UTC). `rank` is the place in that day's list, from 1."""

    source: SourceName
    day: date
    paper: Paper
    rank: int


@dataclass(frozen=True, slots=True)
class FirstListing:
    """When a watched source first showed a paper to us, and the store's change number of that moment."""

    at: datetime
    change: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPaper:
    """A paper as the store holds it.

    `first` is its first listing by any source, `by_source` has the first one by each. Papers that were only imported or
    looked up have none: they are searchable but news to nobody. `revision` grows with every change of the paper, and
    when another source lists it.
    """

    paper: Paper
    first: FirstListing
    by_source: Mapping[SourceName, FirstListing]
    revision: int

    def listed_by(self, sources: frozenset[SourceName] | None) -> FirstListing | None:
        """The first listing by one of these sources (None for any), None where none of them listed it."""
        if sources is None:
            return self.first
        first = None
        for source in sources:
            listing = self.by_source.get(source)
            if listing is not None and (first is None or listing.change < first.change):
                first = listing
        return first


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRecord:
    """What is stored of how a paper came to us.

    `stored` is None for one that was only imported or looked up. `listings` are the days on which sources featured it,
    `is_matched` says that topics have seen it as it is now.
    """

    paper: Paper
    stored: StoredPaper | None
    listings: tuple[tuple[SourceName, date], ...]
    is_matched: bool
