"""The entries of Hugging Face's Daily Papers, in every shape that they have had since 2024.

Anything but the id may be missing, null or of another type than last year: a field that cannot be used counts as
missing, and only an entry without id or title is refused. Names have changed (`mediaUrl` became `thumbnail` and
`mediaUrls`, `submitterOrganization` became `organization`) and much is said twice, beside `paper` and in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import islice
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from adapters.feeds.limits import LONGEST_ABSTRACT, LONGEST_TITLE, MOST_AUTHORS, YEARS
from adapters.feeds.links import web_link
from bot.papers.ids import normalize_paper_id
from bot.papers.names import LONGEST_NAME, Name, read_names
from bot.papers.paper import Paper
from bot.papers.sources import HUGGINGFACE
from bot.text.cleaning import clean_line
from bot.text.readable import readable, readable_text, readable_title, tex_of

LONGEST_SUMMARY = 2_000
LONGEST_KEYWORD = 100
MOST_KEYWORDS = 100
LARGEST_COUNT = 2**31 - 1


class UnusableEntryError(ValueError):
    """An entry without what makes it a paper. The text says what is wrong with it."""


def _line(limit: int) -> BeforeValidator:
    return BeforeValidator(lambda value: clean_line(value, limit) if isinstance(value, str) else "")


def _readable_line(limit: int) -> BeforeValidator:
    return BeforeValidator(lambda value: readable(value, limit) if isinstance(value, str) else "")


def _title(value: object) -> str:
    """As it was sent: what it says is read when the paper is made, for its TeX is wanted as well."""
    text = value[: 4 * LONGEST_TITLE] if isinstance(value, str) else ""
    return text if clean_line(text, LONGEST_TITLE) else ""


def _abstract(value: object) -> str:
    return readable_text(value, LONGEST_ABSTRACT) if isinstance(value, str) else ""


def _paper_id(value: object) -> str:
    # Never a number: 2604.1303 has lost its last zero.
    found = normalize_paper_id(value) if isinstance(value, str) else None
    if not found:
        raise ValueError("not an arXiv id")
    return found


def _count(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return min(max(value, 0), LARGEST_COUNT)


def _day(value: object) -> date | None:
    """The date in UTC of a moment in any ISO form; of one in another form, its first ten characters if they are one."""
    if not isinstance(value, str):
        return None
    value = value.strip()
    for form in (value, value[:10]):
        try:
            moment = datetime.fromisoformat(form)
        except ValueError:
            continue
        if moment.year not in YEARS:
            return None
        return moment.astimezone(UTC).date() if moment.tzinfo else moment.date()
    return None


def _links(value: object) -> tuple[str, ...]:
    return tuple(filter(None, map(web_link, islice(value, 20)))) if isinstance(value, list) else ()


def _authors(value: object) -> tuple[Name, ...]:
    """The names in their order, less those who asked to be hidden."""

    def names() -> Iterator[str]:
        for author in value if isinstance(value, list) else ():
            # Whatever is said about hiding but a plain no counts as a yes.
            if isinstance(author, dict) and author.get("hidden") in (None, False):
                name = author.get("name")
                if isinstance(name, str):
                    yield name

    return tuple(read_names(islice(names(), MOST_AUTHORS))[:MOST_AUTHORS])


def _keywords(value: object) -> tuple[str, ...]:
    words = (readable(word, LONGEST_KEYWORD) for word in _list(value) if isinstance(word, str))
    return tuple(dict.fromkeys(islice(filter(None, words), MOST_KEYWORDS)))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: object) -> object:
    return value if isinstance(value, dict) else {}


Title = Annotated[str, BeforeValidator(_title)]
Handle = Annotated[str, _line(LONGEST_NAME)]
Abstract = Annotated[str, BeforeValidator(_abstract)]
Count = Annotated[int, BeforeValidator(_count)]
Day = Annotated[date | None, BeforeValidator(_day)]
Link = Annotated[str, BeforeValidator(web_link)]
Links = Annotated[tuple[str, ...], BeforeValidator(_links)]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Account(_Shape):
    """A person or an organisation: `user` is the older word for `name`, the short one that is part of addresses."""

    name: Handle = ""
    user: Handle = ""
    fullname: Annotated[str, _readable_line(LONGEST_NAME)] = ""

    @property
    def handle(self) -> str:
        return self.name or self.user or self.fullname


Account = Annotated[_Account, BeforeValidator(_object)]
_NOBODY = _Account()


class _Paper(_Shape):
    id: Annotated[str, BeforeValidator(_paper_id)]
    title: Title = ""
    summary: Abstract = ""
    authors: Annotated[tuple[Name, ...], BeforeValidator(_authors)] = ()
    published: Day = Field(None, alias="publishedAt")
    submitted: Day = Field(None, alias="submittedOnDailyAt")
    submitter: Account = Field(_NOBODY, alias="submittedOnDailyBy")
    upvotes: Count = 0
    ai_summary: Annotated[str, _readable_line(LONGEST_SUMMARY)] = ""
    ai_keywords: Annotated[tuple[str, ...], BeforeValidator(_keywords)] = ()
    code: Link = Field("", alias="githubRepo")
    stars: Count = Field(0, alias="githubStars")
    project: Link = Field("", alias="projectPage")
    organization: Account = _NOBODY
    old_organization: Account = Field(_NOBODY, alias="submitterOrganization")


class DailyPaper(_Shape):
    """One entry of a day's list. Make it with `parse`."""

    paper: _Paper
    title: Title = ""
    summary: Abstract = ""
    published: Day = Field(None, alias="publishedAt")
    thumbnail: Link = ""
    old_thumbnail: Link = Field("", alias="mediaUrl")
    media: Links = Field((), alias="mediaUrls")
    comments: Count = Field(0, alias="numComments")
    submitter: Account = Field(_NOBODY, alias="submittedBy")
    organization: Account = _NOBODY
    old_organization: Account = Field(_NOBODY, alias="submitterOrganization")

    @classmethod
    def parse(cls, entry: object) -> Self:
        """Reads an entry as JSON has it; raises `UnusableEntryError` for one that cannot be a paper."""
        try:
            return cls.model_validate(entry)
        except ValidationError as error:
            # Without the input, which may be long and is never to be trusted.
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise UnusableEntryError(f"{where}: {first['msg']}" if where else first["msg"]) from None

    @model_validator(mode="after")
    def _has_a_title(self) -> Self:
        if not (self.title or self.paper.title):
            raise ValueError("no title")
        return self

    @property
    def latest_day(self) -> date | None:
        """The day that it was listed on, or where it does not say (before 2025-03) the latest day that it mentions."""
        return self.paper.submitted or max(filter(None, (self.published, self.paper.published)), default=None)

    def to_paper(self, featured_on: date | None) -> Paper:
        inner = self.paper
        submitter = self.submitter if self.submitter.handle else inner.submitter
        organizations = (self.organization, inner.organization, self.old_organization, inner.old_organization)
        organization = next((account for account in organizations if account.handle), _NOBODY)
        return Paper(
            id=inner.id,
            # The outer title is the source's; the inner one has lost its LaTeX: "LLMtimesMapReduce".
            title=readable_title(self.title or inner.title, LONGEST_TITLE),
            title_tex=tex_of(self.title or inner.title, LONGEST_TITLE),
            abstract=inner.summary or self.summary,
            authors=inner.authors,
            keywords=inner.ai_keywords,
            summary=inner.ai_summary,
            published_on=inner.published,
            featured_on=featured_on,
            sources=frozenset({HUGGINGFACE}),
            upvotes=inner.upvotes,
            comments=self.comments,
            stars=inner.stars,
            submitter=submitter.handle,
            organization=organization.handle,
            organization_name=organization.fullname or organization.handle,
            code_url=inner.code,
            project_url=inner.project,
            thumbnail_url=self.thumbnail or self.old_thumbnail or next(filter(_is_image, self.media), ""),
        )


def _is_image(link: str) -> bool:
    """Uploads are pictures and films; only the former can stand for a paper."""
    return urlsplit(link).path.lower().endswith((".png", ".jpg", ".jpeg", ".gif", ".webp"))
