"""Papers: what every source says about a work, merged under one arXiv id without version."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from bot.errors import UserError


class SourceName(StrEnum):
    """The feeds of papers that the bot can read."""

    HUGGINGFACE = "huggingface"
    ARXIV = "arxiv"


#: What people call them.
SOURCE_NAMES = {SourceName.HUGGINGFACE: "Hugging Face", SourceName.ARXIV: "arXiv"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One work. Text is as the source wrote it, less control characters and odd white space; it is never trusted.

    `categories` are arXiv's, the primary one first. `organization` is the short name that a query says,
    `organization_name` the one that people read. `upvotes`, `comments` and `stars` are the latest known numbers, and so
    are the `models`, `datasets` and `spaces` that Hugging Face links to it.
    `featured_on` is the first day a source listed it, `published_on` the day its authors published it.
    """

    id: str
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
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

    @property
    def abstract_url(self) -> str:
        return f"https://arxiv.org/abs/{self.id}"

    @property
    def pdf_url(self) -> str:
        return f"https://arxiv.org/pdf/{self.id}"

    @property
    def huggingface_url(self) -> str:
        return f"https://huggingface.co/papers/{self.id}"

    @property
    def url(self) -> str:
        """Where the paper is read and discussed: Hugging Face if it was featured there, else arXiv."""
        return self.huggingface_url if SourceName.HUGGINGFACE in self.sources else self.abstract_url

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


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPaper:
    """A paper as the store holds it.

    `listed_at` is when a watched source first showed it to us, `listed_change` the store's change number of that
    moment. Papers that were only imported or looked up have neither: they are searchable but news to nobody.
    `revision` grows with every change of the paper.
    """

    paper: Paper
    listed_at: datetime
    listed_change: int
    revision: int


def merge(known: Paper, news: Paper) -> Paper:
    """What is known of a paper after another answer about it.

    The newer answer wins wherever it says something; what it leaves empty stays as it was, because sources drop
    fields for a day and bring them back. Exceptions: the longer author list wins (Daily Papers hides some authors),
    the first day featured stays, arXiv's own categories stay once known, and sources add up.
    """
    if known.id != news.id:
        raise ValueError(f"cannot merge {news.id} into {known.id}")
    numbers_known = SourceName.HUGGINGFACE in news.sources
    days = [day for day in (known.featured_on, news.featured_on) if day]
    return replace(
        known,
        title=news.title or known.title,
        abstract=news.abstract or known.abstract,
        authors=news.authors if len(news.authors) >= len(known.authors) else known.authors,
        categories=news.categories or known.categories,
        keywords=news.keywords or known.keywords,
        summary=news.summary or known.summary,
        published_on=known.published_on or news.published_on,
        featured_on=min(days) if days else None,
        sources=known.sources | news.sources,
        upvotes=news.upvotes if numbers_known else known.upvotes,
        comments=news.comments if numbers_known else known.comments,
        stars=news.stars or known.stars,
        models=news.models or known.models,
        datasets=news.datasets or known.datasets,
        spaces=news.spaces or known.spaces,
        submitter=known.submitter or news.submitter,
        organization=news.organization or known.organization,
        organization_name=news.organization_name or known.organization_name,
        code_url=news.code_url or known.code_url,
        project_url=news.project_url or known.project_url,
        thumbnail_url=news.thumbnail_url or known.thumbnail_url,
        author_comment=news.author_comment or known.author_comment,
    )


# https://info.arxiv.org/help/arxiv_identifier.html: since 2007-04 YYMM.NNNN, since 2015-01 five digits; before,
# archive(.subject-class)/YYMMNNN. A version may follow.
_NEW_ID = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD_ID = r"(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.[A-Za-z]{2})?/(?P<number>\d{2}(?:0[1-9]|1[0-2])\d{3})"
_ID = re.compile(rf"(?:(?P<id>{_NEW_ID})|{_OLD_ID})(?:v\d+)?", re.ASCII)
_HOSTS = re.compile(
    r"(?:https?://)?(?:www\.|export\.|browse\.)?"
    r"(?:arxiv\.org/(?:abs|pdf|html|ps|format)|huggingface\.co/papers|hf\.co/papers|alphaxiv\.org/abs)/",
    re.ASCII | re.IGNORECASE,
)


def _id_of(found: re.Match[str]) -> str:
    return found["id"] or f"{found['archive']}/{found['number']}"


def normalize_paper_id(text: str) -> str | None:
    """The arXiv id when `text` is nothing but one (`2604.13035v2`, `arXiv:math.GT/0309136`).

    Without version and subject class, which name the same paper.
    """
    text = text.strip()
    if text[:6].lower() == "arxiv:":
        text = text[6:].strip()
    found = _ID.fullmatch(text)
    return _id_of(found) if found else None


def parse_paper_id(text: str) -> str:
    """The id of the paper that a person names by id or by link.

    Raises `UserError` when there is none in the text.
    """
    text = text.strip().strip("<>").rstrip(".,;:!")  # copied with the end of its sentence
    link = _HOSTS.match(text)
    if link:
        found = _ID.match(text, link.end())
        rest = text[found.end() :] if found else ""
        if found and re.fullmatch(r"(?:\.pdf)?/?(?:[?#].*)?", rest, re.DOTALL):
            return _id_of(found)
    elif paper_id := normalize_paper_id(text):
        return paper_id
    shown = text if len(text) <= 60 else text[:59] + "…"
    raise UserError(
        f"“{shown}” is not a paper that I can find. Write an arXiv id like `2604.13035`, "
        "or a link to arxiv.org or huggingface.co/papers."
    )


def linked_paper_ids(text: str) -> list[str]:
    """The ids of all papers that a text links to, in their order, each once."""
    ids: Iterable[str] = (
        _id_of(found) for link in _HOSTS.finditer(text) if (found := _ID.match(text, link.end())) is not None
    )
    return list(dict.fromkeys(ids))
