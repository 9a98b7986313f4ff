"""bioRxiv and medRxiv: `details/{server}/{from}/{to}/{cursor}`, which lists what was posted on the days between.

https://api.biorxiv.org: no key; a page has as many papers as it has (30 or 100), so the next one begins behind those
that came. A new version of a paper is listed on its own day again: only first ones are news.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, date
from http import HTTPStatus
from typing import Any, Final

import structlog

from adapters.feeds.dates import moment_of
from adapters.feeds.http import Answer, FeedClient, RateLimit, json_of
from adapters.feeds.limits import LONGEST_ABSTRACT, LONGEST_TITLE, MOST_AUTHORS
from bot.clocks import Clock
from bot.errors import MALFORMED, SourceError
from bot.papers.dois import doi_of, id_of_doi
from bot.papers.names import read_names, split_names
from bot.papers.paper import Listing, Paper
from bot.papers.sources import SourceName, title_of_source
from bot.papers.store import DayAnswer
from bot.text.readable import readable, readable_text, readable_title, tex_of

MOST_PAGES: Final = 60
PACE: Final = 1.0  # seconds between two requests
_HOSTS: Final = {"biorxiv": "www.biorxiv.org", "medrxiv": "www.medrxiv.org"}

log = structlog.get_logger()


class PreprintServer:
    """Implements `bot.intake.source.Source` for `biorxiv` or `medrxiv`, under whatever name that source has."""

    def __init__(
        self, url: str, server: SourceName, *, name: SourceName, client: FeedClient, clock: Clock, pace: float = PACE
    ) -> None:
        self.name = name
        self._url = url.rstrip("/")
        self._server = server
        self._client = client
        self._clock = clock
        self._pace = RateLimit(pace, rest=600.0)

    async def newest_day(self) -> date | None:
        """Today, by the server's clock where it tells the time: it lists by its own days, and ours may be wrong."""
        now = self._clock.now()
        answer = await self._ask(now.astimezone(UTC).date(), 0)
        _page_of(answer)
        return (answer.sent_at or now).astimezone(UTC).date()

    async def read_day(self, day: date, validator: str | None = None) -> DayAnswer:
        entries: list[Any] = []
        for _ in range(MOST_PAGES):
            page, total = _page_of(await self._ask(day, len(entries)))
            entries += page
            if not page or len(entries) >= total:
                break
        else:
            log.warning("feed.day_cut", source=self.name, day=str(day), pages=MOST_PAGES)
        current = hashlib.sha256(json.dumps(entries).encode()).hexdigest()[:32] if entries else None
        if current is not None and current == validator:
            return DayAnswer(day=day, validator=current, unchanged=True)
        papers: dict[str, Paper] = {}
        skipped = 0
        for entry in entries:
            try:
                if _is_first(entry):
                    paper = self._paper(entry, day)
                    papers.setdefault(paper.id, paper)
            except MALFORMED as error:
                skipped += 1
                log.warning("feed.item_skipped", source=self.name, reason=type(error).__name__)
        listings = tuple(
            Listing(source=self.name, day=day, paper=paper, rank=rank) for rank, paper in enumerate(papers.values(), 1)
        )
        return DayAnswer(day=day, listings=listings, validator=current, skipped=skipped)

    async def _ask(self, day: date, cursor: int) -> Answer:
        """The papers of a day from a place on."""
        url = f"{self._url}/details/{self._server}/{day}/{day}/{cursor}"
        answer = await self._client.get(url, pace=self._pace)
        if answer.status != HTTPStatus.OK:
            raise SourceError(f"{answer.place} answered {answer.outcome}.")
        return answer

    def _paper(self, entry: dict[str, Any], day: date) -> Paper:
        doi = doi_of(entry["doi"])
        title = readable_title(entry["title"], LONGEST_TITLE)
        if doi is None or not title:
            raise ValueError("no DOI or no title")
        page = f"https://{_HOSTS[self._server]}/content/{doi}v1"
        category = readable(str(entry.get("category") or ""), 100)
        return Paper(
            id=id_of_doi(doi),
            doi=doi,
            title=title,
            title_tex=tex_of(entry["title"], LONGEST_TITLE),
            abstract=readable_text(str(entry.get("abstract") or ""), LONGEST_ABSTRACT),
            authors=tuple(read_names(split_names(str(entry.get("authors") or "")))[:MOST_AUTHORS]),
            keywords=(category,) if category else (),
            published_on=_posted(entry.get("date")) or day,
            featured_on=day,
            sources=frozenset({self.name}),
            page_url=page,
            file_url=f"{page}.full.pdf",
            venue=title_of_source(self._server),
        )


def _page_of(answer: Answer) -> tuple[list[Any], int]:
    """What an answer lists, and how many papers the day has in all."""
    document = json_of(answer)
    if not isinstance(document, dict) or not isinstance(document.get("collection"), list):
        raise SourceError(f"{answer.place} sent something else than a list of papers.")
    messages = document.get("messages")
    message = messages[0] if isinstance(messages, list) and messages and isinstance(messages[0], dict) else {}
    total = str(message.get("total", ""))
    return document["collection"], int(total) if re.fullmatch(r"[0-9]{1,9}", total) else 1_000_000


def _posted(text: object) -> date | None:
    found = moment_of(text) if isinstance(text, str) else None
    return found.date() if found else None


def _is_first(entry: dict[str, Any]) -> bool:
    return str(entry.get("version", "1")).strip() in ("1", "")
